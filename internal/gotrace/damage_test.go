package gotrace_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// TestAccounts: on every trace, every event of the wire is told, or counted as
// dropped.
func TestAccounts(t *testing.T) {
	traces(t, accounts)
}

// TestCutAccounts cuts traces within batches and between them: all whole
// events before the cut are told or counted.
func TestCutAccounts(t *testing.T) {
	traces(t, func(t *testing.T, data []byte) {
		all := batches(t, data)
		step := max(len(all)/10, 1)
		for i := 0; i < len(all); i += step {
			w := all[i]
			for _, at := range []int{w.start, (w.data + w.end) / 2, w.end} {
				accounts(t, data[:at])
			}
		}
	})
}

// lanes reads a trace and returns the events of each thread, without what
// damage may change: names and stacks.
func lanes(t *testing.T, data []byte, o gotrace.Options) (map[int64][]gotrace.Event, gotrace.Report) {
	t.Helper()
	r, err := gotrace.NewReader(bytes.NewReader(data), o)
	if err != nil {
		return nil, gotrace.Report{}
	}
	lanes := make(map[int64][]gotrace.Event)
	for {
		events, err := r.Next()
		if err != nil {
			return lanes, r.Report()
		}
		for _, e := range events {
			if e.Type == gotrace.EvSync || e.Type == gotrace.EvCPUSample {
				continue
			}
			e.Name, e.Stack, e.Flags = 0, 0, 0
			switch e.Type {
			case gotrace.EvGoCreate, gotrace.EvGoCreateBlocked, gotrace.EvUserLog:
				e.B = 0
			}
			lanes[e.M] = append(lanes[e.M], e)
		}
	}
}

// same counts the events that both have, thread by thread: from the beginnings
// or, if tails is set, the ends on.
func same(got, want map[int64][]gotrace.Event, tails bool) (n, of int) {
	for m, events := range got {
		of += len(events)
		full := want[m]
		for i := range min(len(events), len(full)) {
			a, b := &events[i], &full[i]
			if tails {
				a, b = &events[len(events)-1-i], &full[len(full)-1-i]
			}
			if *a == *b {
				n++
			}
		}
	}
	return n, of
}

// damageable returns traces of several generations and of one, of Go 1.22,
// 1.24 and 1.26.
func damageable(t *testing.T) map[string][]byte {
	files := make(map[string][]byte)
	for _, name := range []string{
		"../../testdata/go1.26.8-multi.trace",
		"../../testdata/go1.26.8-cgo-callback.trace",
		"../../../shared/traces/go/go1.24.0-stress.trace",
		"../../../shared/traces/go/go1.22.0-cgo-callback.trace",
		"../../../shared/traces/server/go1.22.0-multi.trace",
		"../../../shared/traces/load/sync.trace",
		"../../../shared/traces/load/flate.trace",
		"../../../shared/traces/load/tasks.trace",
	} {
		if data, err := os.ReadFile(name); err == nil && !(testing.Short() && len(data) > 1<<20) {
			files[filepath.Base(name)] = data
		}
	}
	return files
}

// TestCutIsTrue cuts traces at ten places each. What is told of the rest is
// what the whole trace tells: at least 999 of 1,000 events, with their times,
// contexts and transitions.
func TestCutIsTrue(t *testing.T) {
	for name, data := range damageable(t) {
		t.Run(name, func(t *testing.T) {
			whole, _ := lanes(t, data, gotrace.Options{})
			var n, of int
			var repaired int64
			for i := range 10 {
				cut, report := lanes(t, data[:len(data)*(2*i+1)/20], gotrace.Options{})
				a, b := same(cut, whole, false)
				n, of = n+a, of+b
				repaired += report.Repaired
				if report.Dropped > 0 {
					t.Errorf("cut %d: %d dropped", i, report.Dropped)
				}
			}
			t.Logf("%d of %d events are true (%.3f %%), %d repaired", n, of, 100*float64(n)/float64(of), repaired)
			if n*1000 < of*999 {
				t.Errorf("only %d of %d events are true", n, of)
			}
		})
	}
}

// TestLostBatch leaves out one batch of a trace, ten times. The other threads'
// events are told as ever; those of the thread itself as from then on.
func TestLostBatch(t *testing.T) {
	for name, data := range damageable(t) {
		t.Run(name, func(t *testing.T) {
			whole, _ := lanes(t, data, gotrace.Options{})
			args := specArgs(t)
			var events []wireBatch
			for _, b := range batches(t, data) {
				if b.typ == 1 && b.end > b.data && args[data[b.data]] > 0 {
					events = append(events, b)
				}
			}
			var n, of int
			var repaired, dropped int64
			for i := range 10 {
				b := events[len(events)*(2*i+1)/20]
				rest := append(append([]byte(nil), data[:b.start]...), data[b.end:]...)
				accounts(t, rest)
				got, report := lanes(t, rest, gotrace.Options{})
				repaired += report.Repaired
				dropped += report.Dropped
				if report.Cut > 0 || report.Lost > 0 {
					t.Errorf("batch %d: %+v", i, report)
				}
				for m, events := range got {
					tails := int64(b.thread) == m
					a, k := same(map[int64][]gotrace.Event{m: events}, whole, tails)
					if tails {
						// What came before the batch, too.
						before, _ := same(map[int64][]gotrace.Event{m: events}, whole, false)
						a = min(a+before, k)
					}
					n, of = n+a, of+k
				}
			}
			t.Logf("%d of %d events are the same (%.3f %%), %d repaired, %d dropped",
				n, of, 100*float64(n)/float64(of), repaired, dropped)
			if n*100 < of*98 {
				t.Errorf("only %d of %d events are the same", n, of)
			}
		})
	}
}

// rewrite makes another trace of one by changing the events of every batch.
// change appends what is to be in the place of an event.
func rewrite(t *testing.T, data []byte, change func(to, event []byte) []byte) []byte {
	args := specArgs(t)
	out := append([]byte(nil), data[:16]...)
	for _, b := range batches(t, data) {
		if b.typ != 1 || b.data == b.end || args[data[b.data]] == 0 {
			out = append(out, data[b.start:b.end]...)
			continue
		}
		var events []byte
		start := 0
		eventEnds(data[b.data:b.end], args, func(end int) {
			events = change(events, data[b.data+start:b.data+end])
			start = end
		})
		// The head, but for the size.
		head := data[b.start:b.data]
		_, n := binary.Uvarint(head[1:])
		_, k := binary.Uvarint(head[1+n:])
		n += k
		_, k = binary.Uvarint(head[1+n:])
		n += k
		out = append(out, head[:1+n]...)
		out = binary.AppendUvarint(out, uint64(len(events)))
		out = append(out, events...)
	}
	return out
}

// TestUnknownEvents gives a type that is known a number that is not. How many
// arguments it has is found out, and all other events are told.
func TestUnknownEvents(t *testing.T) {
	for _, test := range []struct {
		file string
		typ  gotrace.Type
	}{
		{"../../testdata/go1.26.8-multi.trace", gotrace.EvHeapAlloc},
		{"../../testdata/go1.26.8-annotations-stress.trace", gotrace.EvUserRegionBegin},
		{"../../testdata/go1.26.8-multi.trace", gotrace.EvGoUnblock},
		{"../../../shared/traces/load/flate.trace", gotrace.EvHeapAlloc},
		{"../../../shared/traces/load/tasks.trace", gotrace.EvUserLog},
	} {
		data, err := os.ReadFile(test.file)
		if err != nil {
			continue
		}
		var renamed int64
		changed := rewrite(t, data, func(to, event []byte) []byte {
			to = append(to, event...)
			if event[0] == byte(test.typ) {
				renamed++
				to[len(to)-len(event)] = 60
			}
			return to
		})
		all := wireEvents(t, data)
		n, report, err := emitted(t, changed, gotrace.Options{})
		if err != nil || report.Unknown != renamed || n+report.Dropped != all-renamed || report.Lost > 0 {
			t.Errorf("%s, type %d: %d events told of %d, %v, %+v", test.file, test.typ, n, all-renamed, err, report)
		}
		if test.typ != gotrace.EvGoUnblock && report.Repaired+report.Dropped > 0 {
			t.Errorf("%s, type %d: %+v", test.file, test.typ, report)
		}
		if _, _, err := emitted(t, changed, gotrace.Options{Strict: true}); err == nil {
			t.Errorf("%s, type %d: read strictly all the same", test.file, test.typ)
		}
	}
}

// TestMisnestedRegions gives ends of regions other tasks: all are told, also if
// reading is strict.
func TestMisnestedRegions(t *testing.T) {
	data, err := os.ReadFile("../../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	var ends, swapped int64
	changed := rewrite(t, data, func(to, event []byte) []byte {
		if event[0] == byte(gotrace.EvUserRegionEnd) {
			if ends++; ends%100 == 0 {
				// Another task: the last byte of the time, then the task.
				_, n := binary.Uvarint(event[1:])
				_, k := binary.Uvarint(event[1+n:])
				to = append(to, event[:1+n]...)
				to = binary.AppendUvarint(to, 1<<40)
				swapped++
				return append(to, event[1+n+k:]...)
			}
		}
		return append(to, event...)
	})
	for _, strict := range []bool{false, true} {
		n, report, err := emitted(t, changed, gotrace.Options{Strict: strict})
		if want := wireEvents(t, data); n != want || err != nil || swapped == 0 || !report.Clean() {
			t.Errorf("strict %v: %d of %d events told, %d ends changed: %v, %+v", strict, n, want, swapped, err, report)
		}
	}
}

// TestGarbage puts bytes that are none of the trace between its batches. They
// are skipped and counted, and nothing else is lost.
func TestGarbage(t *testing.T) {
	data, err := os.ReadFile("../../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	all := batches(t, data)
	middle := all[len(all)/2]
	at := middle.start
	gen, _ := binary.Uvarint(data[at+1:])
	for _, garbage := range []string{
		"\x00", "\xff\xff\xff", "garbage in the middle", "\x01\x01\x01\x01\x01", string(make([]byte, 4096)),
		// What looks like a batch, but of a time before the generation.
		"\xff\x01" + string(binary.AppendUvarint(nil, gen)) + "\x63\x02\x04\x00\x00\x00\x00",
	} {
		changed := append(append(append([]byte(nil), data[:at]...), garbage...), data[at:]...)
		n, report, err := emitted(t, changed, gotrace.Options{})
		if want := wireEvents(t, data); n != want || report.Lost != int64(len(garbage)) || err != nil || report.Repaired > 0 {
			t.Errorf("%.10q: %d of %d events told: %v, %+v", garbage, n, want, err, report)
		}
	}
}
