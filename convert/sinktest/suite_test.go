package sinktest_test

import (
	"io"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
)

// TestPrinterConforms tests the suite as much as the Printer.
func TestPrinterConforms(t *testing.T) {
	sinktest.Test(t, func(w io.Writer) convert.Sink {
		return &sinktest.Printer{W: w, Stacks: true}
	})
}

func TestReplayIsFaithful(t *testing.T) {
	rec := sinktest.Everything(t)
	for _, size := range []int{1, 7, 1024} {
		var again sinktest.Recorder
		if err := rec.Replay(&again, size); err != nil {
			t.Fatal(err)
		}
		if got, want := printed(t, &again, 3), printed(t, rec, 3); got != want {
			t.Errorf("batches of %d: got\n%s\nwant\n%s", size, got, want)
		}
		if again.Summary.End != rec.Summary.End || again.Trace != rec.Trace {
			t.Errorf("batches of %d: got %v, %v", size, again.Trace, again.Summary)
		}
	}
}

func TestSums(t *testing.T) {
	var sums sinktest.Sums
	if err := sinktest.Everything(t).Replay(&sums, 1); err != nil {
		t.Fatal(err)
	}
	const worker = convert.GoID(5000000000)
	if got, want := sums.Goroutines[sinktest.StateKey{G: worker, State: convert.StateWaiting, Reason: "chan receive"}], (sinktest.Sum{Count: 1, Time: 50}); got != want {
		t.Errorf("chan receive: got %v, want %v", got, want)
	}
	if got, want := sums.ByGoroutine()[worker].Time, sums.Named[sinktest.NameKey{Kind: convert.KindGoroutine, Name: "main.worker"}].Time; got != want || got != 1200 {
		t.Errorf("states sum up to %v of %v", got, want)
	}
	if got, want := sums.ByState()[convert.StateRunnable], sums.States(func(k sinktest.StateKey) bool {
		return k.State == convert.StateRunnable
	}); got != want || got.Count != 4 {
		t.Errorf("runnable: %v or %v", got, want)
	}
	if got := sums.Procs[sinktest.ProcKey{P: 0, State: convert.StateIdle}]; got.Time != 90 {
		t.Errorf("P0 idle: %v", got)
	}
}
