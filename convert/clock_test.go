package convert_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/forge"
)

// date is when the traces of these tests begin.
var date = time.Date(2026, time.March, 29, 0, 59, 55, 0, time.UTC)

// offsets returns how far the wall clock is ahead in each of n generations.
func offsets(n int, ahead func(i int) time.Duration) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = ahead(i)
	}
	return all
}

func drift(perSecond time.Duration) func(i int) time.Duration {
	return func(i int) time.Duration { return time.Duration(i) * perSecond }
}

// step is a clock that is set once, before the reading of generation at.
func step(at int, by time.Duration, then func(i int) time.Duration) func(i int) time.Duration {
	return func(i int) time.Duration {
		if i < at {
			return then(i)
		}
		return then(i) + by
	}
}

// noise is a clock whose readings are late now and then.
func noise(most time.Duration) func(i int) time.Duration {
	r := rand.New(rand.NewPCG(1, 2))
	return func(int) time.Duration { return time.Duration(r.Int64N(int64(most))) }
}

// clocks has wall clocks, and how far dates may be from them.
var clocks = []struct {
	name    string
	offsets []time.Duration
	steps   []time.Duration // told
	unset   func(i int) time.Duration
	within  time.Duration // of unset, at each reading
	settled time.Duration // the same, from the fourth on
	exact   bool          // lengths are those of the trace
}{
	{"steady", offsets(10, drift(0)), nil, drift(0), 0, 0, true},
	{"readings off by 300 ns", offsets(10, noise(300)), nil, drift(0), 300, 300, true},
	{"readings off by 200 µs", offsets(10, noise(200*time.Microsecond)), nil, drift(0), 800 * time.Microsecond, 800 * time.Microsecond, false},
	{"ahead by 0.87 ms a second", offsets(10, drift(870*time.Microsecond)), nil, drift(870 * time.Microsecond), 870 * time.Microsecond, 10, false},
	{"behind by 0.87 ms a second", offsets(10, drift(-870*time.Microsecond)), nil, drift(-870 * time.Microsecond), 870 * time.Microsecond, 10, false},
	{"slewed by 50 ms", offsets(10, step(2, 50*time.Millisecond, drift(0))), nil, drift(0), 51 * time.Millisecond, 51 * time.Millisecond, false},
	{"set ahead", offsets(10, step(2, time.Hour, drift(0))), []time.Duration{time.Hour}, drift(0), 0, 0, true},
	{"set back", offsets(10, step(2, -time.Hour, drift(0))), []time.Duration{-time.Hour}, drift(0), 0, 0, true},
	{"set back, and it drifts", offsets(10, step(6, -time.Hour, drift(870*time.Microsecond))), []time.Duration{-time.Hour},
		drift(870 * time.Microsecond), 870 * time.Microsecond, 10, false},
	{"set ahead, and back", offsets(10, step(3, time.Hour, step(5, -time.Hour, drift(0)))), []time.Duration{time.Hour, -time.Hour}, drift(0), 0, 0, true},
	{"set by little more than is slewed", offsets(6, step(2, 101*time.Millisecond, drift(0))), []time.Duration{101 * time.Millisecond}, drift(0), 0, 0, true},
}

// history is a sink that dates all times as they come, and again at the end.
type history struct {
	wall  convert.WallClock
	times []convert.Time
	said  map[convert.Time]int64
	bad   []string
}

func (h *history) Begin(t *convert.Trace) error {
	h.said = make(map[convert.Time]int64)
	return nil
}

func (h *history) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		h.wall.Sync(r)
		for at := r.Time; r.Kind == convert.KindSync && at >= r.Time-2e9; at -= 1e7 {
			h.date(at)
		}
		h.date(r.Time)
	}
	return nil
}

func (h *history) date(t convert.Time) {
	ns, dated := h.wall.Wall(t)
	if !dated {
		return // readings that cannot be are left out
	}
	before, known := h.said[t]
	switch {
	case !known:
		h.said[t] = ns
		h.times = append(h.times, t)
	case before != ns:
		h.bad = append(h.bad, fmt.Sprintf("%d is dated %d, then %d", t, before, ns))
	}
}

func (h *history) Finish(*convert.Summary) error {
	for _, t := range h.times {
		h.date(t)
	}
	slices.Sort(h.times)
	return nil
}

// check holds dates to be in order, and lengths to be bent by a hundredth at most,
// or not at all.
func (h *history) check(t *testing.T, exact bool) {
	t.Helper()
	for i := 1; i < len(h.times); i++ {
		a, b := h.times[i-1], h.times[i]
		trace, wall := int64(b-a), h.said[b]-h.said[a]
		switch {
		case wall < 0:
			t.Fatalf("%d is dated %v before %d", b, time.Duration(-wall), a)
		case max(trace-wall, wall-trace) > trace/100+1:
			t.Fatalf("%d ns last %d ns on the wall", trace, wall)
		case exact && trace != wall:
			t.Fatalf("%d ns last %d ns on the wall, though nothing drifts", trace, wall)
		}
	}
}

// TestDatesOfAnyClock gives readings that mean nothing.
func TestDatesOfAnyClock(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		data := forge.Clocked(time.Unix(2e9, 0), offsets(8, func(int) time.Duration {
			return time.Duration(r.Int64N(math.MaxInt64) >> r.IntN(63) * int64(1-2*r.IntN(2)))
		})...)
		var h history
		if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, &h, new(sinktest.Checker)); err != nil {
			t.Fatal(err)
		}
		h.check(t, false)
		for _, bad := range h.bad {
			t.Error(bad)
		}
	}
}

// TestDatesOfDriftingClocks holds the rules of a trace's dates: there is one map
// from trace time to wall time, which does not change after it was used, never
// runs backwards, is near the wall clock where nobody sets it, and does not bend
// lengths by more than a hundredth.
func TestDatesOfDriftingClocks(t *testing.T) {
	for _, c := range clocks {
		t.Run(c.name, func(t *testing.T) {
			data := forge.Clocked(date, c.offsets...)
			var h history
			s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, &h, new(sinktest.Checker))
			if err != nil || s.Loss != nil || s.Repairs.Any() {
				t.Fatal(err, s.Loss, s.Repairs)
			}
			for _, bad := range h.bad {
				t.Error(bad)
			}
			h.check(t, c.exact)
			for i := range c.offsets {
				at := convert.Time(i+1) * 1e9
				got, _ := h.wall.Wall(at)
				want := date.Add(time.Duration(i)*time.Second + c.unset(i) + c.offsets[0] - c.unset(0)).UnixNano()
				within := c.within
				if i > 3 {
					within = c.settled
				}
				if off := time.Duration(got - want); max(off, -off) > within {
					t.Errorf("generation %d is dated %v off, want at most %v", i+1, off, within)
				}
			}
			var steps []time.Duration
			for _, step := range s.ClockSteps.List {
				steps = append(steps, step.By.Round(time.Millisecond))
				if length := step.Before - step.After; length != time.Second {
					t.Errorf("a step is known to within %v, want a generation", length)
				}
			}
			if !slices.Equal(steps, c.steps) || s.ClockSteps.Count != int64(len(steps)) {
				t.Errorf("steps of %v (%d) are told, want %v", steps, s.ClockSteps.Count, c.steps)
			}
		})
	}
}

// TestDatesOfWindows dates the same times alike, whichever part of a trace is
// converted.
func TestDatesOfWindows(t *testing.T) {
	for _, c := range clocks {
		data := forge.Clocked(date, c.offsets...)
		var whole history
		if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, &whole); err != nil {
			t.Fatal(err)
		}
		for from := 300 * time.Millisecond; from < 5*time.Second; from += 700 * time.Millisecond {
			var part history
			s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{From: from, To: from + 1500*time.Millisecond}, &part)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := s.Clock.At(s.Start), mustWall(&whole, s.Start); got != want {
				t.Errorf("%s: the window from %v begins at %d, want %d", c.name, from, got, want)
			}
			for _, at := range part.times {
				if got, want := mustWall(&part, at), mustWall(&whole, at); at >= s.Start && got != want {
					t.Errorf("%s: %d is dated %d from %v on, %d in the whole", c.name, at, got, from, want)
				}
			}
		}
	}
}

func mustWall(h *history, at convert.Time) int64 {
	ns, _ := h.wall.Wall(at)
	return ns
}

// TestClockSteps says steps in words, and holds what is kept of very many.
func TestClockSteps(t *testing.T) {
	data := forge.Clocked(date, offsets(40, func(i int) time.Duration { return time.Duration(i%2) * time.Minute })...)
	s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.ClockSteps.Count != 39 || len(s.ClockSteps.List) != 16 {
		t.Errorf("%d steps, %d listed", s.ClockSteps.Count, len(s.ClockSteps.List))
	}
	s.ClockSteps.List = s.ClockSteps.List[:2]
	want := "the wall clock was set ahead by 1m0s between 0s and 1s of the trace, set back by 1m0s between 1s and 2s of the trace, " +
		"and 37 times more; dates follow the clock as it was at the start"
	if got := s.ClockSteps.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	// A trace that is dated otherwise has no steps.
	s, err = convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Start: date, Redate: true})
	if err != nil || s.ClockSteps.Count != 0 || !s.ClockGiven {
		t.Errorf("%d steps of a clock that is not used (%v)", s.ClockSteps.Count, err)
	}
}

// TestClockSaturates dates what no clock can.
func TestClockSaturates(t *testing.T) {
	const most, least = 1<<63 - 1, -1 << 63
	for _, c := range []convert.Clock{
		{}, {Trace: most, Wall: most}, {Trace: least, Wall: least}, {Trace: most, Wall: least, Rate: 1e7}, {Trace: least, Wall: most, Rate: -1e7},
	} {
		last := int64(least)
		for _, at := range []convert.Time{least, least + 1, -1e18, -1, 0, 1, 2, 3, 1e18, most - 1, most} {
			got := c.At(at)
			if got < last {
				t.Errorf("%+v: %d is dated %d, after %d", c, at, got, last)
			}
			last = got
		}
	}
}
