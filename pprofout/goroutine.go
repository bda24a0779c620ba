package pprofout

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// A goroutine is what must be known of a live one.
type goroutine struct {
	id      convert.GoID
	name    nameID          // start function
	skipped bool            // the filter does not let it through
	early   bool            // it was there when the trace began: so may regions have been
	stack   convert.StackID // its first frames
	at      convert.StackID // where it was last seen in its present state, if it runs, or 0
	fresh   bool            // its system call has not had a state yet
	scopes                  // open
	place                   // in them
	state   stretch         // under way; of no class if none is, or it does not count
	life    stretch         // the same
	ranges  []rangeStretch  // under way
	recent  [8]slot         // where it was counted last, by class
	hold    uint32          // of keys on hold
	held    [lacks][]slot   // where they are, by what they lack
}

// A stretch is an interval that is under way, as far as it has not been
// counted. It counts in pieces, as its goroutine goes from place to place, but
// as one: with its last piece.
type stretch struct {
	class  class
	reason nameID
	flags  keyFlags
	since  convert.Time // of what has not been counted
	stack  convert.StackID

	split bool        // pieces have been counted, or left out by the filter
	last  slot        // of the last of them that was counted, or noSlot
	maybe slot        // of the last that the filter may yet leave out, or noSlot
	loose loosePieces // whose stack is not known yet
}

// A piece is a part of a stretch in one place.
type piece struct {
	place
	length time.Duration
	flags  keyFlags
}

// A rangeStretch is a range that the goroutine pays for.
type rangeStretch struct {
	stretch
	kind convert.Kind
	p    convert.ProcID // of a sweep
}

// begin begins a stretch at r.Start.
func (s *stretch) begin(r *convert.Record, c class, reason nameID) {
	s.class, s.reason, s.since, s.stack = c, reason, r.Start, r.Stack
	s.flags, s.split, s.last, s.maybe = 0, false, noSlot, noSlot
	s.loose.clear()
	if r.Flags&convert.OpenStart != 0 {
		s.flags = openStart
	}
}

// cut takes off the piece up to t, in the place p. It reports false if that is
// nothing.
func (s *stretch) cut(p place, t convert.Time) (piece, bool) {
	if s.class == 0 || t <= s.since {
		return piece{}, false
	}
	pc := piece{p, t.Sub(s.since), s.flags}
	s.since, s.split = t, true
	s.flags &^= openStart
	return pc, true
}

func (l *ledger) add(id convert.GoID) *goroutine {
	var g *goroutine
	if n := len(l.spare); n > 0 {
		g, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		g = new(goroutine)
	}
	held := g.held
	*g = goroutine{id: id, scopes: scopes{regions: g.regions, tasks: g.tasks[:0]}, ranges: g.ranges[:0], state: stretch{loose: g.state.loose}}
	g.state.loose.clear()
	for i := range held {
		g.held[i] = held[i][:0]
	}
	l.holds++
	g.hold = l.holds
	l.goroutines.Set(id, g)
	return g
}

// goroutine takes a record of a goroutine's life.
func (l *ledger) goroutine(r *convert.Record) {
	switch r.Phase {
	case convert.Begin:
		g := l.add(r.G)
		g.early = r.Flags&convert.OpenStart != 0
		g.stack = r.Stack
		g.skipped = !l.filter.goroutine.matches(r.Name)
		if r.Name != "" {
			g.name = l.names.id(r.Name, "")
		}
		if !g.early {
			l.starts.add(r.Stack)
			if l.wanted&classLife != 0 {
				g.life.begin(r, classLife, 0)
				g.life.stack = r.ByStack
			}
		}
	case convert.End:
		if g := l.goroutines.Get(r.G); g != nil {
			l.finish(g, &g.life, r, g.life.stack)
			l.endRanges(g, r)
			l.remove(g)
		}
	}
}

// remove lets go of g.
func (l *ledger) remove(g *goroutine) {
	l.release(g)
	g.leaveAll(&l.tasks)
	l.goroutines.Delete(g.id)
	l.spare = append(l.spare, g)
}

// state takes a record of a goroutine's state.
func (l *ledger) state(r *convert.Record) {
	if int(r.State) >= len(classOf) || classOf[r.State]&l.wanted == 0 {
		return
	}
	g := l.goroutines.Get(r.G)
	if g == nil {
		return
	}
	if r.Phase == convert.Begin {
		g.state.begin(r, classOf[r.State], l.reason(r))
		g.at = 0
		if r.State == convert.StateSyscall || r.State == convert.StateSyscallBlocked {
			if !g.fresh {
				g.state.flags |= continued
			}
			g.fresh = false
		}
		return
	}
	stack := g.state.stack
	if g.state.class == classRunning {
		stack = g.stopped(r)
	}
	l.finish(g, &g.state, r, stack)
}

// reason returns the reason of a state, if such have any.
func (l *ledger) reason(r *convert.Record) nameID {
	switch r.State {
	case convert.StateWaiting:
		return l.names.id(r.Reason(), "")
	case convert.StateRunnable:
		return l.names.id(r.Name, "")
	}
	return 0
}

// stopped returns where g was at the end of a Running state. The trace does not
// tell it of goroutines that exit or run until the trace ends: it is where they
// were last seen. One that was not, and exits, is in its first function then.
func (g *goroutine) stopped(end *convert.Record) convert.StackID {
	switch {
	case end.EndStack != 0:
		return end.EndStack
	case g.at != 0:
		return g.at
	case end.Flags&convert.OpenEnd == 0 && g.stack != 0:
		return g.stack
	}
	return g.state.stack
}
