package convert_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"golang.org/x/exp/trace"

	"github.com/trace2otel/trace2otel/convert"
)

// BenchmarkRead reads a trace with the decoder alone: what BenchmarkRun is to
// be compared with.
func BenchmarkRead(b *testing.B) {
	data := read(b, "go1.26.8-multi.trace")
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		r, err := trace.NewReader(bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := r.ReadEvent(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			events++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
}

// BenchmarkRun runs the engine, and a sink that does nothing.
func BenchmarkRun(b *testing.B) {
	data := read(b, "go1.26.8-multi.trace")
	b.ReportAllocs()
	events := int64(0)
	for b.Loop() {
		s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, waits{})
		if err != nil {
			b.Fatal(err)
		}
		events += s.Events
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
}
