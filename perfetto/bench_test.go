package perfetto_test

import (
	"io"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/sinktest"
	"github.com/trace2otel/trace2otel/perfetto"
)

// BenchmarkSink writes the records of whole traces, and says what one costs.
func BenchmarkSink(b *testing.B) {
	for _, f := range sinktest.Traces(b) {
		switch f.Name {
		case "go1.26.8-multi.trace", "sync.trace", "tasks.trace", "json-cpuprof.trace":
		default:
			continue
		}
		b.Run(f.Name, func(b *testing.B) {
			rec := sinktest.Load(b, f)
			b.ReportAllocs()
			var n counter
			for b.Loop() {
				n = 0
				if err := rec.Replay(perfetto.New(&n, perfetto.Options{CounterStep: 100 * time.Microsecond}), convert.DefaultBatchSize); err != nil {
					b.Fatal(err)
				}
			}
			ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			b.ReportMetric(ns/float64(len(rec.Records)), "ns/record")
			b.ReportMetric(ns/float64(rec.Summary.Events), "ns/event")
			b.ReportMetric(float64(n)/float64(len(rec.Records)), "B/record")
			b.ReportMetric(float64(n)/float64(rec.Summary.Events), "B/event")
		})
	}
}

// A counter counts bytes.
type counter int64

var _ io.Writer = (*counter)(nil)

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
