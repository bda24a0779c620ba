package gotrace_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"testing"

	"github.com/trace2otel/trace2otel/internal/forge"
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
// is not that of events. It is found as the oracle finds it, leniently too.
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
			sameStrictly(t, skewed)
		}
		skewed := skew(t, data, func(thread uint64) int64 { return int64(thread % 2 * 1e9 / 64) })
		compare(t, skewed) // by a second
		sameStrictly(t, skewed)
		accounts(t, skewed)
	}
}

// TestStrictlySound: what reads without an error strictly reads the same
// leniently, event by event, and nothing is repaired.
func TestStrictlySound(t *testing.T) { traces(t, sameStrictly) }

// sameStrictly compares the lenient reading of a trace with the strict one, if
// that goes to the end.
func sameStrictly(t *testing.T, data []byte) {
	t.Helper()
	if n, err := count(data, gotrace.Options{Strict: true}); err != nil || n == 0 {
		return
	}
	strict, _ := newReading(data, gotrace.Options{Strict: true})
	got, _ := newReading(data, gotrace.Options{})
	for n := 1; ; n++ {
		w, _, wantErr := strict.next()
		g, e, err := got.next()
		report := got.r.Report()
		if report.Cut > 0 && bytes.HasPrefix(data, []byte("go 1.25")) {
			return // its program was killed: strict reading cannot tell
		}
		if wantErr == io.EOF && err == io.EOF && report.Clean() {
			return
		}
		if wantErr != nil || err != nil || g != w || e.Flags&^gotrace.Late != 0 {
			t.Fatalf("event %d:\ngot  %+v, flags %b, %v\nwant %+v, %v\n%+v", n, g, e.Flags, err, w, wantErr, report)
		}
	}
}

// TestLateSteal: a steal whose time is much later than that of the event that
// has to follow it is no damage.
func TestLateSteal(t *testing.T) {
	data := forge.LateSteal(nil)
	compare(t, data)
	sameStrictly(t, data)
	if n, err := count(data, gotrace.Options{Strict: true}); err != nil || n < 1000 {
		t.Errorf("%d events, %v", n, err)
	}
}

// TestLateStealThenDamage: where the strict rules fail for a generation, all
// before that event is as they have it, and what comes late is not repaired.
func TestLateStealThenDamage(t *testing.T) {
	const ms = 15_625
	data := forge.LateSteal(forge.Event(nil, gotrace.EvGoUnblock, 8*ms, 1<<20, 3, 0))
	r, err := newReading(data, gotrace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var repaired []gotrace.Type
	var steal, end int
	for n := 1; ; n++ {
		var e gotrace.Event
		if _, e, err = r.next(); err != nil {
			break
		}
		if e.Flags&gotrace.Repaired != 0 {
			repaired = append(repaired, e.Type)
		}
		switch e.Type {
		case gotrace.EvProcSteal:
			steal = n
		case gotrace.EvGoSyscallEndBlocked:
			end = n
		}
	}
	if err != io.EOF || len(repaired) != 1 || repaired[0] != gotrace.EvGoUnblock || end != steal+1 {
		t.Errorf("%v: repaired %v; the steal is event %d, the end of the system call %d", err, repaired, steal, end)
	}
	accounts(t, data)
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
