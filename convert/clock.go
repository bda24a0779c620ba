package convert

import (
	"math"
	"slices"
	"time"
)

// A Clock is one reading of several clocks at once, which the runtime takes at
// the start of each generation (internal/trace.ClockSnapshot).
type Clock struct {
	Trace Time  // the trace's clock
	Mono  Time  // the system's monotonic clock, ns; zero if dated by Options.Start
	Wall  int64 // ns since the Unix epoch
}

// IsZero reports whether c is no reading at all.
func (c Clock) IsZero() bool { return c == Clock{} }

// noClock in Record.Start marks a Sync without a clock reading.
const noClock = Time(math.MinInt64)

// A WallClock dates trace times. A sink that needs dates feeds it the Syncs as
// they come. The zero value knows no date. It grows by 16 bytes a generation,
// about one a second.
type WallClock struct {
	anchors []anchor
}

// An anchor holds from a generation's Sync to the next one's.
type anchor struct {
	from   Time
	offset int64 // wall − trace, ns
}

// Sync adds the clock reading of a KindSync record, if it has one. Records
// must come in order of time.
func (w *WallClock) Sync(r *Record) {
	if c, ok := r.Clock(); ok {
		w.anchors = append(w.anchors, anchor{from: r.Time, offset: c.Wall - int64(c.Trace)})
	}
}

// Wall returns the wall time of t in nanoseconds since the Unix epoch, by the
// reading of the generation in which t lies. It reports false for traces
// recorded before Go 1.25, which carry no clock readings, unless Options.Start
// is set.
//
// Steps of the wall clock show between generations. To keep an interval's
// length, date its start and add its duration.
func (w *WallClock) Wall(t Time) (ns int64, ok bool) {
	if len(w.anchors) == 0 {
		return 0, false
	}
	// Most questions are about the present.
	i := len(w.anchors) - 1
	if t < w.anchors[i].from {
		i, _ = slices.BinarySearchFunc(w.anchors, t, func(a anchor, t Time) int {
			if a.from <= t {
				return -1
			}
			return 1
		})
		i = max(i-1, 0) // the first anchor also dates what came before it
	}
	return int64(t) + w.anchors[i].offset, true
}

// startClock is the reading that Options.Start makes up for.
func startClock(first Time, start time.Time) Clock {
	return Clock{Trace: first, Wall: start.UnixNano()}
}
