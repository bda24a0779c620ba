package stats

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// BenchmarkSink measures the sink alone, on records made beforehand: of
// TRACE2OTEL_TRACE, if set.
func BenchmarkSink(b *testing.B) {
	path := os.Getenv("TRACE2OTEL_TRACE")
	if path == "" {
		path = filepath.Join(fixtures.Root(b), "testdata", "go1.26.8-multi.trace")
	}
	rec := fixtures.Load(b, fixtures.File{Name: "trace", Path: path})
	b.ReportAllocs()
	for b.Loop() {
		if err := rec.Replay(New(nil, Options{}), 4096); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rec.Records)), "ns/record")
}
