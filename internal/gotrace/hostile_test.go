package gotrace_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// A forger writes traces that no runtime would.
type forger struct{ bytes.Buffer }

func forge() *forger {
	f := new(forger)
	f.WriteString("go 1.26 trace\x00\x00\x00")
	return f
}

// batch appends a batch of generation gen.
func (f *forger) batch(gen, thread, time uint64, data []byte) {
	head := []byte{1}
	for _, v := range []uint64{gen, thread, time, uint64(len(data))} {
		head = binary.AppendUvarint(head, v)
	}
	f.Write(head)
	f.Write(data)
}

// sync appends a generation's clock.
func (f *forger) sync(gen uint64) {
	data := []byte{50, 8}
	data = binary.AppendUvarint(data, 1e9/64)
	f.batch(gen, ^uint64(0), 1, append(data, 51, 1, 1, 1, 1))
}

// event appends an event to a batch's data.
func event(data []byte, t gotrace.Type, args ...uint64) []byte {
	data = append(data, byte(t))
	for _, a := range args {
		data = binary.AppendUvarint(data, a)
	}
	return data
}

// read reads a forged trace, and returns how much memory was in use at most,
// between calls, and how long it took.
func (f *forger) read(t *testing.T, o gotrace.Options) (report gotrace.Report, peak uint64, took time.Duration) {
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
		write func(f *forger)
	}{
		{"strings of sparse ids", 40, func(f *forger) {
			for id := uint64(1); f.Len() < size; {
				data := []byte{4}
				for len(data) < 60_000 {
					data = append(data, 5)
					data = binary.AppendUvarint(data, id)
					data = append(data, 0)
					id += 1 << 10
				}
				f.batch(1, 1, 1, data)
			}
		}},
		{"empty batches of many threads", 40, func(f *forger) {
			for m := uint64(1); f.Len() < size; m++ {
				f.batch(1, m<<20, 1, nil)
			}
		}},
		{"goroutines of sparse ids", 40, func(f *forger) {
			data := event(nil, gotrace.EvProcStatus, 1, 0, 1)
			for id := uint64(1); f.Len() < size; {
				for len(data) < 60_000 {
					data = event(data, gotrace.EvGoCreate, 1, id<<14, 0, 0)
					id++
				}
				f.batch(1, 1, 1, data)
				data = nil
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := forge()
			f.sync(1)
			test.write(f)
			f.WriteByte(52)
			_, peak, _ := f.read(t, gotrace.Options{})
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
	f := forge()
	f.sync(1)
	threads := uint64(5_000)
	if testing.Short() {
		threads = 500
	}
	for m := uint64(1); m <= threads; m++ {
		var data []byte
		for i := range uint64(20) {
			data = event(data, gotrace.EvGoUnblock, 1, m*100+i, 3, 0)
		}
		f.batch(1, m, 1+m%7, data)
	}
	f.WriteByte(52)
	report, _, took := f.read(t, gotrace.Options{})
	if report.Repaired != int64(20*threads) {
		t.Errorf("%+v", report)
	}
	t.Logf("%d bytes take %v", f.Len(), took)
}

// TestGenerationLimit stops at a generation that is too large.
func TestGenerationLimit(t *testing.T) {
	f := forge()
	f.sync(1)
	for m := range uint64(100) {
		f.batch(1, m, 1, event(nil, gotrace.EvProcStatus, 1, m, 2))
	}
	f.WriteByte(52)
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
