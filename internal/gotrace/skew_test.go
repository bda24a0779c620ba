package gotrace_test

import (
	"encoding/binary"
	"io"
	"os"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// skew moves the events of every thread by an amount of its own, in ticks, as
// if their clocks differed.
func skew(t *testing.T, data []byte, by func(thread uint64) int64) []byte {
	out := append([]byte(nil), data[:16]...)
	for _, b := range batches(t, data) {
		if b.typ != 1 {
			out = append(out, data[b.start:b.end]...)
			continue
		}
		head := data[b.start+1 : b.data]
		gen, n := binary.Uvarint(head)
		thread, k := binary.Uvarint(head[n:])
		time, _ := binary.Uvarint(head[n+k:])
		out = append(out, b.typ)
		out = binary.AppendUvarint(out, gen)
		out = binary.AppendUvarint(out, thread)
		out = binary.AppendUvarint(out, uint64(int64(time)+by(thread)))
		out = binary.AppendUvarint(out, uint64(b.end-b.data))
		out = append(out, data[b.data:b.end]...)
	}
	return out
}

// TestSkewedClocks lets the threads' clocks differ, so that the order of times
// is not that of events. It is found as the oracle finds it; leniently, up to
// a millisecond.
func TestSkewedClocks(t *testing.T) {
	for _, name := range []string{
		"../../testdata/go1.26.8-multi.trace",
		"../../testdata/go1.26.8-cgo-callback.trace",
		"../../testdata/go1.24.0-iter-pull.trace",
		"../../testdata/go1.22.0-annotations.trace",
		"../../../shared/traces/go/go1.24.0-stress.trace",
		"../../../shared/traces/load/flate.trace",
	} {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for _, ticks := range []int64{1, 100, 10_000} {
			skewed := skew(t, data, func(thread uint64) int64 { return int64(thread*2654435761%1000) * ticks / 1000 })
			compare(t, skewed)
			if ticks == 10_000 {
				r, err := newReading(skewed, gotrace.Options{})
				for err == nil {
					_, _, err = r.next()
				}
				if report := r.r.Report(); err != io.EOF || !report.Clean() {
					t.Errorf("%s: skewed by up to %d ticks: %v, %+v", name, ticks, err, report)
				}
			}
		}
		skewed := skew(t, data, func(thread uint64) int64 { return int64(thread % 2 * 1e9 / 64) })
		compare(t, skewed) // by a second
		accounts(t, skewed)
	}
}

// TestCutAtEveryBatch cuts a trace between and within all of its batches.
func TestCutAtEveryBatch(t *testing.T) {
	for _, name := range []string{
		"../../testdata/go1.26.8-annotations-stress.trace",
		"../../testdata/go1.22.0-annotations.trace",
		"../../testdata/go1.24.0-stress-start-stop.trace",
		"../../testdata/go1.26.8-cgo-callback.trace",
	} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches(t, data) {
			for _, at := range []int{b.start, b.start + 1, b.data, (b.data + b.end) / 2, b.end - 1, b.end} {
				accounts(t, data[:at])
			}
		}
	}
}
