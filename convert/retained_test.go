package convert_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
)

// TestSummaryKeepsNothing converts whole, cut and joined traces, and keeps the
// summaries alone: what the conversions have made can be collected.
func TestSummaryKeepsNothing(t *testing.T) {
	whole := read(t, "go1.26.8-annotations.trace")
	old := read(t, "user_task_region_1_21_good")
	for _, test := range []struct {
		name string
		data []byte
	}{
		{"whole", whole},
		{"cut", whole[:len(whole)-100]},
		{"followed by another", append(bytes.Clone(whole), whole...)},
		{"before Go 1.22", old},
		{"before Go 1.22, cut", old[:len(old)-100]},
	} {
		t.Run(test.name, func(t *testing.T) {
			collected := make(chan struct{})
			// The conversion has the sink.
			summary := func() *convert.Summary {
				sink := new(sinktest.Checker)
				runtime.AddCleanup(sink, func(c chan struct{}) { close(c) }, collected)
				s, _ := convert.Run(context.Background(), bytes.NewReader(test.data), convert.Options{Series: true}, sink)
				return s
			}()
			for range 100 {
				runtime.GC()
				select {
				case <-collected:
					runtime.KeepAlive(summary)
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
			t.Error("the summary keeps the conversion")
			runtime.KeepAlive(summary)
		})
	}
}
