package collectortest

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/otlp"
)

// The bounds of an OpenTelemetry trace that package otlp promises.
const (
	maxSpans = 5000
	maxBytes = 4_000_000
)

// TestFilesReadBack converts every trace to both encodings and holds what the
// Collector reads of them against one another, against what back ends demand,
// and against the engine's sums.
func TestFilesReadBack(t *testing.T) {
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) {
			var jsonl, binary bytes.Buffer
			var sums sinktest.Sums
			var intervals tally
			fixtures.Run(t, f,
				otlp.New(&jsonl, otlp.Options{}),
				otlp.New(&binary, otlp.Options{Format: otlp.Binary}), &sums, &intervals)

			fromJSON := readJSONL(t, &jsonl)
			fromBinary := readBinary(t, binary.Bytes())
			spans := allSpans(fromBinary)
			if !bytes.Equal(encode(t, join(t, fromJSON)), encode(t, join(t, fromBinary))) {
				t.Error("the Collector reads different spans from JSON and from protobuf")
			}
			checkSpans(t, spans)
			checkBounds(t, spans)
			checkStates(t, spans, &sums)
			checkCounts(t, spans, &intervals)
		})
	}
}

// readJSONL reads a file of JSON lines, as the otlpjsonfile receiver does.
func readJSONL(t *testing.T, file *bytes.Buffer) ptrace.Traces {
	all := ptrace.NewTraces()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		traces, err := new(ptrace.JSONUnmarshaler).UnmarshalTraces(lines.Bytes())
		if err != nil {
			t.Fatalf("%v, in %.100s", err, lines.Bytes())
		}
		traces.ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// join puts all spans into one ResourceSpans: the encodings differ in where
// they begin another. All must be of one resource and scope.
func join(t *testing.T, traces ptrace.Traces) ptrace.Traces {
	joined := ptrace.NewTraces()
	var all ptrace.SpanSlice
	var first []byte
	for i, rs := range traces.ResourceSpans().All() {
		for j, ss := range rs.ScopeSpans().All() {
			head := ptrace.NewTraces()
			of := head.ResourceSpans().AppendEmpty()
			rs.Resource().CopyTo(of.Resource())
			scope := of.ScopeSpans().AppendEmpty()
			ss.Scope().CopyTo(scope.Scope())
			switch b := encode(t, head); {
			case i == 0 && j == 0:
				first = b
				head.MoveTo(joined)
				all = joined.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
			case !bytes.Equal(b, first):
				t.Error("spans of two resources or scopes")
			}
			for _, s := range ss.Spans().All() {
				s.CopyTo(all.AppendEmpty())
			}
		}
	}
	return joined
}

func encode(t *testing.T, traces ptrace.Traces) []byte {
	b, err := new(ptrace.ProtoMarshaler).MarshalTraces(traces)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func allSpans(traces ptrace.Traces) (spans []ptrace.Span) {
	for _, rs := range traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				spans = append(spans, s)
			}
		}
	}
	return spans
}

// An id names a span among all.
type id struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// checkSpans holds spans against what back ends demand.
func checkSpans(t *testing.T, spans []ptrace.Span) {
	t.Helper()
	ids := make(map[id]bool)
	for _, s := range spans {
		own := id{s.TraceID(), s.SpanID()}
		if own.trace.IsEmpty() || own.span.IsEmpty() || ids[own] {
			t.Fatalf("span %q: empty or repeated id %v", s.Name(), own)
		}
		ids[own] = true
	}
	roots := make(map[pcommon.TraceID]int)
	for _, s := range spans {
		if s.EndTimestamp() <= s.StartTimestamp() {
			t.Errorf("span %q ends at %d, having begun at %d", s.Name(), s.EndTimestamp(), s.StartTimestamp())
		}
		if s.ParentSpanID().IsEmpty() {
			roots[s.TraceID()]++
		} else if !ids[id{s.TraceID(), s.ParentSpanID()}] {
			t.Errorf("span %q has no parent", s.Name())
		}
		for _, l := range s.Links().All() {
			if !ids[id{l.TraceID(), l.SpanID()}] {
				t.Errorf("span %q links to nothing", s.Name())
			}
		}
		checkText(t, s.Name())
		checkAttributes(t, s.Attributes())
		for _, e := range s.Events().All() {
			checkText(t, e.Name())
			checkAttributes(t, e.Attributes())
		}
	}
	for _, s := range spans {
		if n := roots[s.TraceID()]; n != 1 {
			t.Fatalf("trace %v has %d roots", s.TraceID(), n)
		}
	}
}

func checkAttributes(t *testing.T, m pcommon.Map) {
	t.Helper()
	names := make(map[string]bool)
	for name, v := range m.All() {
		if name == "" || names[name] {
			t.Errorf("empty or repeated attribute %q", name)
		}
		names[name] = true
		checkText(t, name)
		if v.Type() == pcommon.ValueTypeStr {
			checkText(t, v.Str())
		}
	}
}

func checkText(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%q is no UTF-8", s)
	}
}

// checkBounds measures every OpenTelemetry trace as a back end does that gets
// it in one piece.
func checkBounds(t *testing.T, spans []ptrace.Span) {
	t.Helper()
	traces := make(map[pcommon.TraceID]ptrace.SpanSlice)
	for _, s := range spans {
		slice, ok := traces[s.TraceID()]
		if !ok {
			slice = ptrace.NewTraces().ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
			traces[s.TraceID()] = slice
		}
		s.CopyTo(slice.AppendEmpty())
	}
	for id, slice := range traces {
		one := ptrace.NewTraces()
		slice.CopyTo(one.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans())
		if slice.Len() > maxSpans {
			t.Errorf("trace %v has %d spans", id, slice.Len())
		}
		if size := new(ptrace.ProtoMarshaler).TracesSize(one); size > maxBytes {
			t.Errorf("trace %v has %d bytes", id, size)
		}
	}
}

// checkStates holds the totals of the goroutines' spans against the engine's.
func checkStates(t *testing.T, spans []ptrace.Span, sums *sinktest.Sums) {
	t.Helper()
	got := make(map[string]int64)
	var waits, goroutines int64
	for _, s := range spans {
		if kind, _ := s.Attributes().Get("gotrace.kind"); kind.Str() != "goroutine" {
			continue
		}
		goroutines++
		for name, v := range s.Attributes().All() {
			switch {
			case strings.HasPrefix(name, "gotrace.time."):
				got[name] += v.Int()
			case strings.HasPrefix(name, "gotrace.wait.") && strings.HasSuffix(name, "_ns"):
				waits += v.Int()
			}
		}
	}
	if want := sums.Kinds[convert.KindGoroutine].Count; goroutines > want {
		t.Errorf("%d goroutines have spans, there were %d", goroutines, want)
	}
	var total, want time.Duration
	for _, ns := range got {
		total += time.Duration(ns)
	}
	for _, sum := range sums.ByState() {
		want += sum.Time
	}
	if total != want {
		t.Errorf("the states of goroutines last %v, the engine's %v", total, want)
	}
	if w := sums.ByState()[convert.StateWaiting].Time; time.Duration(waits) != w {
		t.Errorf("the reasons of waits last %v, the engine's %v", time.Duration(waits), w)
	}
}
