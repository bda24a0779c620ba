package perfetto_test

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/perfetto"
)

// BenchmarkSink writes the records of whole traces, and says what one costs.
func BenchmarkSink(b *testing.B) {
	for _, f := range fixtures.All(b) {
		switch f.Name {
		case "go1.26.8-multi.trace", "sync.trace", "tasks.trace", "json-cpuprof.trace":
		default:
			continue
		}
		b.Run(f.Name, func(b *testing.B) {
			var rec tape
			fixtures.Run(b, f, &rec)
			b.ReportAllocs()
			var n counter
			for b.Loop() {
				n = 0
				if err := rec.play(perfetto.New(&n, perfetto.Options{CounterStep: 100 * time.Microsecond})); err != nil {
					b.Fatal(err)
				}
			}
			ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			b.ReportMetric(ns/float64(rec.records), "ns/record")
			b.ReportMetric(ns/float64(rec.summary.Events), "ns/event")
			b.ReportMetric(float64(n)/float64(rec.records), "B/record")
			b.ReportMetric(float64(n)/float64(rec.summary.Events), "B/event")
		})
	}
}

// A tape keeps the batches of a trace as they come, so that playing them costs
// nothing.
type tape struct {
	trace   convert.Trace
	batches []convert.Batch
	records int
	summary convert.Summary
}

func (t *tape) Begin(trace *convert.Trace) error { t.trace = *trace; return nil }

func (t *tape) Consume(b *convert.Batch) error {
	t.batches = append(t.batches, convert.Batch{Records: slices.Clone(b.Records), Stacks: slices.Clone(b.Stacks)})
	t.records += len(b.Records)
	return nil
}

func (t *tape) Finish(s *convert.Summary) error { t.summary = *s; return nil }

func (t *tape) play(sink convert.Sink) error {
	trace, summary := t.trace, t.summary
	if err := sink.Begin(&trace); err != nil {
		return err
	}
	for i := range t.batches {
		if err := sink.Consume(&t.batches[i]); err != nil {
			return err
		}
	}
	return sink.Finish(&summary)
}

// A counter counts bytes.
type counter int64

var _ io.Writer = (*counter)(nil)

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
