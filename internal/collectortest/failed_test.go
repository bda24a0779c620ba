package collectortest

import (
	"bytes"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// TestFailedSpansReadBack has nothing delivered, and holds what the Collector
// reads of the spans kept in a file of either kind against those not delivered.
func TestFailedSpansReadBack(t *testing.T) {
	for _, f := range fixtures.All(t) {
		if f.Name != "go1.26.8-annotations.trace" && f.Name != "go1.26.8-multi.trace" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			var file, lines, binary bytes.Buffer
			toLines, toBinary := export.FileWriter(&lines, otlp.JSONL), export.FileWriter(&binary, otlp.Binary)
			retry := export.Retry{For: -1}
			client, err := export.Target{URL: "http://127.0.0.1:1"}.NewClient(retry) // where nobody listens
			if err != nil {
				t.Fatal(err)
			}
			e, err := export.New(t.Context(), client, export.Options{Retry: retry, Failed: func(batch []*tracepb.ResourceSpans) error {
				if err := toBinary(batch); err != nil {
					return err
				}
				return toLines(batch)
			}})
			if err != nil {
				t.Fatal(err)
			}
			fixtures.Run(t, f, otlp.New(&file, otlp.Options{Format: otlp.Binary}), otlp.New(e, otlp.Options{Format: otlp.Binary}))
			if _, err := e.Close(); err != nil {
				t.Fatal(err)
			}
			want := readBinary(t, file.Bytes())
			if !bytes.Equal(encode(t, join(t, readBinary(t, binary.Bytes()))), encode(t, join(t, want))) {
				t.Error("the binary file has other spans")
			}
			if !bytes.Equal(encode(t, join(t, readJSONL(t, &lines))), encode(t, join(t, want))) {
				t.Error("the JSON file has other spans")
			}
		})
	}
}

func readBinary(t *testing.T, b []byte) ptrace.Traces {
	traces, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(b)
	if err != nil {
		t.Fatal(err)
	}
	return traces
}
