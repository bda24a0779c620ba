package convert

import (
	"math"
	"slices"
	"time"
)

// A Clock dates trace times: at Trace it was Wall, and from there the wall
// clock gains Rate nanoseconds a second on the trace's clock. It is a straight
// line; [WallClock] puts several together.
type Clock struct {
	Trace Time  // on the trace's clock
	Wall  int64 // ns since the Unix epoch
	Rate  int64 // parts per billion, at most maxRate either way
}

// IsZero reports whether c dates nothing.
func (c Clock) IsZero() bool { return c == Clock{} }

// At returns the wall time of t, in nanoseconds since the Unix epoch. A later t
// never has an earlier wall time. It saturates at the ends of int64.
func (c Clock) At(t Time) int64 {
	since := sub(int64(t), int64(c.Trace))
	if c.Rate != 0 {
		since = add(since, gain(since, c.Rate))
	}
	return add(c.Wall, since)
}

// gain returns what a clock of that rate gains in d ns, rounded down.
func gain(d, rate int64) int64 {
	seconds, rest := d/1e9, d%1e9
	if rest < 0 {
		seconds, rest = seconds-1, rest+1e9
	}
	part := rest * rate / 1e9
	if rest*rate%1e9 < 0 {
		part--
	}
	return seconds*rate + part
}

// add returns a + b, or the end of int64 that lies beyond it.
func add(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// sub returns a − b, or the end of int64 that lies beyond it.
func sub(a, b int64) int64 {
	switch {
	case b < 0 && a > math.MaxInt64+b:
		return math.MaxInt64
	case b > 0 && a < math.MinInt64+b:
		return math.MinInt64
	}
	return a - b
}

// abs returns |a|, and for the least int64 the largest.
func abs(a int64) int64 { return max(a, sub(0, a)) }

// noClock in Record.Start marks a Sync without a Clock.
const noClock = Time(math.MinInt64)

// A WallClock dates trace times by one map from trace time to wall time, which
// is continuous and never runs backwards: of two intervals that nest on the
// trace's clock, the dates nest. A sink that needs dates feeds it the Syncs as
// they come. What it has dated, it dates alike ever after. The zero value knows
// no date. It grows by 32 bytes when the rate of the clock changes, which can be
// once a generation.
type WallClock struct {
	anchors []anchor
}

// An anchor holds from a generation's Sync to the next one's.
type anchor struct {
	from Time
	Clock
}

// Sync adds the Clock of a KindSync record, if it has one. Records must come in
// order of time.
func (w *WallClock) Sync(r *Record) {
	c, ok := r.Clock()
	if n := len(w.anchors); ok && (n == 0 || w.anchors[n-1].Clock != c) {
		w.anchors = append(w.anchors, anchor{r.Time, c})
	}
}

// Wall returns the wall time of t in nanoseconds since the Unix epoch. It
// reports false for traces recorded before Go 1.25, which carry no clock
// readings, unless Options.Start is set.
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
	return w.anchors[i].At(t), true
}

// startClock is the Clock that Options.Start makes up for.
func startClock(first Time, start time.Time) Clock {
	return Clock{Trace: first, Wall: start.UnixNano()}
}

// A discipline makes one Clock after the other out of the readings of the trace
// clock and the wall clock that the runtime takes at the start of each
// generation (internal/trace.ClockSnapshot), as a clock discipline does in NTP:
//
//  1. The first reading sets the clock. From then on it is only steered: where
//     one Clock ends, the next begins, and each runs forward.
//  2. A reading that differs by more than maxSlew from what the one before it
//     leads to, or from the clock, shows a step of the wall clock. The clock does
//     not follow it: it goes on as if nobody had set the wall clock. Steps are
//     kept, to be told.
//  3. Otherwise the clock is slewed: its rate is that of the wall clock, between
//     readings that are rateSpan apart, and what takes away the error that this
//     reading shows, in slewTime or in as long as the generation before took.
//  4. Errors and rates within what a reading can be wrong by (readingError,
//     rateError) are none. So on most machines, whose trace clock is the
//     monotonic clock, the clock is one straight line, and lengths stay exact.
//
// A line between two readings would be closer to the truth, but the later one
// comes when the first spans of its generation are written already. So the
// clock is late by a generation: it differs from the readings by what the rate
// changed in one.
type discipline struct {
	clock   Clock // what holds since the last Sync; zero before the first reading
	last    Clock // the last reading
	base    Clock // the reading from which the rate is measured, less steps
	rate    int64 // of the wall clock, parts per billion
	stepped int64 // the sum of all steps
	steps   ClockSteps
}

const (
	maxSlew      = 100 * time.Millisecond
	slewTime     = time.Second
	rateSpan     = 900 * time.Millisecond
	maxRate      = 10_000_000 // 1 %: more is no drift, and would bend lengths
	readingError = time.Microsecond
	rateError    = 1000 // readingError in a second
)

// sync takes the reading of a generation whose Sync is told at t, and returns
// the Clock from there on. start is when the trace began.
func (d *discipline) sync(t, start Time, reading Clock) Clock {
	if d.clock.IsZero() {
		d.clock, d.last, d.base = reading, reading, reading
		return d.clock
	}
	elapsed := sub(int64(reading.Trace), int64(d.last.Trace))
	gained := sub(sub(reading.Wall, d.last.Wall), elapsed)
	by := sub(gained, gain(elapsed, d.rate))
	if abs(by) <= int64(maxSlew) {
		by = d.error(t, reading) // of a drift that the clock cannot follow
	}
	if abs(by) > int64(maxSlew) {
		d.stepped = add(d.stepped, by)
		d.steps.add(ClockStep{After: d.last.Trace.Sub(start), Before: reading.Trace.Sub(start), By: time.Duration(by)})
	}
	d.last = reading
	d.measure(reading)
	rate := d.rate
	if e := d.error(t, reading); abs(e) > int64(readingError) {
		rate += perSecond(e, max(elapsed, int64(slewTime)))
		rate = min(max(rate, -maxRate), maxRate)
	}
	if rate != d.clock.Rate {
		d.clock = Clock{Trace: t, Wall: d.clock.At(t), Rate: rate}
	}
	return d.clock
}

// unset returns what the wall clock would have shown if nobody had set it.
func (d *discipline) unset(reading Clock) int64 { return sub(reading.Wall, d.stepped) }

// error returns by how much the clock is late at t.
func (d *discipline) error(t Time, reading Clock) int64 {
	wall := Clock{Trace: reading.Trace, Wall: d.unset(reading), Rate: d.rate}
	return sub(wall.At(t), d.clock.At(t))
}

// measure takes the rate of the wall clock, if reading is long enough after the
// one from which it is measured.
func (d *discipline) measure(reading Clock) {
	elapsed := sub(int64(reading.Trace), int64(d.base.Trace))
	if elapsed < int64(rateSpan) {
		return
	}
	d.rate = perSecond(sub(sub(d.unset(reading), d.base.Wall), elapsed), elapsed)
	if -rateError <= d.rate && d.rate <= rateError {
		d.rate = 0
	}
	d.base = Clock{Trace: reading.Trace, Wall: d.unset(reading)}
}

// perSecond returns gained/elapsed in parts per billion, at most maxRate either
// way.
func perSecond(gained, elapsed int64) int64 {
	rate := math.Round(float64(gained) / float64(elapsed) * 1e9)
	return int64(min(max(rate, -maxRate), maxRate))
}
