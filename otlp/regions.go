package otlp

import (
	"cmp"

	"github.com/trace2otel/trace2otel/convert"
)

// region begins and ends a region.
func (s *Sink) region(r *convert.Record) {
	g := s.goroutineOf(r.G)
	switch {
	case g == nil:
	case r.Phase == convert.Begin:
		s.beginRegion(g, r)
	default:
		if sc, ok := g.regions.Pop(r.ID); ok {
			s.endRegion(sc, r)
		} else {
			s.earlyRegion(g, r)
		}
	}
}

func (s *Sink) beginRegion(g *goroutine, r *convert.Record) {
	parent, in := s.home(g, r.Parent)
	id := s.regionID(r)
	t := s.tasks.open(r.Parent)
	sc := s.push(g, t, r.Start)
	sc.region, sc.id, sc.in = true, r.Parent, in
	g.regions.Push(r.ID, sc)
	sc.node = parent
	if sc.kept = in != viewNone && sc.mine.begin(parent, id, r.Start); sc.kept {
		sc.node = &sc.mine
	}
}

func (s *Sink) endRegion(sc *scope, r *convert.Record) {
	g := sc.g
	g.account.At(&s.world, r.Time, &s.now)
	s.claim(sc, &s.now)
	if t := sc.task; t != nil {
		sc.detach(&s.now)
		t.credit(sc)
	}
	if !sc.kept {
		s.fold(sc.node, r)
	} else {
		s.compose(sc.node, cmp.Or(r.Name, "region"), kindRegion, r.Time)
		s.now.Sub(&sc.start)
		s.regionAttrs(r)
		s.finish(sc.node)
	}
	s.remove(sc)
}

// earlyRegion takes a region begun before the trace, of which nothing told before
// it ends.
func (s *Sink) earlyRegion(g *goroutine, r *convert.Record) {
	parent, in := s.home(g, r.Parent)
	id := s.regionID(r)
	if t := s.tasks.open(r.Parent); t != nil {
		s.creditEarly(t, g, r.Time)
	}
	if in == viewNone {
		s.fold(parent, r)
		return
	}
	if s.leaf(parent, id, r, cmp.Or(r.Name, "region"), kindRegion) {
		g.account.At(&s.world, r.Time, &s.now)
		s.regionAttrs(r)
		s.finishLeaf(parent, r)
	}
}

// creditEarly gives t the time of g, up to now, in a region of it that was around
// all that was seen of g: less what the tree of t has of it already.
func (s *Sink) creditEarly(t *task, g *goroutine, now convert.Time) {
	g.account.At(&s.world, now, &s.now)
	t.own.Add(&s.now)
	for i, sc := 0, g.top; sc != nil && i < maxScopes; i, sc = i+1, sc.below {
		if sc.pending() && sc.task.root == t.root {
			if own := sc.claimTime(0, t, &s.now); own != nil {
				t.own.Remove(own)
			}
		}
	}
	given := g.early.of(t.root)
	t.own.Remove(given)
	given.Set(&s.now)
}

// regionID returns an id for the region that r is the first to tell of. Clocks
// are coarse, and several can begin on a goroutine at one time: they are counted.
func (s *Sink) regionID(r *convert.Record) spanID {
	s.regions++
	return s.ids.span(idRegion, uint64(r.G), s.regions)
}

// regionAttrs adds the attributes of a region, of which s.now is the time.
func (s *Sink) regionAttrs(r *convert.Record) {
	if r.Parent != convert.NoTask {
		s.span.int(attrTask, int64(r.Parent))
	}
	s.span.int(attrGoroutine, int64(r.G))
	if r.By != convert.NoGoroutine {
		s.span.int(attrEndedBy, int64(r.By))
	}
	s.times(&s.own, &s.now)
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
}

// home returns the node of what a region or log of g lies in, and in which
// view: the innermost region or task on g if it has no task, or is of a task
// that was forgotten; else the innermost region of its task on g, or the task.
func (s *Sink) home(g *goroutine, task uint64) (*node, view) {
	if task == convert.NoTask && g.top != nil {
		return g.top.node, g.top.in
	}
	if task != convert.NoTask {
		for i, sc := 0, g.top; sc != nil && i < maxScopes; i, sc = i+1, sc.below {
			if sc.id == task {
				return sc.node, sc.in
			}
		}
		if t := s.taskOf(task); t != nil {
			return t.node, viewTask
		}
	}
	if g.node != nil {
		return g.node, viewGoroutine
	}
	return &s.run.node, viewNone
}

// log adds a log to the span in which it lies.
func (s *Sink) log(r *convert.Record) {
	n := &s.run.node
	if g := s.goroutineOf(r.G); g != nil {
		g.noteLog(r)
		n, _ = s.home(g, r.ID)
	} else if t := s.taskOf(r.ID); t != nil {
		n = t.node
	}
	text := r.Text
	if id, ok := datadogSpan(r); ok {
		if t := s.tasks.open(r.ID); t != nil && t.kept {
			t.origin = t.origin.withDatadog(id)
		}
		text = id
	}
	s.addLog(n, event{at: s.at(r.Time), name: utf8Text(cmp.Or(r.Name, "log")), message: utf8Text(text), task: r.ID})
}
