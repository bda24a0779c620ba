package otlp

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/sinktest"
)

// spansOf converts a trace of testdata.
func spansOf(t *testing.T, name string, o Options) []*tracepb.Span {
	t.Helper()
	data, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	o.Format = Binary
	var file bytes.Buffer
	if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Start: sinktest.Wall}, New(&file, o)); err != nil {
		t.Fatal(err)
	}
	return allSpans(decode(t, file.Bytes()))
}

// spansOfStory replays records that a test makes up: those of one goroutine that
// runs, up to a time.
func spansOfStory(t *testing.T, records string, end int, o Options) []*tracepb.Span {
	t.Helper()
	o.Format = Binary
	var file bytes.Buffer
	rec := sinktest.Story(t, "trace wall=1000000000\n0 - sync id=1 clock=0/0/1000000000\n"+
		"0 G1 begin goroutine \"main.main\" open-start\n0 G1 begin running P0 open-start\n"+records+
		fmt.Sprintf("%d G1 end running open-end\n%d G1 end goroutine open-end\n", end, end))
	if err := rec.Replay(New(&file, o), 1000); err != nil {
		t.Fatal(err)
	}
	return allSpans(decode(t, file.Bytes()))
}

// kindsOf counts spans by kind.
func kindsOf(t *testing.T, spans []*tracepb.Span) map[string]int {
	n := make(map[string]int)
	for _, s := range spans {
		n[attrsOf(t, s.Attributes)[attrKind].(string)]++
	}
	return n
}

// TestMoreSpansAreMore raises the bound: no kind of span gets fewer by it.
func TestMoreSpansAreMore(t *testing.T) {
	before := make(map[string]int)
	for _, most := range []int{50, 500, 0, 20_000, 50_000, 1_000_000} {
		n := kindsOf(t, spansOf(t, "go1.26.8-multi.trace", Options{MaxSpans: most}))
		for kind, was := range before {
			if kind != kindFunction && n[kind] < was {
				t.Errorf("with %d spans to a trace, %d of kind %s: there were %d", most, n[kind], kind, was)
			}
		}
		before = n
	}
}

// TestManyTasksLeaveLinks has more root tasks than the run can link to.
func TestManyTasksLeaveLinks(t *testing.T) {
	const tasks = maxRootLinks + 200
	var b strings.Builder
	for i := range tasks {
		fmt.Fprintf(&b, "%d G1 begin task \"t\" id=%d\n%d G1 end task id=%d by=G1\n", 2*i+1, i+1, 2*i+2, i+1)
	}
	b.WriteString("9000 - begin gc id=1\n9001 - end gc\n")
	spans := spansOfStory(t, b.String(), 9009, Options{})
	checkSpans(t, spans, 5000, 4_000_000)
	linked := make(map[string]bool)
	var folded int64
	for _, s := range spans {
		if a := attrsOf(t, s.Attributes); a[attrKind] == kindRun {
			folded, _ = a[attrFoldedLinks].(int64)
			for _, l := range s.Links {
				linked[string(l.SpanId)] = true
			}
		}
	}
	n := make(map[string]int)
	for _, s := range spans {
		if linked[string(s.SpanId)] {
			n[attrsOf(t, s.Attributes)[attrKind].(string)]++
		}
	}
	if n[kindGC] != 1 || n[kindFunction] != 1 || n[kindTask] != maxRootLinks-2 || folded != tasks-(maxRootLinks-2) {
		t.Errorf("the run links to %v, and folded %d links", n, folded)
	}
}

// TestCyclesShareATrace has collections by the hundred: they are in one trace as
// long as they fit.
func TestCyclesShareATrace(t *testing.T) {
	for _, tt := range []struct{ cycles, most, parts int }{{300, 0, 1}, {300, 200, 4}} {
		var b strings.Builder
		for i := range tt.cycles {
			fmt.Fprintf(&b, "%d - begin gc id=%d\n%[1]d - begin mark id=%d\n%d - end mark id=%[2]d\n%[3]d - end gc id=%[2]d\n", 10*i, i+1, 10*i+5)
		}
		spans := spansOfStory(t, b.String(), 10*tt.cycles, Options{MaxSpans: tt.most})
		n := kindsOf(t, spans)
		if n[kindGC] != tt.parts || n[kindCycle] != tt.cycles || n[kindMark] != tt.cycles {
			t.Errorf("%d cycles, %d spans to a trace: %v", tt.cycles, tt.most, n)
		}
		if tt.most != 0 {
			checkSpans(t, spans, tt.most, 4_000_000)
		}
	}
}

// TestManyOpenSubtasks has subtasks open at once that together fit into a trace.
func TestManyOpenSubtasks(t *testing.T) {
	const subtasks = 4000
	var b strings.Builder
	b.WriteString("1 G1 begin task \"root\" id=1\n")
	for i := range subtasks {
		fmt.Fprintf(&b, "%d G1 begin task \"part\" id=%d parent=1\n", i+2, i+2)
	}
	for i := range subtasks {
		fmt.Fprintf(&b, "%d G1 end task id=%d by=G1\n", subtasks+i+2, i+2)
	}
	fmt.Fprintf(&b, "%d G1 end task id=1 by=G1\n", 2*subtasks+2)
	spans := spansOfStory(t, b.String(), 2*subtasks+3, Options{})
	checkSpans(t, spans, 5000, 4_000_000)
	if n := kindsOf(t, spans)[kindTask]; n != 1+subtasks {
		t.Errorf("%d spans of tasks, want %d", n, 1+subtasks)
	}
}

// TestLogsLeaveRoom fills a task with logs before it has a subtask.
func TestLogsLeaveRoom(t *testing.T) {
	const logs = 20_000
	var b strings.Builder
	b.WriteString("1 G1 begin task \"root\" id=1\n")
	for i := range logs {
		fmt.Fprintf(&b, "%d G1 log \"note\" text=%q id=1\n", i+2, strings.Repeat("x", 300))
	}
	fmt.Fprintf(&b, "%d G1 begin task \"part\" id=2 parent=1\n%[1]d G1 end task id=2 by=G1\n%[1]d G1 end task id=1 by=G1\n", logs+3)
	spans := spansOfStory(t, b.String(), logs+4, Options{})
	checkSpans(t, spans, 5000, 4_000_000)
	if n := kindsOf(t, spans)[kindTask]; n != 2 {
		t.Errorf("%d spans of tasks, want 2", n)
	}
	for _, s := range spans {
		a := attrsOf(t, s.Attributes)
		if folded, _ := a[attrFoldedLogs].(int64); s.Name == "root" && (len(s.Events) < 3000 || int64(len(s.Events))+folded != logs) {
			t.Errorf("%d logs, and %d folded", len(s.Events), folded)
		}
	}
}
