package pprofout_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/pprofout"
)

// TestCompleteEqualsSums holds the profiles to the sums of the records.
func TestCompleteEqualsSums(t *testing.T) {
	for _, f := range slices.Concat(fixtures.All(t), fixtures.Windows(t)) {
		t.Run(f.Name, func(t *testing.T) {
			var sums sinktest.Sums
			var lives lifetimes
			profiles := profilesOf(t, f, false, &sums, &lives)
			want := wanted(&sums)
			want[pprofout.Create] = lives.created
			for _, k := range pprofout.Kinds {
				p := profiles[k]
				count, delay := total(p)
				if got := (sinktest.Sum{Count: count, Time: time.Duration(delay)}); got != want[k] {
					t.Errorf("%v: got %v, the records sum up to %v", k, got, want[k])
				}
				if p.DurationNanos != int64(sums.Summary.End.Sub(sums.Trace.Start)) {
					t.Errorf("%v: lasts %d", k, p.DurationNanos)
				}
			}
			compareLabels(t, &sums, &lives, profiles[pprofout.Wall])
		})
	}
}

// TestWindowEqualsSums holds the profiles of a part of a trace to the sums of
// its records; what its edges cut is labelled so.
func TestWindowEqualsSums(t *testing.T) {
	trace, err := os.Open(filepath.Join(fixtures.Root(t), "testdata", "go1.26.8-multi.trace"))
	if err != nil {
		t.Fatal(err)
	}
	defer trace.Close()
	var sums sinktest.Sums
	set := newSet(pprofout.Kinds, pprofout.Options{})
	o := convert.Options{From: 1500 * time.Millisecond, To: 4 * time.Second}
	if _, err := convert.Run(context.Background(), trace, o, &sums, set); err != nil {
		t.Fatal(err)
	}
	profiles := set.profiles(t)
	for k, want := range wanted(&sums) {
		count, delay := total(profiles[k])
		if got := (sinktest.Sum{Count: count, Time: time.Duration(delay)}); got != want || want.Count == 0 && k != pprofout.CPU {
			t.Errorf("%v: got %v, the records sum up to %v", k, got, want)
		}
	}
	cut := make(map[string]int64)
	for _, s := range profiles[pprofout.Wall].Sample {
		for _, at := range s.Label["open"] {
			cut[at] += s.Value[0]
		}
		if d := time.Duration(s.Value[1]); s.Value[0] == 1 && d > 2500*time.Millisecond {
			t.Errorf("a state of %v", d)
		}
	}
	if cut["start"] == 0 || cut["end"] == 0 {
		t.Errorf("states cut: %v", cut)
	}
}

// wanted returns what the profiles are to sum up to.
func wanted(sums *sinktest.Sums) map[pprofout.Kind]sinktest.Sum {
	waits := func(match func(reason string) bool) sinktest.Sum {
		return sums.States(func(k sinktest.StateKey) bool {
			return k.State == convert.StateWaiting && match(k.Reason)
		})
	}
	inSyscall := sums.States(func(k sinktest.StateKey) bool {
		return k.State == convert.StateSyscall || k.State == convert.StateSyscallBlocked
	})
	samples := sums.Kinds[convert.KindSample].Count
	return map[pprofout.Kind]sinktest.Sum{
		pprofout.Net: waits(func(reason string) bool { return reason == "network" }),
		pprofout.Sync: waits(func(reason string) bool {
			return slices.Contains([]string{
				"chan receive", "chan send", "select", "sync", "sync.(*Cond).Wait",
			}, reason)
		}),
		pprofout.Syscall: {Count: sums.Kinds[convert.KindSyscall].Count, Time: inSyscall.Time},
		pprofout.Sched:   sums.ByState()[convert.StateRunnable],
		pprofout.Wait:    sums.ByState()[convert.StateWaiting],
		pprofout.Run:     sums.ByState()[convert.StateRunning],
		pprofout.Wall:    sums.States(nil),
		pprofout.GC: sums.Kinds[convert.KindAssist].Plus(sums.Kinds[convert.KindSweep]).
			Plus(sums.Kinds[convert.KindSTW]),
		pprofout.CPU: {Count: samples, Time: time.Duration(samples) * 10 * time.Millisecond},
	}
}

// lifetimes adds up the lives of goroutines, by their start functions as they
// are known in the end.
type lifetimes struct {
	byFunc  map[string]time.Duration
	names   map[convert.GoID]string
	created sinktest.Sum // in the trace
}

func (l *lifetimes) Begin(*convert.Trace) error {
	*l = lifetimes{byFunc: make(map[string]time.Duration), names: make(map[convert.GoID]string)}
	return nil
}

func (l *lifetimes) Consume(b *convert.Batch) error {
	for i := range b.Records {
		if r := &b.Records[i]; r.Kind == convert.KindGoroutine && r.Phase == convert.End {
			l.byFunc[r.Name] += r.Duration()
			l.names[r.G] = r.Name
			if r.Flags&convert.OpenStart == 0 {
				l.created = l.created.Add(r.Duration())
			}
		}
	}
	return nil
}

func (l *lifetimes) Finish(*convert.Summary) error { return nil }

// A wallLabel is what the wall profile tells of a state.
type wallLabel struct{ fn, state, reason string }

// compareLabels holds the wall profile to the lives of goroutines and to their
// states.
func compareLabels(t *testing.T, sums *sinktest.Sums, lives *lifetimes, wall *profile.Profile) {
	t.Helper()
	byFunc := make(map[string]time.Duration)
	got := make(map[wallLabel]sinktest.Sum)
	for _, s := range wall.Sample {
		d := time.Duration(s.Value[1])
		byFunc[label(s, "goroutine_func")] += d
		k := wallLabel{label(s, "goroutine_func"), label(s, "state"), label(s, "reason")}
		got[k] = got[k].Plus(sinktest.Sum{Count: s.Value[0], Time: d})
	}
	for fn, want := range lives.byFunc {
		if byFunc[fn] != want {
			t.Errorf("wall: %q: %v of a life of %v", fn, byFunc[fn], want)
		}
	}
	words := map[convert.State]string{
		convert.StateRunnable: "runnable", convert.StateRunning: "running", convert.StateWaiting: "waiting",
		convert.StateSyscall: "syscall", convert.StateSyscallBlocked: "syscall-blocked",
	}
	want := make(map[wallLabel]sinktest.Sum)
	for k, v := range sums.Goroutines {
		l := wallLabel{lives.names[k.G], words[k.State], k.Reason}
		want[l] = want[l].Plus(v)
	}
	for l, v := range want {
		if l.state == "waiting" && l.reason == "" {
			continue // said in words
		}
		if got[l] != v {
			t.Errorf("wall: %+v: got %v, want %v", l, got[l], v)
		}
	}
}

// label returns the only value that s has of a label, or nothing.
func label(s *profile.Sample, key string) string {
	if len(s.Label[key]) == 1 {
		return s.Label[key][0]
	}
	return ""
}
