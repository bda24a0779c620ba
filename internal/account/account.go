package account

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// An Account is kept for one goroutine: it is to see, in order, the KindState
// and KindAssist records of it. The zero value is ready.
type Account struct {
	totals Totals // of the states that have ended

	// The state under way.
	state    convert.State // StateNone: none is
	reason   string
	since    convert.Time
	stopped  time.Duration // World.stopped at since
	assisted time.Duration // since then, in assists that have ended

	assisting bool // a mark assist is under way
	assist    convert.Time
}

// Add takes the next record of the goroutine. w has seen the same trace up to
// it.
func (a *Account) Add(w *World, r *convert.Record) {
	switch {
	case r.Kind == convert.KindAssist && r.Phase == convert.Begin:
		a.assisting, a.assist = true, r.Start
	case r.Kind == convert.KindAssist && r.Phase == convert.End:
		if a.assisting && a.state == convert.StateRunning {
			a.assisted += a.inAssist(r.Time)
		}
		a.assisting = false
	case r.Kind == convert.KindState && r.Phase == convert.Begin:
		a.state, a.since, a.reason = r.State, r.Start, ""
		a.assisted = 0
		switch r.State {
		case convert.StateWaiting:
			a.reason = r.Reason()
		case convert.StateRunnable:
			a.stopped = w.stopped(r.Start)
		}
	case r.Kind == convert.KindState && r.Phase == convert.End:
		a.settle(w, r.Time, &a.totals)
		a.state = convert.StateNone
	}
}

// At sets dst to the totals from the beginning of the goroutine's observation
// up to t: the time of the last record of the trace, or later as long as
// nothing happens to the goroutine.
func (a *Account) At(w *World, t convert.Time, dst *Totals) {
	dst.Set(&a.totals)
	a.settle(w, t, dst)
}

// Ended returns the totals of the states that have ended. They are the
// account's own, and change with it.
func (a *Account) Ended() *Totals { return &a.totals }

// Reset makes a an account of another goroutine, and keeps its memory.
func (a *Account) Reset() {
	a.totals.Reset()
	*a = Account{totals: a.totals}
}

// settle adds the state under way, up to t.
func (a *Account) settle(w *World, t convert.Time, to *Totals) {
	var special time.Duration
	switch a.state {
	case convert.StateNone:
		return
	case convert.StateRunning:
		special = a.assisted
		if a.assisting {
			special += a.inAssist(t)
		}
	case convert.StateRunnable:
		special = w.stopped(t) - a.stopped
	}
	to.state(a.state, a.reason, t.Sub(a.since), special)
}

// inAssist returns how much of the current state the current assist has taken
// up to t.
func (a *Account) inAssist(t convert.Time) time.Duration {
	return max(0, t.Sub(max(a.assist, a.since)))
}
