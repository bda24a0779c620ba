package otlp

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/sinktest"
)

// decode reads a binary file with the library generated from trace.proto.
func decode(t testing.TB, file []byte) *tracepb.TracesData {
	t.Helper()
	td := new(tracepb.TracesData)
	if err := proto.Unmarshal(file, td); err != nil {
		t.Fatal(err)
	}
	return td
}

// allSpans returns the spans of a file in order.
func allSpans(td *tracepb.TracesData) (all []*tracepb.Span) {
	for _, rs := range td.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			all = append(all, ss.Spans...)
		}
	}
	return all
}

// attrsOf returns the attributes of a span by their names, and fails if a name
// comes twice.
func attrsOf(t testing.TB, kvs []*commonpb.KeyValue) map[string]any {
	t.Helper()
	m := make(map[string]any)
	for _, kv := range kvs {
		if _, twice := m[kv.Key]; twice {
			t.Errorf("attribute %s comes twice", kv.Key)
		}
		switch v := kv.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			m[kv.Key] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			m[kv.Key] = v.IntValue
		case *commonpb.AnyValue_BoolValue:
			m[kv.Key] = v.BoolValue
		default:
			t.Errorf("attribute %s has a value of type %T", kv.Key, v)
		}
	}
	return m
}

// TestTraces holds the spans of every trace against what back ends demand, and
// against the engine's own sums.
func TestTraces(t *testing.T) {
	for _, f := range sinktest.Traces(t) {
		t.Run(f.Name, func(t *testing.T) {
			var file bytes.Buffer
			var sums sinktest.Sums
			s := sinktest.Run(t, f, New(&file, Options{Format: Binary, MinWait: 1}), &sums)
			spans := allSpans(decode(t, file.Bytes()))
			checkSpans(t, spans, 5000, 4_000_000)
			checkSums(t, spans, s, &sums)
			if s.Events > 100_000 {
				return
			}
			for _, o := range []Options{{}, {Detail: DetailGoroutines}, {Detail: DetailTasks}} {
				o.Format = Binary
				file.Reset()
				sinktest.Run(t, f, New(&file, o))
				fewer := allSpans(decode(t, file.Bytes()))
				checkSpans(t, fewer, 5000, 4_000_000)
				checkDetail(t, fewer, spans, o)
			}
		})
	}
}

// TestSmallBounds makes nearly everything fold. Bounds hold, but for roots and
// goroutines, and what is folded is counted.
func TestSmallBounds(t *testing.T) {
	for _, o := range []Options{
		{MaxSpans: 50}, {MaxBytes: 100_000}, {MaxSpans: 10, MaxBytes: 10_000},
	} {
		o.Format, o.MinWait = Binary, 1
		var file bytes.Buffer
		var sums sinktest.Sums
		data, err := os.ReadFile("../testdata/go1.26.8-multi.trace")
		if err != nil {
			t.Fatal(err)
		}
		s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, New(&file, o), &sums)
		if err != nil {
			t.Fatal(err)
		}
		spans := allSpans(decode(t, file.Bytes()))
		maxSpans, maxBytes := o.MaxSpans, o.MaxBytes
		if maxSpans == 0 {
			maxSpans = 5000
		}
		if maxBytes == 0 {
			maxBytes = 4_000_000
		}
		checkSpans(t, spans, maxSpans, maxBytes)
		checkSums(t, spans, s, &sums)
	}
}

// checkSpans holds spans against what back ends demand.
func checkSpans(t *testing.T, spans []*tracepb.Span, maxSpans, maxBytes int) {
	t.Helper()
	ids := make(map[string]bool)
	roots := make(map[string]int)
	count := make(map[string]int)
	size := make(map[string]int)
	for _, s := range spans {
		trace := string(s.TraceId)
		id := trace + string(s.SpanId)
		if len(s.TraceId) != 16 || len(s.SpanId) != 8 || ids[id] || bytes.Count(s.SpanId, []byte{0}) == 8 {
			t.Fatalf("span %q: bad or repeated id %x", s.Name, id)
		}
		ids[id] = true
		count[trace]++
		size[trace] += 4 + proto.Size(s)
		if len(s.ParentSpanId) == 0 {
			roots[trace]++
		}
		if s.Name == "" || s.Kind != tracepb.Span_SPAN_KIND_INTERNAL {
			t.Errorf("span %q of kind %v", s.Name, s.Kind)
		}
		if s.EndTimeUnixNano <= s.StartTimeUnixNano {
			t.Errorf("span %q ends at %d, having begun at %d", s.Name, s.EndTimeUnixNano, s.StartTimeUnixNano)
		}
	}
	for _, s := range spans {
		if len(s.ParentSpanId) > 0 && !ids[string(s.TraceId)+string(s.ParentSpanId)] {
			t.Errorf("span %q: no parent", s.Name)
		}
		for _, l := range s.Links {
			if !ids[string(l.TraceId)+string(l.SpanId)] {
				t.Errorf("span %q links to nothing", s.Name)
			}
		}
	}
	for trace, n := range count {
		if roots[trace] != 1 {
			t.Errorf("trace %x has %d roots", trace, roots[trace])
		}
		if n > maxSpans {
			t.Errorf("trace %x has %d spans", trace, n)
		}
		if size[trace] > maxBytes {
			t.Errorf("trace %x has %d bytes in %d spans", trace, size[trace], n)
		}
	}
}

// checkSums compares spans with the engine's own sums: no time is lost, and
// what has no span is counted where its parent is.
func checkSums(t *testing.T, spans []*tracepb.Span, s *convert.Summary, sums *sinktest.Sums) {
	t.Helper()
	times, counts := make(map[string]int64), make(map[string]int64)
	kinds := make(map[string]int64)
	var folded, logs, waits, allWaits int64
	for _, sp := range spans {
		a := attrsOf(t, sp.Attributes)
		kind := a[attrKind].(string)
		kinds[kind]++
		if n, ok := a[attrFoldedSpans]; ok {
			folded += n.(int64)
		}
		if n, ok := a[attrFoldedLogs]; ok {
			logs += n.(int64)
		}
		logs += int64(len(sp.Events))
		if kind != kindGoroutine {
			continue
		}
		for key, of := range map[string]string{
			attrRunning: attrRunning, attrAssist: attrRunning, attrRunnable: attrRunnable, attrStopped: attrRunnable,
			attrWaiting: attrWaiting, attrSyscall: attrSyscall, attrSyscallBlocked: attrSyscallBlocked,
		} {
			n, _ := a[key].(int64)
			times[of] += n
		}
		for _, key := range []string{attrRuns, attrWaits, attrSyscalls} {
			n, _ := a[key].(int64)
			counts[key] += n
		}
		waits += a[attrWaiting].(int64)
		for key, v := range a {
			if n, ok := v.(int64); ok && len(key) > len(attrWaitPrefix) && key[:len(attrWaitPrefix)] == attrWaitPrefix {
				allWaits += n
			}
		}
	}
	for key, state := range map[string]convert.State{
		attrRunning: convert.StateRunning, attrRunnable: convert.StateRunnable, attrWaiting: convert.StateWaiting,
		attrSyscall: convert.StateSyscall, attrSyscallBlocked: convert.StateSyscallBlocked,
	} {
		if want := int64(sums.ByState()[state].Time); times[key] != want {
			t.Errorf("%s: %d ns over all goroutines, the engine has %d", key, times[key], want)
		}
	}
	if waits != allWaits {
		t.Errorf("waits by reason add up to %d ns of %d", allWaits, waits)
	}
	if kinds[kindGoroutine] != s.Goroutines {
		t.Errorf("%d spans of goroutines, want %d", kinds[kindGoroutine], s.Goroutines)
	}
	ended := func(k convert.Kind) int64 { return sums.Kinds[k].Count }
	if kinds[kindCycle] != ended(convert.KindGC) {
		t.Errorf("%d spans of GC cycles, want %d", kinds[kindCycle], ended(convert.KindGC))
	}
	// Tasks begun before the trace that do not end in it have spans, too. Waits
	// and calls of goroutines without a name yet have none.
	short := kinds[kindSyscall] + kinds[kindWait] + kinds[kindRunnable]
	got := short + kinds[kindMark] + kinds[kindSTW] + kinds[kindAssist] + kinds[kindRegion] + kinds[kindProc] + folded
	want := ended(convert.KindMark) + ended(convert.KindSTW) + ended(convert.KindAssist) + ended(convert.KindRegion) + int64(procs(sums))
	states := sums.ByState()
	most := want + ended(convert.KindTask) + ended(convert.KindSyscall) +
		states[convert.StateWaiting].Count + states[convert.StateRunnable].Count
	if tasks := kinds[kindTask] - ended(convert.KindTask); got+tasks < want || got > most {
		t.Errorf("%d spans written or folded, want %d to %d (and %d tasks)", got, want, most, ended(convert.KindTask))
	}
	for key, n := range map[string]int64{
		attrRuns: states[convert.StateRunning].Count, attrWaits: states[convert.StateWaiting].Count,
		attrSyscalls: ended(convert.KindSyscall),
	} {
		if counts[key] != n {
			t.Errorf("%s: %d over all goroutines, the engine has %d", key, counts[key], n)
		}
	}
	if logs != ended(convert.KindLog) {
		t.Errorf("%d logs written or folded, want %d", logs, ended(convert.KindLog))
	}
}

// checkDetail compares spans written with less detail to all: those of the kinds
// that are to be there.
func checkDetail(t *testing.T, fewer, all []*tracepb.Span, o Options) {
	t.Helper()
	count := func(spans []*tracepb.Span) map[string]int {
		kinds := make(map[string]int)
		for _, s := range spans {
			kind := attrsOf(t, s.Attributes)[attrKind].(string)
			kinds[kind]++
			switch kind {
			case kindWait, kindRunnable, kindSyscall:
				if d := s.EndTimeUnixNano - s.StartTimeUnixNano; o.MinWait == 0 && len(spans) != len(all) && d < 1e6 {
					t.Errorf("%q lasts %d ns", s.Name, d)
				}
			}
		}
		return kinds
	}
	got, want := count(fewer), count(all)
	same := []string{kindRun}
	var none []string
	switch o.Detail {
	case DetailStates:
		same = append(same, kindGoroutine, kindProc, kindCycle, kindGC)
	case DetailGoroutines:
		same = append(same, kindGoroutine, kindProc, kindCycle, kindGC)
		none = []string{kindWait, kindRunnable, kindSyscall, kindAssist}
	case DetailTasks:
		none = []string{kindGoroutine, kindFunction, kindProc, kindGC, kindCycle, kindMark, kindAssist}
	}
	for _, kind := range same {
		if got[kind] != want[kind] {
			t.Errorf("detail %d: %d spans of kind %s, want %d", o.Detail, got[kind], kind, want[kind])
		}
	}
	for _, kind := range none {
		if got[kind] != 0 {
			t.Errorf("detail %d: %d spans of kind %s", o.Detail, got[kind], kind)
		}
	}
	if got[kindTask] < want[kindTask] {
		t.Errorf("detail %d: %d tasks, with more detail %d", o.Detail, got[kindTask], want[kindTask])
	}
}

func procs(sums *sinktest.Sums) int {
	seen := make(map[convert.ProcID]bool)
	for key := range sums.Procs {
		seen[key.P] = true
	}
	return len(seen)
}

// TestJSON holds the JSON lines against the binary file: the same spans, as the
// OTLP specification wants them in JSON. (The Collector's own reader is asked
// in internal/collectortest.)
func TestJSON(t *testing.T) {
	rec := sinktest.Everything(t)
	var binary, lines bytes.Buffer
	for _, s := range []convert.Sink{New(&binary, Options{Format: Binary}), New(&lines, Options{})} {
		if err := rec.Replay(s, 100); err != nil {
			t.Fatal(err)
		}
	}
	want := allSpans(decode(t, binary.Bytes()))
	var got []map[string]any
	dec := json.NewDecoder(&lines)
	for dec.More() {
		var line struct {
			ResourceSpans []struct {
				ScopeSpans []struct{ Spans []map[string]any }
			}
		}
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		for _, rs := range line.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				got = append(got, ss.Spans...)
			}
		}
	}
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%d spans in JSON, %d in binary", len(got), len(want))
	}
	for i, w := range want {
		if g := spanText(got[i]); g != protoText(w) {
			t.Errorf("span %d:\n  JSON has %s\nbinary has %s", i, g, protoText(w))
		}
	}
}

// spanText writes all there is of a JSON span, with keys in order.
func spanText(span map[string]any) string {
	text, _ := json.Marshal(span)
	return string(text)
}

// protoText writes a span as spanText does, by what the specification says of
// JSON.
func protoText(s *tracepb.Span) string {
	attrs := func(kvs []*commonpb.KeyValue) []any {
		var list []any
		for _, kv := range kvs {
			var value map[string]any
			switch v := kv.Value.Value.(type) {
			case *commonpb.AnyValue_StringValue:
				value = map[string]any{"stringValue": v.StringValue}
			case *commonpb.AnyValue_IntValue:
				value = map[string]any{"intValue": fmt.Sprint(v.IntValue)}
			case *commonpb.AnyValue_BoolValue:
				value = map[string]any{"boolValue": v.BoolValue}
			}
			list = append(list, map[string]any{"key": kv.Key, "value": value})
		}
		return list
	}
	span := map[string]any{
		"traceId": hex.EncodeToString(s.TraceId), "spanId": hex.EncodeToString(s.SpanId), "name": s.Name, "kind": int(s.Kind),
		"startTimeUnixNano": fmt.Sprint(s.StartTimeUnixNano), "endTimeUnixNano": fmt.Sprint(s.EndTimeUnixNano),
		"attributes": attrs(s.Attributes),
	}
	if len(s.ParentSpanId) > 0 {
		span["parentSpanId"] = hex.EncodeToString(s.ParentSpanId)
	}
	var events, links []any
	for _, e := range s.Events {
		events = append(events, map[string]any{"timeUnixNano": fmt.Sprint(e.TimeUnixNano), "name": e.Name, "attributes": attrs(e.Attributes)})
	}
	for _, l := range s.Links {
		links = append(links, map[string]any{
			"traceId": hex.EncodeToString(l.TraceId), "spanId": hex.EncodeToString(l.SpanId), "attributes": attrs(l.Attributes),
		})
	}
	if events != nil {
		span["events"] = events
	}
	if links != nil {
		span["links"] = links
	}
	return spanText(span)
}

// TestForgottenTask refers to a task that ended so long ago that it was
// forgotten: what it was is not made up, and the region lies in its goroutine.
func TestForgottenTask(t *testing.T) {
	var b strings.Builder
	b.WriteString("trace wall=1000000000\n0 - sync id=1 clock=0/0/1000000000\n" +
		"0 G1 begin goroutine \"main.main\" open-start\n0 G1 begin running P0 open-start\n")
	const tasks = keepEnded + 10
	for i := 1; i <= tasks; i++ {
		fmt.Fprintf(&b, "%d G1 begin task \"t\" id=%d\n%d G1 end task id=%d by=G1\n", 2*i, i, 2*i+1, i)
	}
	end := 2*tasks + 10
	fmt.Fprintf(&b, "%d G1 begin region \"of the first\" id=1\n%d G1 end region\n", end, end+1)
	fmt.Fprintf(&b, "%d G1 begin region \"of the last\" id=%d\n%d G1 end region\n", end+2, tasks, end+3)
	fmt.Fprintf(&b, "%d G1 end running open-end\n%d G1 end goroutine open-end\n", end+5, end+5)

	var file bytes.Buffer
	sink := New(&file, Options{Format: Binary})
	if err := sinktest.Story(t, b.String()).Replay(sink, 1000); err != nil {
		t.Fatal(err)
	}
	if n := len(sink.tasks.ended); n > keepEnded {
		t.Errorf("%d ended tasks are kept", n)
	}
	spans := allSpans(decode(t, file.Bytes()))
	checkSpans(t, spans, 5000, 4_000_000)
	parents := make(map[string]string)
	names := make(map[string]string)
	n := 0
	for _, s := range spans {
		kind := attrsOf(t, s.Attributes)[attrKind].(string)
		names[string(s.SpanId)] = kind
		parents[s.Name] = string(s.ParentSpanId)
		if kind == kindTask {
			n++
		}
	}
	if n != tasks {
		t.Errorf("%d spans of tasks, want %d", n, tasks)
	}
	if first, last := names[parents["of the first"]], names[parents["of the last"]]; first != kindGoroutine || last != kindTask {
		t.Errorf("the regions lie in a %s and a %s", first, last)
	}
}

// TestStrings puts any bytes where text goes.
func TestStrings(t *testing.T) {
	for _, s := range []string{"", "plain", "\"quoted\\\"", "line\nbreak\ttab\r\x00\x1f\x7f", "\xff\xfe", "é\u2028中", "\xc3"} {
		text := utf8Text(s)
		if !utf8.ValidString(text) {
			t.Errorf("%q is not UTF-8", text)
		}
		var back string
		if err := json.Unmarshal(jsonString(nil, text), &back); err != nil || back != text {
			t.Errorf("%q became %q in JSON (%v)", text, back, err)
		}
	}
}

func TestConformance(t *testing.T) {
	for _, f := range []Format{JSONL, Binary} {
		sinktest.Test(t, func(w io.Writer) convert.Sink { return New(w, Options{Format: f}) })
	}
}

func TestNoClock(t *testing.T) {
	f, err := os.Open("../testdata/go1.24.0-annotations.trace")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	_, err = convert.Run(context.Background(), f, convert.Options{}, New(&out, Options{}))
	var errs convert.SinkErrors
	if errs, _ = err.(convert.SinkErrors); len(errs) != 1 || errs[0] != ErrNoClock || out.Len() > 0 {
		t.Errorf("got error %v and %d bytes", err, out.Len())
	}
}

func BenchmarkSink(b *testing.B) {
	data, err := os.ReadFile("../testdata/go1.26.8-multi.trace")
	if err != nil {
		b.Fatal(err)
	}
	var rec sinktest.Recorder
	if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, &rec); err != nil {
		b.Fatal(err)
	}
	for _, f := range []Format{JSONL, Binary} {
		b.Run(map[Format]string{JSONL: "jsonl", Binary: "binary"}[f], func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := rec.Replay(New(io.Discard, Options{Format: f}), convert.DefaultBatchSize); err != nil {
					b.Fatal(err)
				}
				n += len(rec.Records)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
		})
	}
}
