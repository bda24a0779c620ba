package main

import (
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// The last event is now: that of the trace, or of the window on it.
func TestShiftToNow(t *testing.T) {
	targets := []target{{output: output{now: true}}}
	for _, to := range []time.Duration{0, time.Millisecond, time.Hour} {
		x := extent{path: "../../testdata/go1.26.8-multi.trace"}
		o := convert.Options{To: to}
		if err := shiftToNow(t.Context(), targets, &x, &o); err != nil {
			t.Fatal(err)
		}
		end := x.length
		if to == time.Millisecond {
			end = to
		}
		if ago := time.Since(o.Start.Add(end)); ago < 0 || ago > 3*time.Second || x.length <= time.Millisecond {
			t.Errorf("up to %v of %v: the end is %v ago", to, x.length, ago)
		}
	}
}
