package account

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// A World knows when the world was stopped: from the request to the restart.
// It is to see, in order, the KindSync and KindSTW records of a trace, before
// the accounts see later ones. The zero value is ready.
type World struct {
	sum   time.Duration // of the stops that have ended
	open  int           // stops under way; two goroutines can ask at once
	since convert.Time  // when the first of them began
	known horizon

	// Stops that ended in this generation, for states that are back-dated to
	// its start.
	ended []stop
}

type stop struct {
	start, end convert.Time
}

// Add takes the next record of the trace.
func (w *World) Add(r *convert.Record) {
	switch {
	case r.Kind == convert.KindSync:
		w.ended = w.ended[:0]
	case r.Kind != convert.KindSTW:
	case r.Phase == convert.Begin:
		if w.open == 0 {
			w.since = w.known.after(r.Start)
		}
		w.open++
	case r.Phase == convert.End && w.open > 0:
		w.open--
		if w.open == 0 {
			w.known.pass(r.Time)
			w.sum += r.Time.Sub(w.since)
			w.ended = append(w.ended, stop{w.since, r.Time})
		}
	}
}

// stopped returns for how long the world had been stopped by t, which is not
// before the start of the current generation.
func (w *World) stopped(t convert.Time) time.Duration {
	w.known.pass(t)
	sum := w.sum
	if w.open > 0 {
		sum += max(0, t.Sub(w.since))
	}
	for i := len(w.ended) - 1; i >= 0 && w.ended[i].end > t; i-- {
		sum -= w.ended[i].end.Sub(max(t, w.ended[i].start))
	}
	return sum
}
