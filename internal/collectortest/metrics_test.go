package collectortest

import (
	"bytes"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/otlp"
)

// TestMetricsReadBack holds what the Collector reads of the metrics of every
// trace in JSON against what it reads in protobuf.
func TestMetricsReadBack(t *testing.T) {
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) {
			var jsonl, binary bytes.Buffer
			fixtures.Run(t, f, otlp.NewMetrics(&jsonl, otlp.Options{}), otlp.NewMetrics(&binary, otlp.Options{Format: otlp.Binary}))
			fromBinary, err := new(pmetric.ProtoUnmarshaler).UnmarshalMetrics(binary.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			fromJSON := pmetric.NewMetrics()
			for line := range bytes.Lines(jsonl.Bytes()) {
				one, err := new(pmetric.JSONUnmarshaler).UnmarshalMetrics(line)
				if err != nil {
					t.Fatalf("%v, in %.100s", err, line)
				}
				one.ResourceMetrics().MoveAndAppendTo(fromJSON.ResourceMetrics())
			}
			if fromBinary.DataPointCount() == 0 {
				t.Error("no points")
			}
			if !bytes.Equal(encodeMetrics(t, fromJSON), encodeMetrics(t, fromBinary)) {
				t.Error("the Collector reads different metrics from JSON and from protobuf")
			}
		})
	}
}

func encodeMetrics(t *testing.T, m pmetric.Metrics) []byte {
	b, err := new(pmetric.ProtoMarshaler).MarshalMetrics(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
