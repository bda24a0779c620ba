package otlp

import (
	"cmp"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
	"github.com/trace2otel/trace2otel/internal/index"
)

// A goroutine is one that lives.
type goroutine struct {
	*node // nil if goroutines have no spans
	mine  node
	part  *part

	id      convert.GoID
	name    string
	born    convert.Time
	nth     uint64     // among all, from 1: ids can come again
	creator *goroutine // nil: none, or not known
	task    ref        // in which it was created
	created int        // goroutines that have it as creator
	ended   bool

	account account.Account
	counts  counts
	state   convert.State
	top     *scope              // the innermost
	regions index.Stack[*scope] // of these, the regions
	tasked  int                 // its place in Sink.tasked, from 1; 0: none
	waker   ref                 // who made it runnable, while it is
	early   earlyTimes
	otel    string // the latest "otel.span" log
}

// counts say how often a goroutine did something.
type counts struct{ running, runnable, waiting, calls int64 }

func (c *counts) state(s convert.State) {
	switch s {
	case convert.StateRunning:
		c.running++
	case convert.StateRunnable:
		c.runnable++
	case convert.StateWaiting:
		c.waiting++
	}
}

func (c *counts) add(d *counts) {
	c.running += d.running
	c.runnable += d.runnable
	c.waiting += d.waiting
	c.calls += d.calls
}

func (c *counts) attrs(s *span) {
	s.some(attrRuns, c.running)
	s.some(attrReadies, c.runnable)
	s.some(attrWaits, c.waiting)
	s.some(attrSyscalls, c.calls)
}

// goroutineOf returns the goroutine of that id that lives, or nil. Records of
// one come in rows.
func (s *Sink) goroutineOf(id convert.GoID) *goroutine {
	if g := s.latest; g != nil && g.id == id {
		return g
	}
	g := s.goroutines.Get(id)
	s.latest = g
	return g
}

// goroutine begins and ends a goroutine's life.
func (s *Sink) goroutine(r *convert.Record) {
	switch r.Phase {
	case convert.Begin:
		s.beginGoroutine(r)
	case convert.End:
		if g := s.goroutineOf(r.G); g != nil {
			s.endGoroutine(g, r)
			s.goroutines.Delete(r.G)
			s.latest = nil
			g.ended = true
			s.release(g)
		}
	}
}

// newGoroutine returns a goroutine to begin, in the memory of one that ended if
// there is such: programs that have many have most of them for a short time.
func (s *Sink) newGoroutine(r *convert.Record) *goroutine {
	last := len(s.idle) - 1
	if last < 0 {
		return &goroutine{id: r.G, born: r.Start}
	}
	g := s.idle[last]
	s.idle = s.idle[:last]
	g.account.Reset()
	*g = goroutine{id: r.G, born: r.Start, account: g.account}
	return g
}

// release keeps the memory of a goroutine that ended, once those that it created
// have ended, too: until then they need its place. Its own creator it needs no
// more, or the whole line of creators would be kept.
func (s *Sink) release(g *goroutine) {
	by := g.creator
	g.creator = nil
	s.reuse(g)
	if by != nil {
		by.created--
		s.reuse(by)
	}
}

func (s *Sink) reuse(g *goroutine) {
	if g.ended && g.created == 0 && len(s.idle) < maxFree {
		s.idle = append(s.idle, g)
	}
}

func (s *Sink) beginGoroutine(r *convert.Record) {
	g := s.newGoroutine(r)
	s.births++
	g.nth = s.births
	if by := s.goroutineOf(r.By); by != nil && r.By != convert.NoGoroutine {
		g.creator = by
		by.created++
		if t := by.innermostTask(); t != nil {
			g.task = t.ref
		}
	}
	s.goroutines.Set(r.G, g)
	s.latest = g
	g.name = cmp.Or(r.Name, unknownFunction)
	s.place(g)
}

// refOf returns the place of a goroutine's span, or none if it has none.
func (s *Sink) refOf(g *goroutine) ref {
	if g == nil || g.node == nil {
		return ref{}
	}
	return g.ref
}

func (s *Sink) endGoroutine(g *goroutine, r *convert.Record) {
	s.leaveScopes(g, r)
	g.account.At(&s.world, r.Time, &s.totals)
	s.run.times.Add(&s.totals)
	s.run.counts.add(&g.counts)
	n := g.node
	if n == nil {
		return
	}
	s.compose(n, g.name, kindGoroutine, r.Time)
	s.span.text(attrFunction, g.name)
	s.span.int(attrGoroutine, int64(g.id))
	if r.By != convert.NoGoroutine {
		s.span.int(attrCreator, int64(r.By))
	}
	s.times(&s.own, &s.totals)
	g.counts.attrs(&s.span)
	s.span.flags(r.Flags)
	s.span.link(s.refOf(g.creator), linkCreator)
	s.span.link(g.task, linkTask)
	s.finish(n)
	s.leave(g, &s.totals, r.Time)
}
