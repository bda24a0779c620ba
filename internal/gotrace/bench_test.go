package gotrace_test

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"runtime/trace"
	"slices"
	"testing"

	xtrace "golang.org/x/exp/trace"

	"github.com/trace2otel/trace2otel/internal/gotrace"
	"github.com/trace2otel/trace2otel/internal/load"
)

// BenchmarkPrelude reads traces, and looks through each generation before, in turn
// with reading alone; it reports the median of what that adds.
func BenchmarkPrelude(b *testing.B) {
	for _, load := range loads {
		b.Run(load.name, func(b *testing.B) {
			data := load.data(b)
			for b.Loop() {
			}
			const rounds = 9
			var added []float64
			for range rounds {
				runtime.GC()
				t0 := cpu()
				if _, err := count(data, gotrace.Options{}); err != nil {
					b.Fatal(err)
				}
				t1 := cpu()
				runtime.GC()
				t2 := cpu()
				if err := look(data); err != nil {
					b.Fatal(err)
				}
				t3 := cpu()
				added = append(added, float64(t3-t2)/float64(t1-t0)-1)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(added), "added")
		})
	}
}

// look reads a trace with the preludes of all generations.
func look(data []byte) error {
	r, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
	for err == nil {
		var events []gotrace.Event
		if events, err = r.Next(); err == nil && events[0].Type == gotrace.EvSync {
			r.Prelude()
			r.Naming(0)
		}
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// BenchmarkRead reads traces with this package and with golang.org/x/exp/trace
// in turn, and reports the CPU time that each takes per event, and the median
// of the ratios. "stacks" has the oracle list the frames of every stack of
// each generation once, which this package does in any case.
func BenchmarkRead(b *testing.B) {
	for _, load := range loads {
		b.Run(load.name, func(b *testing.B) {
			data := load.data(b)
			for b.Loop() {
				// The ratio is what matters, so that one round has to do.
			}
			const rounds = 9
			var ours, theirs, ratios []float64
			var events int
			for range rounds {
				runtime.GC()
				t0 := cpu()
				readOracle(b, data)
				t1 := cpu()
				runtime.GC()
				t2 := cpu()
				n, err := count(data, gotrace.Options{})
				t3 := cpu()
				if err != nil {
					b.Fatal(err)
				}
				events = n
				theirs = append(theirs, float64((t1-t0).Nanoseconds())/float64(n))
				ours = append(ours, float64((t3-t2).Nanoseconds())/float64(n))
				ratios = append(ratios, float64(t1-t0)/float64(t3-t2))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(events), "events")
			b.ReportMetric(median(ours), "ns/event")
			b.ReportMetric(median(theirs), "oracle-ns/event")
			b.ReportMetric(median(ratios), "ratio")
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

func readOracle(b *testing.B, data []byte) {
	r, err := xtrace.NewReader(bytes.NewReader(data))
	if err != nil {
		b.Fatal(err)
	}
	for {
		if _, err := r.ReadEvent(); err == io.EOF {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

// loads are what the traces to be read are of.
var loads = []struct {
	name string
	data func(b *testing.B) []byte
}{
	{"server", func(b *testing.B) []byte { return file(b, "../../testdata/go1.26.8-multi.trace") }},
	{"sync", func(b *testing.B) []byte { return file(b, "../../../shared/traces/load/sync.trace") }},
	{"tasks", func(b *testing.B) []byte { return file(b, "../../../shared/traces/load/tasks.trace") }},
	{"http", func(b *testing.B) []byte { return record(b, load.Server) }},
	{"channels", func(b *testing.B) []byte { return record(b, load.Channels) }},
	{"goroutines", func(b *testing.B) []byte { return record(b, load.Goroutines) }},
}

func file(b *testing.B, name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		b.Skip(err)
	}
	return data
}

// record returns the trace of a run of f.
func record(b *testing.B, f func()) []byte {
	var buf bytes.Buffer
	if err := trace.Start(&buf); err != nil {
		b.Skip(err)
	}
	f()
	trace.Stop()
	return buf.Bytes()
}
