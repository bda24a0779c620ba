package perfetto_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// A value is one of a counter, from a time on.
type value struct{ at, value int64 }

// counterValues returns the values of each counter of a file, in order of
// time. Of those at one time the last counts.
func counterValues(t *testing.T, file []byte) map[string][]value {
	db := traceprocessor.OpenBytes(t, file)
	db.CheckImport()
	values := make(map[string][]value)
	for _, row := range db.Query(`
		select t.name, ts, cast(value as int) from counter c join counter_track t on t.id = c.track_id order by t.id, ts, c.id`) {
		at, err := strconv.ParseInt(row[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		v, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all := values[row[0]]
		if n := len(all); n > 0 && all[n-1].at == at {
			all = all[:n-1]
		}
		values[row[0]] = append(all, value{at, v})
	}
	return values
}

// TestCounterStep holds counters with a step against those without: what they
// show is right, or was within the step, and they end with the same value.
func TestCounterStep(t *testing.T) {
	const step = 100 * time.Microsecond
	for _, f := range fewTraces(t) {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			var exact, stepped bytes.Buffer
			fixtures.Run(t, f, perfetto.New(&exact, perfetto.Options{}),
				perfetto.New(&stepped, perfetto.Options{CounterStep: step}))
			want := counterValues(t, exact.Bytes())
			got := counterValues(t, stepped.Bytes())
			if len(got) != len(want) {
				t.Errorf("%d counters, want %d", len(got), len(want))
			}
			for name, values := range got {
				if err := follows(values, want[name], int64(step)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// follows reports where stepped does not show what exact does or did within
// step, or has more than two values in that time. The last is written whenever
// it comes.
func follows(stepped, exact []value, step int64) error {
	if len(stepped) == 0 || len(exact) == 0 {
		return fmt.Errorf("%d values for %d", len(stepped), len(exact))
	}
	if first, want := stepped[0], exact[0]; first != want {
		return fmt.Errorf("begins with %v, want %v", first, want)
	}
	if last, want := stepped[len(stepped)-1], exact[len(exact)-1]; last != want {
		return fmt.Errorf("ends with %v, want %v", last, want)
	}
	for i := 2; i < len(stepped)-1; i++ {
		if d := stepped[i].at - stepped[i-2].at; d < step {
			return fmt.Errorf("three values within %d ns at %d", d, stepped[i].at)
		}
	}
	isRight, wrongSince := true, int64(0)
	show := func(at, value, truth int64) error {
		if !isRight && at-wrongSince > step {
			return fmt.Errorf("the change at %d shows %d ns late", wrongSince, at-wrongSince)
		}
		if right := value == truth; right != isRight {
			isRight, wrongSince = right, at
		}
		return nil
	}
	var shown int64
	for i, v := range exact {
		for len(stepped) > 0 && stepped[0].at <= v.at {
			s, truth := stepped[0], v.value
			if s.at < v.at {
				truth = exact[i-1].value
			}
			if s.value != truth {
				return fmt.Errorf("%d at %d, want %d", s.value, s.at, truth)
			}
			if err := show(s.at, s.value, truth); err != nil {
				return err
			}
			shown, stepped = s.value, stepped[1:]
		}
		if err := show(v.at, shown, v.value); err != nil {
			return err
		}
	}
	return nil
}
