package account

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// A World knows when the world was stopped: from the request to the restart.
// It is to see, in order, the KindSTW records of a trace, before the accounts see
// later ones. The zero value is ready.
type World struct {
	sum   time.Duration // of the stops that have ended
	open  int           // stops under way; two goroutines can ask at once
	since convert.Time  // when the first of them began
}

// Add takes the next record of the trace.
func (w *World) Add(r *convert.Record) {
	switch {
	case r.Kind != convert.KindSTW:
	case r.Phase == convert.Begin:
		if w.open == 0 {
			w.since = r.Start
		}
		w.open++
	case r.Phase == convert.End && w.open > 0:
		w.open--
		if w.open == 0 {
			w.sum += r.Time.Sub(w.since)
		}
	}
}

// stopped returns for how long the world had been stopped by t, the time of the
// last record or later.
func (w *World) stopped(t convert.Time) time.Duration {
	if w.open > 0 {
		return w.sum + t.Sub(w.since)
	}
	return w.sum
}
