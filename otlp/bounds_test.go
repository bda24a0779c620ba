package otlp

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
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
	if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Start: fixtures.Wall}, New(&file, o)); err != nil {
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

// TestLongTaskKeepsItsWaits has a task with more long waits than half of what a
// trace has by default.
func TestLongTaskKeepsItsWaits(t *testing.T) {
	const waits = 3000
	var b strings.Builder
	b.WriteString("1 G1 begin task \"long\" id=1\n")
	for i := range waits {
		at := 10 * (i + 1)
		fmt.Fprintf(&b, "%d G1 end running\n%[1]d G1 begin waiting \"sleep\"\n%d G1 end waiting\n%[2]d G1 begin running P0\n", at, at+5)
	}
	fmt.Fprintf(&b, "%d G1 end task id=1 by=G1\n", 10*waits+10)
	for _, tt := range []struct{ most, want int }{{0, 2498}, {20_000, waits}} {
		spans := spansOfStory(t, b.String(), 10*waits+20, Options{MinWait: 1, MaxSpans: tt.most})
		kinds := kindsOfTraces(t, spans)
		n := 0
		for _, s := range spans {
			if kinds[string(s.TraceId)] == kindTask && s.Name == "wait: sleep" {
				n++
			}
		}
		if n < tt.want || n > tt.want+1 {
			t.Errorf("with %d spans to a trace, the task has %d waits, want %d", tt.most, n, tt.want)
		}
	}
}

// TestAssistsLeaveRoomForCycles has assists that fill the collector's trace before
// a cycle begins.
func TestAssistsLeaveRoomForCycles(t *testing.T) {
	var b strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&b, "%d G1 begin assist\n%d G1 end assist\n", 10*i+1, 10*i+6)
	}
	b.WriteString("70000 - begin gc id=1\n70001 - begin mark id=1\n70005 - end mark id=1\n70006 - end gc id=1\n")
	spans := spansOfStory(t, b.String(), 80_000, Options{MinWait: 1})
	checkSpans(t, spans, 5000, 4_000_000)
	if n := kindsOf(t, spans); n[kindGC] != 2 || n[kindCycle] != 1 || n[kindMark] != 1 {
		t.Errorf("there are %v", n)
	}
}

// TestTaskLinks has more tasks than a cycle can link to.
func TestTaskLinks(t *testing.T) {
	for _, tt := range []struct {
		assisted, stopped         int
		wantAssisted, wantStopped int
		more                      int64
	}{
		{3, 4, 3, 4, 0}, {40, 4, 28, 4, 12}, {4, 40, 4, 28, 12}, {40, 50, 16, 16, 58}, {16, 16, 16, 16, 0},
	} {
		var c cycle
		at := byte(0)
		for range tt.assisted {
			at++
			c.assistedBy.add(ref{span: spanID{at}}, linkAssisted)
			c.assistedBy.add(ref{span: spanID{at}}, linkAssisted) // of another task, in that one's span
		}
		for range tt.stopped {
			at++
			c.stopped.add(ref{span: spanID{at}}, linkStopped)
		}
		links, more := c.taskLinks()
		n := make(map[string]int)
		for _, l := range links {
			n[l.why]++
		}
		if n[linkAssisted] != tt.wantAssisted || n[linkStopped] != tt.wantStopped {
			t.Errorf("%+v: links %v", tt, n)
		}
		if tt.assisted <= maxTaskLinks && tt.stopped <= maxTaskLinks && more != tt.more {
			t.Errorf("%+v: %d more", tt, more)
		}
	}
}

// TestManyForeignScopes has a task's subtask below many regions of no task: what
// the subtask has, the task has not.
func TestManyForeignScopes(t *testing.T) {
	const deep = 3 * maxScopes
	var b strings.Builder
	b.WriteString("10 G1 begin task \"outer\" id=1\n")
	for i := range deep {
		fmt.Fprintf(&b, "%d G1 begin task \"forgotten\" id=%d\n", 20+i, 100+i)
	}
	b.WriteString("500 G1 begin task \"inner\" id=2 parent=1\n600 G1 end task id=2 by=G1\n700 G1 end task id=1 by=G1\n")
	for _, s := range spansOfStory(t, b.String(), 800, Options{}) {
		want := map[string]int64{"outer": 590, "inner": 100}[s.Name]
		if got, _ := attrsOf(t, s.Attributes)[attrRunning].(int64); want != 0 && got != want {
			t.Errorf("%s ran for %d ns, want %d", s.Name, got, want)
		}
	}
}

// TestWindowInventsNoTasks holds the tasks of parts of traces against those that
// were open then.
func TestWindowInventsNoTasks(t *testing.T) {
	for _, name := range []string{"go1.26.8-annotations-stress.trace", "go1.26.8-annotations.trace", "go1.26.8-multi.trace"} {
		data, err := os.ReadFile("../testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var rec sinktest.Recorder
		if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, &rec); err != nil {
			t.Fatal(err)
		}
		length := rec.Summary.End.Sub(rec.Summary.Start)
		for part := range 5 {
			from := length * time.Duration(part) / 5
			to := from + length/5
			seen := make(map[int64]bool) // open in the part, or of before the trace
			first := int64(math.MaxInt64)
			for i := range rec.Records {
				if r := &rec.Records[i]; r.Kind == convert.KindTask && r.Phase == convert.End {
					if r.Time >= rec.Summary.Start+convert.Time(from) && r.Start <= rec.Summary.Start+convert.Time(to) {
						seen[int64(r.ID)] = true
					}
					if r.Flags&convert.OpenStart == 0 {
						first = min(first, int64(r.ID))
					}
				}
			}
			var file bytes.Buffer
			_, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{From: from, To: to}, New(&file, Options{Format: Binary}))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range allSpans(decode(t, file.Bytes())) {
				a := attrsOf(t, s.Attributes)
				if id, _ := a[attrTask].(int64); a[attrKind] == kindTask && id >= first && !seen[id] {
					t.Errorf("%s from %v to %v: task %d was over, or had not begun", name, from, to, id)
				}
			}
		}
	}
}
