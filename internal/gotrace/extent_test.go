package gotrace_test

import (
	"bytes"
	"os"
	"path"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// TestExtentIsTheReaders compares the extent of traces with the times that a
// Reader gives the first and the last event. Traces that are whole have one. In
// some of those written by hand, threads go back in time.
func TestExtentIsTheReaders(t *testing.T) {
	n := 0
	traces(t, func(t *testing.T, data []byte) {
		if path.Base(path.Dir(t.Name())) == "text" || !accepted(data) {
			return
		}
		first, last, err := gotrace.Extent(bytes.NewReader(data), int64(len(data)))
		wantFirst, wantLast := ends(t, data)
		switch {
		case wantFirst == wantLast: // a header, and the Sync that ends every trace
		case err != nil:
			t.Error(err)
		case first != wantFirst || last != wantLast:
			t.Errorf("from %d to %d, want from %d to %d", first, last, wantFirst, wantLast)
		default:
			n++
		}
	})
	least := 15 // of testdata
	if _, err := os.Stat("../../../shared/traces"); err == nil {
		least = 20
	}
	if n < least {
		t.Errorf("only %d traces have an extent", n)
	}
}

// ends reads a trace to its end.
func ends(t *testing.T, data []byte) (first, last int64) {
	r, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; {
		events, err := r.Next()
		if err != nil {
			return first, last
		}
		for i := range events {
			if n++; n == 1 {
				first = events[i].Time
			}
			last = events[i].Time
		}
	}
}

// Traces that are cut have no extent, wherever it is, but between generations:
// nor has what is no trace.
func TestNoExtent(t *testing.T) {
	traces(t, func(t *testing.T, data []byte) {
		if path.Base(path.Dir(t.Name())) == "text" || !accepted(data) {
			return
		}
		for n := 0; n < len(data); n += 1 + len(data)/97 {
			first, last, err := gotrace.Extent(bytes.NewReader(data), int64(n))
			if err != nil {
				continue
			}
			if wantFirst, wantLast := ends(t, data[:n]); first != wantFirst || last != wantLast {
				t.Errorf("%d bytes are from %d to %d, want from %d to %d", n, first, last, wantFirst, wantLast)
			}
		}
	})
}
