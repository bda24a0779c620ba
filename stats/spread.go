package stats

import (
	"math"
	"time"

	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// accuracy is the relative error of percentiles.
const accuracy = 0.01

// scale puts durations onto the logarithmic axis of sketches: values of one
// index differ by twice the accuracy at most.
var scale = func() *mapping.CubicallyInterpolatedMapping {
	m, err := mapping.NewCubicallyInterpolatedMapping(accuracy)
	if err != nil {
		panic(err) // accuracy is a constant
	}
	return m
}()

// A spread gathers what a [Spread] tells. The zero value is ready.
//
// It is a DDSketch, but for the parts of that which durations do not need: a
// store of negative values, and looking at the range of each.
type spread struct {
	count int64
	sum   time.Duration
	max   time.Duration
	worst moment
	cut   int64
	seen  time.Duration // the longest of those cut, as far as it was seen

	zeros  int64       // intervals of no length, which have no place on the scale
	sketch store.Store // of the others; nil while all are as long as max
}

// A moment is a [Moment] on the trace's clock.
type moment struct {
	g    convert.GoID
	at   convert.Time
	task uint64
}

// A length is that of an interval, with its place on the scale: to be computed
// once, and added to several spreads.
type length struct {
	time  time.Duration
	index int
	flags convert.Flags
}

func lengthOf(d time.Duration, f convert.Flags) length {
	l := length{time: max(0, d), flags: f}
	if d > 0 {
		l.index = scale.Index(float64(d))
	}
	return l
}

// add adds an interval. What has no end, or no beginning, is counted alone, and
// what was guessed not at all.
func (s *spread) add(l *length, m moment) {
	switch {
	case l.flags&convert.Repaired != 0:
		return
	case l.flags&(convert.OpenStart|convert.OpenEnd) != 0:
		s.cut++
		s.seen = max(s.seen, l.time)
		return
	}
	if s.sketch == nil && s.count > 0 && l.time != s.max {
		s.start()
	}
	switch {
	case s.sketch == nil:
	case l.time == 0:
		s.zeros++
	default:
		s.sketch.Add(l.index)
	}
	if s.count == 0 || l.time > s.max {
		s.max, s.worst = l.time, m
	}
	s.count++
	account.Plus(&s.sum, l.time)
}

// addRecord adds the interval that ends with r; task is its id if it is one.
func (s *spread) addRecord(r *convert.Record, task uint64) {
	l := lengthOf(r.Duration(), r.Flags)
	s.add(&l, moment{r.G, r.Start, task})
}

// start begins the sketch: with those that there are, all as long as max.
func (s *spread) start() {
	s.sketch = store.NewBufferedPaginatedStore()
	s.addAll(s)
}

// addAll puts into the sketch what t has, of which all are equally long.
func (s *spread) addAll(t *spread) {
	switch {
	case t.count == 0:
	case t.max == 0:
		s.zeros += t.count
	default:
		s.sketch.AddWithCount(scale.Index(float64(t.max)), float64(t.count))
	}
}

// merge adds all of t. Of equally long ones, the earliest is the worst.
func (s *spread) merge(t *spread) {
	s.cut += t.cut
	s.seen = max(s.seen, t.seen)
	if t.count == 0 {
		return
	}
	if s.sketch == nil {
		s.start()
	}
	if t.sketch != nil {
		s.sketch.MergeWith(t.sketch)
		s.zeros += t.zeros
	} else {
		s.addAll(t)
	}
	if s.count == 0 || t.max > s.max || t.max == s.max && t.worst.before(s.worst) {
		s.max, s.worst = t.max, t.worst
	}
	s.count += t.count
	account.Plus(&s.sum, t.sum)
}

func (m moment) before(n moment) bool {
	return m.at < n.at || m.at == n.at && m.g < n.g
}

// report returns what s tells; start is that of the trace.
func (s *spread) report(start convert.Time) Spread {
	out := Spread{Count: s.count, Sum: s.sum, Max: s.max, Cut: s.cut, CutMax: s.seen}
	if s.count == 0 {
		return out
	}
	out.Worst = &Moment{s.worst.g, s.worst.at.Sub(start), s.worst.task}
	out.P50, out.P90, out.P95 = s.quantile(0.50), s.quantile(0.90), s.quantile(0.95)
	out.P99, out.P999 = s.quantile(0.99), s.quantile(0.999)
	return out
}

// quantile returns the least length that a share of q of all intervals does not
// exceed: of few, the greatest.
func (s *spread) quantile(q float64) time.Duration {
	rank := int64(math.Ceil(q*float64(s.count))) - 1 // of all in order, from 0
	switch {
	case s.sketch == nil || rank >= s.count-1:
		return s.max
	case rank < s.zeros:
		return 0
	}
	v := scale.Value(s.sketch.KeyAtRank(float64(rank - s.zeros)))
	return min(time.Duration(math.Round(v)), s.max)
}
