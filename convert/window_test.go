package convert_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/sinktest"
)

// TestWindowsAddUp cuts traces into windows and holds the sum of all against
// the whole: no time is hidden, and none invented.
func TestWindowsAddUp(t *testing.T) {
	for _, f := range sinktest.Traces(t) {
		var whole sinktest.Sums
		kept := new(keptSums)
		sinktest.Run(t, f, &whole, kept)
		if whole.Trace.Version < "go 1.22" {
			continue // the decoder orders ties differently in each run
		}
		length := whole.Summary.End.Sub(whole.Trace.Start)
		if length < 7 {
			continue // all that is in it happens at one time
		}

		sum := sinktest.Sums{}
		var parts keptSums
		cuts := []time.Duration{0, length / 7, length / 3, length/3 + 1, length * 9 / 10, 0}
		for i := range cuts[1:] {
			if to := cuts[i+1]; to != 0 && to <= cuts[i] {
				continue // a trace of nanoseconds
			}
			var part sinktest.Sums
			check := new(sinktest.Checker)
			r, err := os.Open(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = convert.Run(context.Background(), r,
				convert.Options{Start: sinktest.Wall, From: cuts[i], To: cuts[i+1], BatchSize: 1000}, &part, check, &parts)
			r.Close()
			if err != nil {
				t.Fatalf("%s: window from %v to %v: %v", f.Name, cuts[i], cuts[i+1], err)
			}
			addTimes(&sum, &part)
		}
		compareTimes(t, f.Name+": states", sum.Goroutines, whole.Goroutines)
		compareTimes(t, f.Name+": procs", sum.Procs, whole.Procs)
		compareTimes(t, f.Name+": kinds", sum.Kinds, whole.Kinds)
		if parts.syscalls != kept.syscalls {
			t.Errorf("%s: procs kept in syscalls for %v, want %v", f.Name, parts.syscalls, kept.syscalls)
		}
		if parts.stops != kept.stops {
			t.Errorf("%s: stopping for %v, want %v", f.Name, parts.stops, kept.stops)
		}
	}
}

// keptSums adds up the parts of intervals that their Ends tell of.
type keptSums struct{ syscalls, stops time.Duration }

func (k *keptSums) Begin(*convert.Trace) error    { return nil }
func (k *keptSums) Finish(*convert.Summary) error { return nil }
func (k *keptSums) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		switch {
		case r.Phase != convert.End:
		case r.Kind == convert.KindSyscall:
			k.syscalls += time.Duration(r.ID)
		case r.Kind == convert.KindSTW:
			k.stops += time.Duration(r.ID)
		}
	}
	return nil
}

func addTimes(sum, part *sinktest.Sums) {
	sum.Goroutines = plus(sum.Goroutines, part.Goroutines)
	sum.Procs = plus(sum.Procs, part.Procs)
	sum.Kinds = plus(sum.Kinds, part.Kinds)
}

func plus[K comparable](a, b map[K]sinktest.Sum) map[K]sinktest.Sum {
	if a == nil {
		a = make(map[K]sinktest.Sum)
	}
	for k, v := range b {
		a[k] = a[k].Plus(v)
	}
	return a
}

func compareTimes[K comparable](t *testing.T, what string, got, want map[K]sinktest.Sum) {
	t.Helper()
	for k, v := range want {
		if got[k].Time != v.Time {
			t.Errorf("%s: %v lasts %v in all windows, %v in the whole", what, k, got[k].Time, v.Time)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok && v.Time != 0 {
			t.Errorf("%s: %v lasts %v in the windows, and is not in the whole", what, k, v.Time)
		}
	}
}

func TestWindowsThatNoTraceHas(t *testing.T) {
	f := sinktest.Traces(t)[0]
	for _, tt := range []struct {
		from, to time.Duration
		want     string
	}{
		{-1, 0, "counted from its start"},
		{0, -1, "counted from its start"},
		{2, 2, "is empty"},
		{time.Hour, 0, "nothing from 1h0m0s on: the trace lasts "},
	} {
		r, err := os.Open(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = convert.Run(context.Background(), r, convert.Options{From: tt.from, To: tt.to})
		r.Close()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("from %v to %v: %v, want %s", tt.from, tt.to, err, tt.want)
		}
		var input *convert.InputError
		if tt.from == time.Hour && !errors.As(err, &input) {
			t.Errorf("%T is no InputError", err)
		}
	}
}

// TestWindowIsTold holds what sinks are told of a window against what was asked
// for.
func TestWindowIsTold(t *testing.T) {
	for _, f := range sinktest.Traces(t)[:1] {
		for _, tt := range []struct {
			from, to time.Duration
			want     string
		}{
			{0, 0, ""},
			{1, 0, "from 1ns of the trace"},
			{0, 1000, "from 0s to 1µs of the trace"},
			{1, 1000, "from 1ns to 1µs of the trace"},
		} {
			r, err := os.Open(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			var sums sinktest.Sums
			_, err = convert.Run(context.Background(), r, convert.Options{From: tt.from, To: tt.to}, &sums)
			r.Close()
			if err != nil {
				t.Fatal(err)
			}
			if got := sums.Trace.Window(); got != tt.want || sums.Summary.Window() != tt.want {
				t.Errorf("from %v to %v: told %q, at the end %q", tt.from, tt.to, got, sums.Summary.Window())
			}
		}
	}
}
