package otlp

import "github.com/trace2otel/trace2otel/convert"

// stopTheWorld writes a stop: the garbage collector's below its cycle, others
// below the run.
func (s *Sink) stopTheWorld(r *convert.Record) {
	s.world.Add(r)
	if r.Phase != convert.End || s.o.Detail >= DetailTasks {
		return
	}
	s.stops++
	parent, c := &s.run.node, s.gc.cycle
	if c != nil && c.end.Phase == 0 && isGC(r.Name) {
		parent = &c.node
	} else {
		c = nil
	}
	links, tasks := s.stoppedTasks(c)
	if !s.leaf(parent, s.ids.span(idSTW, uint64(r.G), s.stops), r, "stop the world", kindSTW) {
		return
	}
	s.span.text(attrReason, r.Name)
	if r.Flags&convert.Stopped != 0 {
		s.span.int(attrSTWStopping, int64(r.ID))
		s.span.int(attrSTWStopped, int64(r.Duration())-int64(r.ID))
	}
	s.span.int(attrGoroutine, int64(r.G))
	s.span.some(attrTasksStopped, tasks)
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	parent.folded.links += links.more
	s.span.links = append(s.span.links, links.links...)
	s.finishLeaf(parent, r)
}

// stoppedTasks finds the tasks that the stop that ends keeps from running:
// those in which a goroutine is runnable. It links the cycle to them, once for
// each; without one it returns the links, and how many tasks there are.
func (s *Sink) stoppedTasks(c *cycle) (links taskLinks, tasks int64) {
	mark := s.stops
	if c != nil {
		mark = c.number()<<1 | 1
	} else {
		mark <<= 1
	}
	for _, g := range s.tasked {
		t := g.innermostTask()
		if g.state != convert.StateRunnable || t == nil || t.stopped == mark {
			continue
		}
		t.stopped = mark
		if c == nil {
			tasks++
			links.add(t.ref, linkStopped)
		} else {
			c.tasksStopped++
			c.stopped.add(t.ref, linkStopped)
		}
	}
	return links, tasks
}
