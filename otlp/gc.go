package otlp

import (
	"strings"

	"github.com/trace2otel/trace2otel/convert"
)

// A collector is the garbage collector: an OpenTelemetry trace with a span for
// each cycle, another every cyclesPerPart.
type collector struct {
	*node  // root of the current part; nil before anything was collected
	part   int
	left   int // cycles that the part still takes
	cycles int64
	last   convert.Time

	cycle  *cycle // that is open
	latest *cycle // open or not; its span is written when the next one begins
	stops  bool   // the stop of the world under way, or the last, is the GC's

	assists   total
	sweeps    total
	swept     int64 // bytes
	reclaimed int64
}

type total struct{ n, ns int64 }

func (t *total) add(u total) { t.n += u.n; t.ns += u.ns }

// A cycle is a GC cycle, with the sweeps and assists up to the next.
type cycle struct {
	*node
	number    uint64
	end       convert.Record // zero while it is open
	assists   total
	sweeps    total
	swept     int64
	reclaimed int64
}

// cyclesPerPart leaves each cycle room for a handful of children.
const cyclesPerPart = 500

func (l limits) cyclesPerPart() int {
	return max(1, min(cyclesPerPart, l.spans/5, l.bytes/2/promise))
}

// isGC reports whether the reason of a stop is the garbage collector's
// (runtime/proc.go: stwReasonStrings).
func isGC(reason string) bool { return strings.HasPrefix(reason, "GC ") }

// collectorAt returns the collector's root, making it if there is none yet.
func (s *Sink) collectorAt(t convert.Time) *collector {
	c := &s.gc
	if c.node == nil {
		c.part++
		n := uint64(c.part)
		c.node = s.root(s.ids.trace(idGC, "", n), s.ids.span(idGC, "", n), t)
		c.left = s.limits.cyclesPerPart()
		for range c.left {
			s.limits.insist(c.ref.trace)
		}
		c.last = t
		s.addLink(s.run.node, c.ref, linkPart)
	}
	c.start = min(c.start, t)
	return c
}

// cycle begins and ends a GC cycle.
func (s *Sink) cycle(r *convert.Record) {
	if s.o.Detail >= DetailTasks {
		return
	}
	if r.Phase == convert.End {
		if c := s.gc.cycle; c != nil {
			s.gc.cycle = nil
			s.gc.last = max(s.gc.last, r.Time)
			c.end = *r
		}
		return
	}
	s.finishCycle()
	if s.gc.node != nil && s.gc.left == 0 {
		s.finishGC()
	}
	c := s.collectorAt(r.Start)
	c.left--
	c.cycles++
	c.cycle = &cycle{number: r.ID, node: &node{
		ref:    ref{c.ref.trace, s.ids.span(idCycle, "", r.ID)},
		parent: c.ref.id, start: r.Start,
	}}
	c.latest = c.cycle
}

// finishCycle writes the latest cycle, unless it is written or open.
func (s *Sink) finishCycle() {
	c := s.gc.latest
	if c == nil || c.done || c == s.gc.cycle {
		return
	}
	s.compose(c.node, "GC cycle", kindCycle, c.end.Time)
	s.span.int(attrCycle, int64(c.number))
	s.span.some(attrAssists, c.assists.n)
	s.span.some(attrAssistTime, c.assists.ns)
	s.span.some(attrSweeps, c.sweeps.n)
	s.span.some(attrSweepTime, c.sweeps.ns)
	s.span.some(attrSweptBytes, c.swept)
	s.span.some(attrReclaimedBytes, c.reclaimed)
	s.stacks.stack(&s.span, c.end.Stack)
	s.span.flags(c.end.Flags)
	s.finish(c.node)
}

// stopped notes that a goroutine was kept from running by a stop of the world:
// its task is linked to by the cycle, if the stop was the GC's.
func (s *Sink) stopped(g *goroutine) {
	if t := g.inTask(); t != nil && t.kept && s.gc.stops && s.gc.latest != nil {
		s.addLink(s.gc.latest.node, t.ref, linkStopped)
	}
}

// mark writes a mark phase, below its cycle.
func (s *Sink) mark(r *convert.Record) {
	if r.Phase != convert.End || s.gc.latest == nil {
		return // with DetailTasks, always
	}
	n := s.gc.latest.node
	if s.leaf(n, s.ids.span(idMark, "", r.ID), r, "mark phase", kindMark) {
		s.span.int(attrCycle, int64(r.ID))
		s.span.flags(r.Flags)
		s.finishLeaf(n)
	}
}

// assist writes a mark assist, below the cycle in which it ended.
func (s *Sink) assist(r *convert.Record) {
	g := s.goroutines[r.G]
	if g != nil {
		g.account.Add(&s.world, r)
	}
	if r.Phase != convert.End || s.o.Detail >= DetailTasks {
		return
	}
	one := total{1, int64(r.Duration())}
	c := s.collectorAt(r.Start)
	c.assists.add(one)
	c.last = max(c.last, r.Time)
	n := c.node
	if c.latest != nil && c.latest.ref.trace == c.ref.trace {
		n = c.latest.node
		if !n.done {
			c.latest.assists.add(one)
		}
		if g != nil {
			if t := g.inTask(); t != nil && t.kept {
				s.addLink(n, t.ref, linkAssist)
			}
		}
	}
	if s.o.Detail > DetailStates {
		return
	}
	if !s.leaf(n, s.ids.span(idAssist, "", uint64(r.G), uint64(r.Start), uint64(r.Seen)), r, "GC mark assist", kindAssist) {
		return
	}
	s.span.int(attrGoroutine, int64(r.G))
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	if g != nil {
		s.span.link(s.known(g, r.Stack), linkG)
	}
	s.finishLeaf(n)
}

// sweep adds up a sweep: there are too many for spans.
func (s *Sink) sweep(r *convert.Record) {
	if r.Phase != convert.End || s.o.Detail >= DetailTasks {
		return
	}
	one := total{1, int64(r.Duration())}
	c := s.collectorAt(r.Start)
	c.sweeps.add(one)
	c.swept += int64(r.ID)
	c.reclaimed += int64(r.Parent)
	c.last = max(c.last, r.Time)
	if in := c.latest; in != nil && !in.done {
		in.sweeps.add(one)
		in.swept += int64(r.ID)
		in.reclaimed += int64(r.Parent)
	}
}

// finishGC writes the root of the current part, if there is one.
func (s *Sink) finishGC() {
	s.finishCycle()
	c := &s.gc
	if c.node == nil {
		return
	}
	s.compose(c.node, "garbage collection", kindGC, c.last)
	s.span.int(attrPart, int64(c.part))
	s.span.int(attrCycles, c.cycles)
	s.span.some(attrAssists, c.assists.n)
	s.span.some(attrAssistTime, c.assists.ns)
	s.span.some(attrSweeps, c.sweeps.n)
	s.span.some(attrSweepTime, c.sweeps.ns)
	s.span.some(attrSweptBytes, c.swept)
	s.span.some(attrReclaimedBytes, c.reclaimed)
	s.finish(c.node)
	*c = collector{part: c.part, stops: c.stops}
}
