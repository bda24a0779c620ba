package pprofout_test

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/sinktest"
	"github.com/trace2otel/trace2otel/pprofout"
)

// BenchmarkSink measures the sink alone, on the records of a server's trace.
// One op is one record.
func BenchmarkSink(b *testing.B) {
	rec := sinktest.Load(b, sinktest.File{Name: "multi", Path: filepath.Join(sinktest.Root(b), "testdata", "go1.26.8-multi.trace")})
	for _, bench := range []struct {
		name string
		o    pprofout.Options
	}{
		{"net", pprofout.Options{Kind: pprofout.Net}},
		{"sync", pprofout.Options{Kind: pprofout.Sync}},
		{"syscall", pprofout.Options{Kind: pprofout.Syscall}},
		{"sched", pprofout.Options{Kind: pprofout.Sched}},
		{"sched-compat", pprofout.Options{Kind: pprofout.Sched, Compat: true}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(rec.Records) {
				if err := rec.Replay(pprofout.New(io.Discard, bench.o), convert.DefaultBatchSize); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
