package pprofout_test

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/pprofout"
)

// BenchmarkSink measures the sink alone, on the records of a server's trace.
// One op is one record.
func BenchmarkSink(b *testing.B) {
	rec := fixtures.Load(b, fixtures.File{Name: "multi", Path: filepath.Join(fixtures.Root(b), "testdata", "go1.26.8-multi.trace")})
	for _, k := range pprofout.Kinds {
		b.Run(k.String(), func(b *testing.B) {
			benchmark(b, rec, func() convert.Sink { return pprofout.New(io.Discard, pprofout.Options{Kind: k}) })
		})
	}
	b.Run("sched-compat", func(b *testing.B) {
		o := pprofout.Options{Kind: pprofout.Sched, Compat: true}
		benchmark(b, rec, func() convert.Sink { return pprofout.New(io.Discard, o) })
	})
	b.Run("all", func(b *testing.B) {
		benchmark(b, rec, func() convert.Sink { return newAll(io.Discard, pprofout.Options{}) })
	})
}

func benchmark(b *testing.B, rec *sinktest.Recorder, sink func() convert.Sink) {
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(rec.Records) {
		if err := rec.Replay(sink(), convert.DefaultBatchSize); err != nil {
			b.Fatal(err)
		}
	}
}

// newAll returns a sink of all profiles, which it writes to one place.
func newAll(w io.Writer, o pprofout.Options) convert.Sink {
	var outs []pprofout.Output
	for _, k := range pprofout.Kinds {
		outs = append(outs, pprofout.Output{Kind: k, W: w})
	}
	return pprofout.NewSet(outs, o)
}
