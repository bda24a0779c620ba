package gotrace_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// times are what a reading says of when: the first and the last time, and the
// time of the Sync that begins the last generation.
type times struct{ first, last, sync int64 }

// timesOf reads a trace leniently to its end.
func timesOf(t *testing.T, data []byte) (all times, n int, report gotrace.Report) {
	t.Helper()
	r, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
	if err != nil {
		return all, 0, report
	}
	all.first = math.MaxInt64
	for {
		events, err := r.Next()
		if err != nil {
			return all, n, r.Report()
		}
		for _, e := range events {
			n++
			all.first, all.last = min(all.first, e.Time), max(all.last, e.Time)
			if e.Type == gotrace.EvSync && r.Current() {
				all.sync = e.Time
			}
		}
	}
}

// jump moves one event of a trace, and all that follow in its batch, by so many
// ticks: the first one in the middle of its generation whose time is written in
// one byte.
func jump(t *testing.T, data []byte, gen uint64, ticks uint64) []byte {
	all := batches(t, data)
	args := specArgs(t)
	for i, b := range all {
		if b.gen != gen || i < len(all)/8 || b.typ != 1 || b.end-b.data < 1000 || args[data[b.data]] == 0 {
			continue
		}
		var at int
		eventEnds(data[b.data:b.end], args, func(end int) {
			if at == 0 && end > 200 && b.data+end+1 < b.end && data[b.data+end+1] < 0x80 {
				at = b.data + end + 1
			}
		})
		later := binary.AppendUvarint(nil, uint64(data[at])+ticks)
		head := data[b.start : b.start+1]
		for v, rest := 0, data[b.start+1:]; v < 3; v++ {
			_, n := binary.Uvarint(rest)
			head, rest = data[b.start:b.start+len(head)+n], rest[n:]
		}
		out := append(bytes.Clone(data[:b.start]), head...)
		out = binary.AppendUvarint(out, uint64(b.end-b.data+len(later)-1))
		out = append(out, data[b.data:at]...)
		out = append(out, later...)
		return append(out, data[at+1:]...)
	}
	t.Fatalf("generation %d has no batch to damage", gen)
	return nil
}

// TestTimesThatCannotBe puts an event years ahead, in the middle of a trace and
// in its last generation: it is told in its place, and counted. Reading strictly
// refuses it; reading as Go does takes it as it is.
func TestTimesThatCannotBe(t *testing.T) {
	for _, test := range []struct {
		file  string
		gen   uint64
		ticks uint64
	}{
		{"go1.26.8-multi.trace", 3, 1 << 40},
		{"go1.26.8-multi.trace", 3, 1 << 25}, // 2 s
		{"go1.26.8-multi.trace", 3, 1 << 62},
		{"go1.26.8-multi.trace", 3, math.MaxUint64 - 1<<10},
		{"go1.26.8-gc-stress.trace", 1, 1 << 25}, // in the only one
	} {
		data, err := os.ReadFile("../../testdata/" + test.file)
		if err != nil {
			t.Fatal(err)
		}
		want, events, _ := timesOf(t, data)
		damaged := jump(t, data, test.gen, test.ticks)
		got, n, report := timesOf(t, damaged)
		if got != want || n != events || report.Misdated != 1 || report.Clean() {
			t.Errorf("%s, %d ticks: %d events, %+v; want %d, %+v; %+v", test.file, test.ticks, n, got, events, want, report)
		}
		if _, err := count(damaged, gotrace.Options{Strict: true}); err == nil {
			t.Errorf("%s, %d ticks: read strictly all the same", test.file, test.ticks)
		}
		if _, err := count(damaged, gotrace.Options{Strict: true, Squeeze: true}); err != nil {
			t.Errorf("%s, %d ticks: as Go does: %v", test.file, test.ticks, err)
		}
		if first, last, err := gotrace.Extent(bytes.NewReader(damaged), int64(len(damaged))); err == nil && (first != want.first || last != want.last) {
			t.Errorf("%s, %d ticks: extent %d to %d", test.file, test.ticks, first, last)
		}
	}
}

// TestTimeJumps reads sixty events 73 years apart, batches and CPU samples that
// are as late, and a clock that reads a date of the year 9999.
func TestTimeJumps(t *testing.T) {
	const late = 1 << 55 // ticks
	events := func(dt uint64) []byte {
		data := forge.Event(nil, gotrace.EvProcStatus, 1, 0, 1)
		data = forge.Event(data, gotrace.EvGoStatus, 1, 1, 1, 2)
		for id := range uint64(60) {
			data = forge.Event(data, gotrace.EvGoCreate, dt, 3+id, 0, 0)
		}
		return data
	}
	for name, write := range map[string]func(f *forge.Trace){
		"events": func(f *forge.Trace) { f.Sync(1); f.Batch(1, 1, 1, events(late)) },
		"batch": func(f *forge.Trace) {
			f.Sync(1)
			f.Batch(1, 1, 1, events(100))
			f.Batch(1, 1, 4*late, forge.Event(nil, gotrace.EvGoCreate, 1, 999, 0, 0))
		},
		"sample": func(f *forge.Trace) {
			f.Sync(1)
			f.Batch(1, 1, 1, events(100))
			f.Batch(1, 1, 1, forge.Event([]byte{6}, gotrace.EvCPUSample, 4*late, 1, 0, 1, 0))
		},
		"clock": func(f *forge.Trace) {
			data := binary.AppendUvarint([]byte{50, 8}, 1e9/64)
			data = binary.AppendUvarint(append(data, 51, 1, 1), 253_402_300_799)
			f.Batch(1, math.MaxUint64, 1, append(data, 1))
			f.Batch(1, 1, 1, events(100))
		},
		"ticks": func(f *forge.Trace) {
			f.Batch(1, math.MaxUint64, 1, []byte{50, 8, 48, 51, 1, 1, 1, 1}) // 48 a second
			f.Batch(1, 1, 1, events(100))
		},
	} {
		f := forge.New()
		write(f)
		f.End()
		got, n, report := timesOf(t, f.Bytes())
		if report.Misdated == 0 || got.first < 0 || got.last > 1<<62 || n < 64 {
			t.Errorf("%s: %d events, %+v, %+v", name, n, got, report)
		}
		if name != "ticks" && name != "events" && got.last > 1e9 {
			t.Errorf("%s: up to %d", name, got.last)
		}
		if _, err := count(f.Bytes(), gotrace.Options{Strict: true}); err == nil {
			t.Errorf("%s: read strictly all the same", name)
		}
	}
}

// TestFlippedBits flips single bits: no time is negative, or later than there
// are clocks, and none that makes a trace longer does so without a word.
func TestFlippedBits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"go1.26.8-annotations-stress.trace", "go1.24.0-annotations.trace"} {
		data, err := os.ReadFile("../../testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := timesOf(t, data)
		stretched := 0
		for range 2000 {
			flipped := bytes.Clone(data)
			flipped[16+random.IntN(len(data)-16)] ^= 1 << random.IntN(8)
			got, _, report := timesOf(t, flipped)
			if got.first < 0 || got.last > 1<<62 || got.sync > 0 && got.last < got.sync {
				t.Fatalf("%+v, %+v", got, report)
			}
			if got.last > want.last+2e9 && got.first == want.first { // and not by its frequency
				stretched++
				if report.Clean() {
					t.Errorf("%+v, want %+v; %+v", got, want, report)
				}
			}
		}
		t.Logf("%s: %d of 2000 stretched", name, stretched)
	}
}
