package otlp

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
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
// against the engine's own sums, in every detail.
func TestTraces(t *testing.T) {
	for _, f := range slices.Concat(fixtures.All(t), fixtures.Windows(t)) {
		t.Run(f.Name, func(t *testing.T) {
			options := []Options{
				{}, {Detail: DetailTasks}, {Detail: DetailGoroutines}, {MinWait: 1},
				{MinWait: 10 * time.Minute}, // leaves regions and tasks alone with the room
			}
			if info, err := os.Stat(f.Path); err != nil || info.Size() > 1<<19 {
				options = options[:1] // for time's sake
			}
			files := make([]bytes.Buffer, len(options))
			var sums sinktest.Sums
			long := longStates{least: time.Millisecond}
			sinks := []convert.Sink{&sums, &long}
			for i, o := range options {
				o.Format = Binary
				sinks = append(sinks, New(&files[i], o))
			}
			fixtures.Run(t, f, sinks...)
			for i, o := range options {
				spans := allSpans(decode(t, files[i].Bytes()))
				checkSpans(t, spans, 5000, 4_000_000)
				checkSums(t, spans, &sums, o)
				if i == 0 {
					checkLong(t, spans, long.n, &sums)
				}
			}
		})
	}
}

// longStates counts states and system calls that are to have spans.
type longStates struct {
	least time.Duration
	n     int64
}

func (l *longStates) Begin(*convert.Trace) error    { return nil }
func (l *longStates) Finish(*convert.Summary) error { return nil }
func (l *longStates) Consume(b *convert.Batch) error {
	for _, r := range b.Records {
		waits := r.Kind == convert.KindState && (r.State == convert.StateWaiting || r.State == convert.StateRunnable)
		if r.Phase == convert.End && (waits || r.Kind == convert.KindSyscall) && r.Duration() >= l.least {
			l.n++
		}
	}
	return nil
}

// checkLong holds the states in the traces of goroutines against what there is
// of them: each is there, or folded, as are some regions.
func checkLong(t *testing.T, spans []*tracepb.Span, want int64, sums *sinktest.Sums) {
	t.Helper()
	kinds := kindsOfTraces(t, spans)
	var got int64
	for _, s := range spans {
		if kinds[string(s.TraceId)] != kindFunction {
			continue
		}
		a := attrsOf(t, s.Attributes)
		if kind := a[attrKind]; kind == kindWait || kind == kindRunnable || kind == kindSyscall {
			got++
		}
		n, _ := a[attrFoldedSpans].(int64)
		got += n
	}
	if got < want || got > want+sums.Kinds[convert.KindRegion].Count {
		t.Errorf("%d long states below goroutines, want %d", got, want)
	}
}

// kindsOfTraces returns the kind of each trace's root.
func kindsOfTraces(t *testing.T, spans []*tracepb.Span) map[string]string {
	kinds := make(map[string]string)
	for _, s := range spans {
		if len(s.ParentSpanId) == 0 {
			kinds[string(s.TraceId)] = attrsOf(t, s.Attributes)[attrKind].(string)
		}
	}
	return kinds
}

// TestSmallBounds makes nearly everything fold. Bounds hold, but for roots and
// goroutines, and what is folded is counted.
func TestSmallBounds(t *testing.T) {
	for _, o := range []Options{
		{MaxSpans: 50}, {MaxBytes: 100_000}, {MaxSpans: 10, MaxBytes: 10_000},
		{MaxSpans: 10, MaxBytes: 10_000, MinWait: 1},
	} {
		o.Format = Binary
		var file bytes.Buffer
		var sums sinktest.Sums
		data, err := os.ReadFile("../testdata/go1.26.8-multi.trace")
		if err != nil {
			t.Fatal(err)
		}
		_, err = convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, New(&file, o), &sums)
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
		checkSums(t, spans, &sums, o)
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
func checkSums(t *testing.T, spans []*tracepb.Span, sums *sinktest.Sums, o Options) {
	t.Helper()
	counts := make(map[string]int64)
	times := map[string]map[string]int64{kindGoroutine: {}, kindFunction: {}, kindRun: {}}
	kinds := make(map[string]int64)
	below, said := make(map[string]int64), make(map[string]int64) // folded, over all spans
	var folded, logs, written, unknown int64
	for _, sp := range spans {
		a := attrsOf(t, sp.Attributes)
		kind := a[attrKind].(string)
		kinds[kind]++
		number := func(key string) int64 { n, _ := a[key].(int64); return n }
		folded += number(attrFoldedSpans)
		for _, pair := range [][2]string{
			{attrFoldedSpans, attrAllFolded}, {attrFoldedDuration, attrAllFoldTime}, {attrFoldedLogs, attrAllLogs}, {attrFoldedLinks, attrAllLinks},
		} {
			below[pair[1]] += number(pair[0])
			said[pair[1]] += number(pair[1])
		}
		logs += number(attrFoldedLogs) + int64(len(sp.Events))
		if kind == kindTask && a[attrOpenStart] != nil && a[attrOpenEnd] != nil && a[attrGoroutine] == nil {
			unknown++ // to the engine: it neither begins nor ends in the trace
		}
		if n := number(attrSpans); n != 0 {
			written = n
		}
		var parts, waits int64
		for _, key := range timeAttrs {
			parts += number(key)
		}
		for key := range a {
			if strings.HasPrefix(key, attrWaitPrefix) {
				waits += number(key)
			}
		}
		if waits != number(attrWaiting) {
			t.Fatalf("%s %q: waits by reason add up to %d ns of %d", kind, sp.Name, waits, number(attrWaiting))
		}
		if d := int64(sp.EndTimeUnixNano - sp.StartTimeUnixNano); (kind == kindGoroutine || kind == kindRegion) && parts != d && (parts != 0 || d != 1) {
			t.Errorf("%s %q of %d ns has parts of %d ns", kind, sp.Name, d, parts)
		}
		if kind == kindRun {
			for _, key := range []string{attrRuns, attrReadies, attrWaits, attrSyscalls} {
				counts[key] = number(key)
			}
		}
		if sum := times[kind]; sum != nil {
			for _, key := range timeAttrs {
				sum[key] += number(key)
			}
		}
	}
	if !maps.Equal(below, said) {
		t.Errorf("the run says that %v are folded, it is %v", said, below)
	}
	if written != int64(len(spans)) {
		t.Errorf("the run says %d spans, there are %d", written, len(spans))
	}
	for kind, times := range times {
		if o.Detail == DetailTasks && kind != kindRun {
			continue
		}
		for state, got := range map[convert.State]int64{
			convert.StateRunning:        times[attrRunning] + times[attrAssist],
			convert.StateRunnable:       times[attrRunnable] + times[attrStopped],
			convert.StateWaiting:        times[attrWaiting],
			convert.StateSyscall:        times[attrSyscall],
			convert.StateSyscallBlocked: times[attrSyscallBlocked],
		} {
			if want := int64(sums.ByState()[state].Time); got != want {
				t.Errorf("state %d: %d ns over all spans of kind %s, the engine has %d", state, got, kind, want)
			}
		}
	}
	for key, want := range map[string]int64{
		attrRuns:     sums.ByState()[convert.StateRunning].Count,
		attrReadies:  sums.ByState()[convert.StateRunnable].Count,
		attrWaits:    sums.ByState()[convert.StateWaiting].Count,
		attrSyscalls: sums.Kinds[convert.KindSyscall].Count,
	} {
		if counts[key] != want {
			t.Errorf("%s: %d over all goroutines, the engine has %d", key, counts[key], want)
		}
	}
	goroutines := sums.Begins[convert.KindGoroutine]
	if o.Detail == DetailTasks {
		goroutines = 0
	}
	if kinds[kindGoroutine] != goroutines {
		t.Errorf("%d spans of goroutines, want %d", kinds[kindGoroutine], goroutines)
	}
	ended := func(k convert.Kind) int64 { return sums.Kinds[k].Count }
	others := ended(convert.KindMark) + ended(convert.KindSTW) + ended(convert.KindGC) + int64(procs(sums))
	if o.Detail == DetailTasks {
		others = 0
	} else if kinds[kindCycle] != ended(convert.KindGC) {
		t.Errorf("%d spans of GC cycles, want %d", kinds[kindCycle], ended(convert.KindGC))
	}
	got := kinds[kindMark] + kinds[kindSTW] + kinds[kindCycle] + kinds[kindProc] + kinds[kindTask] + kinds[kindRegion] + folded
	want := others + ended(convert.KindTask) + ended(convert.KindRegion) + unknown
	if got < want {
		t.Errorf("%d spans written or folded, want %d", got, want)
	}
	if o.MinWait > time.Minute && got != want {
		t.Errorf("%d spans written or folded without those of states, want %d", got, want)
	}
	for _, kind := range []string{kindWait, kindRunnable, kindSyscall, kindAssist} {
		if (o.Detail == DetailGoroutines || o.MinWait > time.Minute) && kinds[kind] > 0 {
			t.Errorf("%d spans of kind %s", kinds[kind], kind)
		}
	}
	for _, kind := range []string{kindFunction, kindProc, kindGC, kindCycle, kindMark, kindAssist, kindSTW} {
		if o.Detail == DetailTasks && kinds[kind] > 0 {
			t.Errorf("%d spans of kind %s", kinds[kind], kind)
		}
	}
	if logs != ended(convert.KindLog) {
		t.Errorf("%d logs written or folded, want %d", logs, ended(convert.KindLog))
	}
}

// timeAttrs divide up a time.
var timeAttrs = []string{attrRunning, attrAssist, attrRunnable, attrStopped, attrWaiting, attrSyscall, attrSyscallBlocked}

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
		links = append(links, map[string]any{"traceId": hex.EncodeToString(l.TraceId), "spanId": hex.EncodeToString(l.SpanId), "attributes": attrs(l.Attributes)})
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
	// Task 2 began before the trace.
	b.WriteString("1 G1 log \"c\" id=2\n2 - end task start=0 id=2 by=G1 open-start\n")
	const tasks = keepEnded + 10
	const low = 10 // the lowest id
	for i := low; i < low+tasks; i++ {
		parent := 0
		if i%1000 == 0 {
			parent = low + 1 // over, but not forgotten as long as it has subtasks
		}
		fmt.Fprintf(&b, "%d G1 begin task \"t\" id=%d parent=%d\n%d G1 end task id=%d by=G1\n", 2*i, i, parent, 2*i+1, i)
	}
	now := 2*(low+tasks) + 10
	for name, id := range map[string]int{"of the early one": 2, "of the first": low, "of the second": low + 1, "of the last": low + tasks - 1} {
		fmt.Fprintf(&b, "%d G1 begin region %q parent=%d\n%d G1 end region\n", now, name, id, now+1)
		now += 2
	}
	fmt.Fprintf(&b, "%d G1 end running open-end\n%d G1 end goroutine open-end\n", now, now)

	var file bytes.Buffer
	sink := New(&file, Options{Format: Binary})
	if err := sinktest.Story(t, b.String()).Replay(sink, 1000); err != nil {
		t.Fatal(err)
	}
	if n := sink.tasks.known.Len(); n > keepEnded {
		t.Errorf("%d ended tasks are known", n)
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
	if n != 1+tasks {
		t.Errorf("%d spans of tasks, want %d", n, 1+tasks)
	}
	for region, want := range map[string]string{"of the early one": kindGoroutine, "of the first": kindGoroutine, "of the second": kindTask, "of the last": kindTask} {
		if got := names[parents[region]]; got != want {
			t.Errorf("the region %s lies in a %s, want a %s", region, got, want)
		}
	}
}

// TestIds converts in several ways: the same gives the same ids, and what gives
// other spans shares none with them.
func TestIds(t *testing.T) {
	data, err := os.ReadFile("../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	ids := func(c convert.Options, o Options) map[string]bool {
		var file bytes.Buffer
		o.Format = Binary
		if _, err := convert.Run(context.Background(), bytes.NewReader(data), c, New(&file, o)); err != nil {
			t.Fatal(err)
		}
		ids := make(map[string]bool)
		for _, s := range allSpans(decode(t, file.Bytes())) {
			ids[string(s.TraceId)] = true
		}
		return ids
	}
	whole := convert.Options{To: time.Second}
	seen := ids(whole, Options{})
	if again := ids(whole, Options{MaxSpans: 5000, MinWait: time.Millisecond, ToolVersion: "v2"}); !maps.Equal(again, seen) {
		t.Error("the same again has other ids")
	}
	for name, x := range map[string]struct {
		c convert.Options
		o Options
	}{
		"a longer part":     {convert.Options{To: time.Second + 1}, Options{}},
		"a part":            {convert.Options{From: 1, To: time.Second}, Options{}},
		"another run":       {convert.Options{To: time.Second, RunKey: "another"}, Options{}},
		"other dates":       {convert.Options{To: time.Second, Start: fixtures.Wall, Redate: true}, Options{}},
		"less detail":       {whole, Options{Detail: DetailTasks}},
		"shorter waits":     {whole, Options{MinWait: time.Microsecond}},
		"more spans":        {whole, Options{MaxSpans: 6000}},
		"fewer bytes":       {whole, Options{MaxBytes: 3_000_000}},
		"another service":   {whole, Options{Service: "other"}},
		"another name":      {convert.Options{To: time.Second, Name: "other"}, Options{Service: "trace"}},
		"strictly decoded":  {convert.Options{To: time.Second, StrictDecode: true}, Options{}},
		"by x/exp/trace":    {convert.Options{To: time.Second, Decoder: convert.DecoderX}, Options{}},
		"another attribute": {whole, Options{Attributes: []Attribute{{"deployment.environment.name", "test"}}}},
	} {
		for id := range ids(x.c, x.o) {
			if seen[id] {
				t.Errorf("%s: an id comes again", name)
			}
			seen[id] = true
		}
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
		sinktest.Test(t, func(w io.Writer) convert.Sink { return New(w, Options{Format: f}) }, fixtures.Small(t)...)
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
