package otlp

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// TestOtherTracers reads the trace of a program that uses the OpenTelemetry SDK
// 1.47, with a span processor that logs its ids, and dd-trace-go 1.74, which is
// built on 2.3.
func TestOtherTracers(t *testing.T) {
	var file bytes.Buffer
	fixtures.Run(t, fixtures.File{Name: "other-tracers", Path: "testdata/other-tracers.trace"}, New(&file, Options{Format: Binary}))
	counts := make(map[string]int)
	ids := make(map[string]bool)
	for _, s := range allSpans(decode(t, file.Bytes())) {
		a := attrsOf(t, s.Attributes)
		if a[attrKind] != kindTask {
			continue
		}
		trace, _ := a[attrOtelTrace].(string)
		span, _ := a[attrOtelSpan].(string)
		datadog, _ := a[attrDatadog].(string)
		counts[fmt.Sprintf("%s: %v from %v", s.Name, a[attrSource], a[attrFunction])]++
		if id := trace + span + datadog; ids[id] || (len(trace) != 32 || len(span) != 16 || datadog != "") && (len(datadog) < 10 || trace != "") {
			t.Errorf("%s has the ids %q, %q and %q", s.Name, trace, span, datadog)
		} else {
			ids[id] = true
		}
	}
	var got []string
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		got = append(got, fmt.Sprint(counts[key], " ", key))
	}
	const want = `2 GET /orders: opentelemetry from main.handle
8 SELECT: opentelemetry from main.query
1 postgres.query: datadog from main.dd
1 web.request: datadog from main.dd`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}
