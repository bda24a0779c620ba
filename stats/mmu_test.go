package stats

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// A step is a share that holds from a time on.
type step struct {
	at    convert.Time
	share float64
}

// leastMean is the definition: the least mean share of all windows of length w
// within the steps, which end at end. The mean is least where an edge of the
// window is at a step.
func leastMean(steps []step, end convert.Time, w time.Duration) float64 {
	start := steps[0].at
	w = min(w, end.Sub(start))
	sums := make([]float64, len(steps)) // up to each step
	for i := 1; i < len(steps); i++ {
		sums[i] = sums[i-1] + steps[i-1].share*float64(steps[i].at-steps[i-1].at)
	}
	upTo := func(t convert.Time) float64 {
		i := sort.Search(len(steps), func(i int) bool { return steps[i].at > t }) - 1
		return sums[i] + steps[i].share*float64(t-steps[i].at)
	}
	least := math.Inf(1)
	look := func(from convert.Time) {
		if to := from + convert.Time(w); from >= start && to <= end {
			least = min(least, (upTo(to)-upTo(from))/float64(w))
		}
	}
	look(start)
	look(end - convert.Time(w))
	for _, s := range steps {
		look(s.at)
		look(s.at - convert.Time(w))
	}
	return least
}

func TestUtilizationIsTheLeastOfAllWindows(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		at := convert.Time(rnd.Int64N(1000))
		steps := []step{{at, float64(rnd.IntN(5)) / 4}}
		var u utilization
		u.begin()
		u.change(at, 1)
		u.change(at, steps[0].share)
		scale := math.Pow(10, 3+5*rnd.Float64())
		for range 1 + rnd.IntN(60) {
			at += convert.Time(rnd.Float64() * scale)
			s := step{at, float64(rnd.IntN(5)) / 4}
			if last := &steps[len(steps)-1]; last.at == at {
				*last = s
			} else {
				steps = append(steps, s)
			}
			u.change(s.at, s.share)
		}
		end := at + 1 + convert.Time(rnd.Float64()*scale)
		u.finish(steps[0].at, end)
		for i, w := range windows {
			if want := leastMean(steps, end, w); math.Abs(u.least(i)-want) > 1e-9 {
				t.Fatalf("round %d: over %v: %v, want %v", round, w, u.least(i), want)
			}
		}
	}
}

// TestUtilizationForgets changes the share ever again: what is kept of that is
// bounded by the changes within the longest window. The least mean, which was at
// the very beginning, is not forgotten.
func TestUtilizationForgets(t *testing.T) {
	const (
		interval = time.Millisecond
		changes  = 100_000
	)
	longest := windows[len(windows)-1]
	var u utilization
	u.begin()
	u.change(0, 0)
	at := convert.Time(longest)
	most := 0
	for i := range changes {
		u.change(at, 0.5+float64(i%2)/2)
		at += convert.Time(interval)
		most = max(most, len(u.points))
	}
	if bound := 4 * int(longest/interval); most > bound {
		t.Errorf("%d points are kept, want %d at the most", most, bound)
	}
	u.finish(0, at)
	for i, w := range windows {
		if u.least(i) != 0 {
			t.Errorf("over %v: %v, want none", w, u.least(i))
		}
	}
}
