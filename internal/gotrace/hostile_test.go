package gotrace_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// readForged reads a forged trace, and returns how much memory was in use at most,
// between calls, and how long it took.
func readForged(t *testing.T, f *forge.Trace, o gotrace.Options) (report gotrace.Report, peak uint64, took time.Duration) {
	t.Helper()
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begun := time.Now()
	r, err := gotrace.NewReader(bytes.NewReader(f.Bytes()), o)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		if _, err := r.Next(); err != nil {
			break
		}
		if n%100 == 0 {
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc {
				peak = max(peak, now.HeapAlloc-before.HeapAlloc)
			}
		}
	}
	return r.Report(), peak, time.Since(begun)
}

// TestHostileMemory reads a megabyte each of what costs the most memory for
// its size.
func TestHostileMemory(t *testing.T) {
	const size = 1 << 20
	for _, test := range []struct {
		name  string
		limit uint64 // in sizes
		write func(f *forge.Trace)
	}{
		{"strings of sparse ids", 40, func(f *forge.Trace) {
			for id := uint64(1); f.Len() < size; {
				data := []byte{4}
				for len(data) < 60_000 {
					data = append(data, 5)
					data = binary.AppendUvarint(data, id)
					data = append(data, 0)
					id += 1 << 10
				}
				f.Batch(1, 1, 1, data)
			}
		}},
		{"empty batches of many threads", 40, func(f *forge.Trace) {
			for m := uint64(1); f.Len() < size; m++ {
				f.Batch(1, m<<20, 1, nil)
			}
		}},
		{"goroutines of sparse ids", 40, func(f *forge.Trace) {
			data := forge.Event(nil, gotrace.EvProcStatus, 1, 0, 1)
			for id := uint64(1); f.Len() < size; {
				for len(data) < 60_000 {
					data = forge.Event(data, gotrace.EvGoCreate, 1, id<<14, 0, 0)
					id++
				}
				f.Batch(1, 1, 1, data)
				data = nil
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			f.Sync(1)
			test.write(f)
			f.End()
			_, peak, _ := readForged(t, f, gotrace.Options{})
			t.Logf("%d bytes of a trace of %d", peak, f.Len())
			if peak > test.limit*size {
				t.Errorf("%d bytes of memory for a trace of %d", peak, f.Len())
			}
		})
	}
}

// TestHostileOrder reads traces of which every event waits for one that does
// not come, on thousands of threads.
func TestHostileOrder(t *testing.T) {
	f := forge.New()
	f.Sync(1)
	threads := uint64(5_000)
	if testing.Short() {
		threads = 500
	}
	for m := uint64(1); m <= threads; m++ {
		var data []byte
		for i := range uint64(20) {
			data = forge.Event(data, gotrace.EvGoUnblock, 1, m*100+i, 3, 0)
		}
		f.Batch(1, m, 1+m%7, data)
	}
	f.End()
	report, _, took := readForged(t, f, gotrace.Options{})
	if report.Repaired != int64(20*threads) {
		t.Errorf("%+v", report)
	}
	t.Logf("%d bytes take %v", f.Len(), took)
}

// TestHostileForesight: looking ahead in each of many small generations costs no
// more than the size of the trace allows, however large the state is.
func TestHostileForesight(t *testing.T) {
	f := forge.New()
	f.Sync(1)
	for id := uint64(1); id < 100_000; {
		data := forge.Event(nil, gotrace.EvProcStatus, 1, id, 1)
		for range 5000 {
			data = forge.Event(data, gotrace.EvGoCreate, 1, id, 0, 0)
			id++
		}
		f.Batch(1, id, 1, data)
	}
	f.End()
	generations := uint64(20_000)
	if testing.Short() {
		generations = 2_000
	}
	for gen := uint64(2); gen < generations; gen++ {
		f.Sync(gen)
		f.Batch(gen, 1, 1, forge.Event(nil, gotrace.EvGoUnblock, 1, 1, 100, 0))
		f.End()
	}
	report, _, took := readForged(t, f, gotrace.Options{})
	if report.Repaired < int64(generations)-2 {
		t.Errorf("%+v", report)
	}
	t.Logf("%d bytes take %v", f.Len(), took)
}

// TestGenerationLimit stops at a generation that is too large.
func TestGenerationLimit(t *testing.T) {
	f := forge.New()
	f.Sync(1)
	for m := range uint64(100) {
		f.Batch(1, m, 1, forge.Event(nil, gotrace.EvProcStatus, 1, m, 2))
	}
	f.End()
	for _, strict := range []bool{false, true} {
		n, err := count(f.Bytes(), gotrace.Options{Strict: strict, MaxGeneration: 500})
		if err == nil || strict && n > 1 || !strict && n < 10 {
			t.Errorf("strict: %v: %d events, error %v", strict, n, err)
		}
		if n, err := count(f.Bytes(), gotrace.Options{Strict: strict}); err != nil || n != 102 {
			t.Errorf("strict: %v: %d events, error %v", strict, n, err)
		}
	}
}
