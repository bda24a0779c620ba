package stats

import (
	"math"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"

	"github.com/trace2otel/trace2otel/convert"
)

// accuracy is the relative error of percentiles.
const accuracy = 0.01

// scale puts durations onto the logarithmic axis of the sketches. Any sketches
// of one scale add up.
var scale = func() mapping.IndexMapping {
	m, err := mapping.NewCubicallyInterpolatedMapping(accuracy)
	if err != nil {
		panic(err) // accuracy is a constant
	}
	return m
}()

// A spread gathers what a [Spread] tells. The zero value is ready.
type spread struct {
	count int64
	sum   time.Duration
	max   time.Duration
	worst moment
	cut   int64

	sketch *ddsketch.DDSketch // nil while all are of one length
}

// A moment is a [Moment] on the trace's clock.
type moment struct {
	g    convert.GoID
	at   convert.Time
	task uint64
}

// add adds an interval that ends with r.
func (s *spread) add(r *convert.Record) { s.addOf(r, 0) }

// addOf adds an interval of a task. What has no end, or no beginning, is
// counted alone, and what was guessed not at all.
func (s *spread) addOf(r *convert.Record, task uint64) {
	s.addTime(r.Duration(), r.Flags, moment{r.G, r.Start, task})
}

func (s *spread) addTime(d time.Duration, f convert.Flags, m moment) {
	switch {
	case f&convert.Repaired != 0:
		return
	case f&(convert.OpenStart|convert.OpenEnd) != 0:
		s.cut++
		return
	}
	switch {
	case s.sketch != nil:
		record(s.sketch, d, 1)
	case s.count > 0 && d != s.max:
		s.sketch = newSketch()
		record(s.sketch, s.max, s.count)
		record(s.sketch, d, 1)
	}
	if s.count == 0 || d > s.max {
		s.max, s.worst = d, m
	}
	s.count++
	s.sum += d
}

// merge adds all of t. Of equally long ones, the earliest is the worst.
func (s *spread) merge(t *spread) {
	s.cut += t.cut
	if t.count == 0 {
		return
	}
	if s.sketch == nil {
		s.sketch = newSketch()
		if s.count > 0 {
			record(s.sketch, s.max, s.count)
		}
	}
	if t.sketch != nil {
		_ = s.sketch.MergeWith(t.sketch) // fails for other scales alone
	} else {
		record(s.sketch, t.max, t.count)
	}
	if s.count == 0 || t.max > s.max || t.max == s.max && t.worst.before(s.worst) {
		s.max, s.worst = t.max, t.worst
	}
	s.count += t.count
	s.sum += t.sum
}

func (m moment) before(n moment) bool {
	return m.at < n.at || m.at == n.at && m.g < n.g
}

// report returns what s tells; start is that of the trace.
func (s *spread) report(start convert.Time) Spread {
	out := Spread{Count: s.count, Sum: s.sum, Max: s.max, Cut: s.cut}
	if s.count == 0 {
		return out
	}
	out.Worst = &Moment{s.worst.g, s.worst.at.Sub(start), s.worst.task}
	out.P50, out.P90, out.P99 = s.quantile(0.50), s.quantile(0.90), s.quantile(0.99)
	return out
}

// quantile returns the least length that a share of q of all intervals does not
// exceed: of few, the greatest.
func (s *spread) quantile(q float64) time.Duration {
	at := math.Ceil(q*float64(s.count)) - 1 // of all in order, from 0
	if s.sketch == nil || at >= float64(s.count-1) {
		return s.max
	}
	// The sketch's own ranks are shares of count − 1, rounded down.
	v, err := s.sketch.GetValueAtQuantile((at + 0.5) / float64(s.count-1))
	if err != nil {
		return 0 // it is empty
	}
	return min(time.Duration(math.Round(v)), s.max)
}

func newSketch() *ddsketch.DDSketch {
	return ddsketch.NewDDSketch(scale, store.NewBufferedPaginatedStore(), store.NewBufferedPaginatedStore())
}

// record adds n intervals to a sketch. It cannot fail for durations: all are on
// the scale.
func record(s *ddsketch.DDSketch, d time.Duration, n int64) {
	if n == 1 {
		_ = s.Add(float64(max(0, d)))
		return
	}
	_ = s.AddWithCount(float64(max(0, d)), float64(n))
}
