package otlp

import (
	"math"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// A collector is the garbage collector: an OpenTelemetry trace with a span for
// each cycle, in parts if they do not fit into one.
type collector struct {
	node        // root of the current part
	begun  bool // there is one: something was collected
	part   int
	cycles int64
	last   convert.Time

	cycle *cycle // the latest of the part, open or not

	collected // outside of cycles, and all of those that are written
}

// A cycle is a GC cycle. Its span is written when the next cycle begins: what
// it marked is swept until then.
type cycle struct {
	node
	end convert.Record // of it; zero while it is open
	collected
	tasksAssisted int64
	tasksStopped  int64
	assistedBy    taskLinks
	stopped       taskLinks
}

// taskLinks are links to tasks: so many that are there, and those beyond counted.
type taskLinks struct {
	links []link
	more  int64
}

// add adds a link, unless it is to a span that has one: several tasks can have one
// span, if there was no room for more.
func (l *taskLinks) add(to ref, why string) {
	switch {
	case slices.ContainsFunc(l.links, func(o link) bool { return o.ref == to }):
	case len(l.links) < maxTaskLinks:
		l.links = append(l.links, link{to, why})
	default:
		l.more++
	}
}

// taskLinks returns the links of c to tasks, half of them to those that assisted
// and half to those that were stopped, if there are so many, and how many there
// are beyond.
func (c *cycle) taskLinks() (links []link, more int64) {
	a, b := &c.assistedBy, &c.stopped
	n := min(len(a.links), max(maxTaskLinks/2, maxTaskLinks-len(b.links)))
	m := min(len(b.links), maxTaskLinks-n)
	return slices.Concat(a.links[:n], b.links[:m]), a.more + b.more + int64(len(a.links)-n+len(b.links)-m)
}

// collected is what goroutines do for the collector.
type collected struct {
	assists   total
	sweeps    total
	swept     int64 // bytes
	reclaimed int64
}

type total struct{ n, ns int64 }

func (t *total) add(u total) { t.n += u.n; account.Plus(&t.ns, u.ns) }

func (c *collected) add(d *collected) {
	c.assists.add(d.assists)
	c.sweeps.add(d.sweeps)
	account.Plus(&c.swept, d.swept)
	account.Plus(&c.reclaimed, d.reclaimed)
}

func (c *collected) attrs(s *span) {
	s.some(attrAssists, c.assists.n)
	s.some(attrAssistTime, c.assists.ns)
	s.some(attrSweeps, c.sweeps.n)
	s.some(attrSweepTime, c.sweeps.ns)
	s.some(attrSweptBytes, c.swept)
	s.some(attrReclaimedBytes, c.reclaimed)
}

// maxTaskLinks bounds the links from a cycle or a stop to tasks.
const maxTaskLinks = 32

// isGC reports whether the reason of a stop is the garbage collector's
// (runtime/proc.go: stwReasonStrings).
func isGC(reason string) bool { return strings.HasPrefix(reason, "GC ") }

// collectorAt returns the collector, with a root, which it makes if there is
// none yet.
func (s *Sink) collectorAt(t convert.Time) *collector {
	c := &s.gc
	if !c.begun {
		c.begun = true
		c.part++
		s.root(&c.node, s.ids.root(idGC, "", uint64(c.part)), t, s.limits.room())
		c.last = t
	}
	c.start = min(c.start, t)
	return c
}

// cycle begins and ends a GC cycle.
func (s *Sink) cycle(r *convert.Record) {
	if s.o.Detail >= DetailTasks {
		return
	}
	if r.Phase != convert.Begin {
		if c := s.gc.cycle; c != nil {
			c.end = *r
			s.gc.last = max(s.gc.last, r.Time)
		}
		return
	}
	s.finishCycle()
	gc := s.collectorAt(r.Start)
	each, ok := s.limits.cycle(gc.space)
	if fresh := s.limits.room(); !ok && gc.space.bytes < fresh.bytes-wholePromise {
		s.finishGC()
		gc = s.collectorAt(r.Start)
		each, _ = s.limits.cycle(gc.space)
	}
	gc.space.spans -= each.spans
	gc.space.bytes -= each.bytes
	gc.cycles++
	c := new(cycle)
	c.share(&gc.node, s.ids.span(idCycle, r.ID), r.Start, each)
	gc.cycle = c
}

// finishCycle writes the latest cycle, if there is one, and leaves the room that
// it did not use to those after it.
func (s *Sink) finishCycle() {
	c := s.gc.cycle
	if c == nil {
		return
	}
	s.gc.cycle = nil
	s.gc.add(&c.collected)
	s.compose(&c.node, "GC cycle", kindCycle, c.end.Time)
	s.span.int(attrCycle, int64(c.end.ID))
	c.collected.attrs(&s.span)
	s.span.some(attrTasksAssisted, c.tasksAssisted)
	s.span.some(attrTasksStopped, c.tasksStopped)
	s.stacks.stack(&s.span, c.end.Stack)
	s.span.flags(c.end.Flags)
	links, more := c.taskLinks()
	c.folded.links += more
	s.span.links = append(s.span.links, links...)
	s.finish(&c.node)
	s.gc.space.spans += c.space.spans
	s.gc.space.bytes += c.space.bytes
}

// mark writes a mark phase, below its cycle.
func (s *Sink) mark(r *convert.Record) {
	c := s.gc.cycle
	if r.Phase != convert.End || c == nil {
		return
	}
	if s.leaf(&c.node, s.ids.span(idMark, r.ID), r, "mark phase", kindMark) {
		s.span.int(attrCycle, int64(r.ID))
		s.span.flags(r.Flags)
		s.finishLeaf(&c.node, r)
	}
}

// assist keeps the account of a goroutine that assists, adds up mark assists
// for the cycle in which they begin and end, or the latest, and writes those that
// are long below it. One that began in a cycle before is the collector's.
func (s *Sink) assist(r *convert.Record) {
	g := s.goroutineOf(r.G)
	if g != nil {
		g.account.Add(&s.world, r)
	}
	if r.Phase != convert.End || s.o.Detail >= DetailTasks {
		return
	}
	gc := s.collectorAt(r.Start)
	gc.last = max(gc.last, r.Time)
	n, sums := &gc.node, &gc.collected
	if c := gc.cycle; c != nil && r.Start >= c.start {
		n, sums = &c.node, &c.collected
		if g != nil {
			s.linkAssist(c, g.innermostTask())
		}
	}
	sums.assists.add(total{1, int64(r.Duration())})
	if r.Duration() < s.minWait || s.o.Detail >= DetailGoroutines || !s.leaf(n, s.stateID(idAssist, r), r, "GC mark assist", kindAssist) {
		return
	}
	s.span.int(attrGoroutine, int64(r.G))
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	s.span.link(s.refOf(g), linkDoer)
	s.finishLeaf(n, r)
}

// linkAssist links a cycle to a task that assisted it, if any, once.
func (s *Sink) linkAssist(c *cycle, t *task) {
	if t == nil || t.assisted == c.number() {
		return
	}
	t.assisted = c.number()
	c.tasksAssisted++
	c.assistedBy.add(t.ref, linkAssisted)
}

// number identifies a cycle: its span's start does.
func (c *cycle) number() uint64 { return uint64(c.start) + 1 }

// sweep adds up a sweep: there are too many for spans.
func (s *Sink) sweep(r *convert.Record) {
	if r.Phase != convert.End || s.o.Detail >= DetailTasks {
		return
	}
	gc := s.collectorAt(r.Start)
	gc.last = max(gc.last, r.Time)
	sums := &gc.collected
	if gc.cycle != nil {
		sums = &gc.cycle.collected
	}
	sums.sweeps.add(total{1, int64(r.Duration())})
	account.Plus(&sums.swept, int64(min(r.ID, math.MaxInt64)))
	account.Plus(&sums.reclaimed, int64(min(r.Parent, math.MaxInt64)))
}

// finishGC writes the root of the current part, if there is one.
func (s *Sink) finishGC() {
	s.finishCycle()
	c := &s.gc
	if !c.begun {
		return
	}
	s.compose(&c.node, "garbage collection", kindGC, c.last)
	s.span.int(attrPart, int64(c.part))
	s.span.int(attrCycles, c.cycles)
	c.collected.attrs(&s.span)
	s.finish(&c.node)
	*c = collector{part: c.part}
}
