package collectortest

import (
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/trace2otel/trace2otel/convert"
)

// A tally is a sink that counts the intervals of which there are to be spans.
type tally struct {
	procs map[convert.ProcID]bool
	kinds map[string]int64 // by gotrace.kind
}

func (c *tally) Begin(*convert.Trace) error {
	*c = tally{make(map[convert.ProcID]bool), make(map[string]int64)}
	return nil
}

// minWait is how long waits, system calls and assists with spans are, by
// default.
const minWait = time.Millisecond

// spanKinds has the kind of the spans of each kind of interval.
var spanKinds = map[convert.Kind]string{
	convert.KindGoroutine: "goroutine",
	convert.KindGC:        "gc_cycle",
	convert.KindMark:      "gc_mark",
	convert.KindSTW:       "stw",
	convert.KindTask:      "task",
	convert.KindRegion:    "region",
}

func (c *tally) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		if r.Kind == convert.KindProc && !c.procs[r.P] {
			c.procs[r.P] = true
			c.kinds["proc"]++
		}
		if r.Phase != convert.End {
			continue
		}
		switch {
		case spanKinds[r.Kind] != "":
			c.kinds[spanKinds[r.Kind]]++
		case r.Kind == convert.KindSyscall:
			c.long("syscall", r)
		case r.Kind == convert.KindAssist:
			c.long("gc_assist", r)
		case r.Kind == convert.KindState && r.State == convert.StateWaiting:
			c.long("wait", r)
		case r.Kind == convert.KindState && r.State == convert.StateRunnable:
			c.long("runnable", r)
		}
	}
	return nil
}

func (c *tally) long(kind string, r *convert.Record) {
	if r.Duration() >= minWait {
		c.kinds[kind]++
	}
}

func (c *tally) Finish(*convert.Summary) error { return nil }

// checkCounts holds the number of spans, and of those folded away, against the
// number of intervals: nothing is lost. Waits and calls can be in the trace of a
// task as well as in that of their goroutine; but for that, nothing is there
// twice.
func checkCounts(t *testing.T, spans []ptrace.Span, want *tally) {
	t.Helper()
	tasks := make(map[pcommon.TraceID]bool) // traces of tasks
	for _, s := range spans {
		if kind, _ := s.Attributes().Get("gotrace.kind"); kind.Str() == "task" && s.ParentSpanID().IsEmpty() {
			tasks[s.TraceID()] = true
		}
	}
	kept := make(map[string]int64)
	var all, folded, again, wanted int64 // again: folded in traces of tasks
	for _, s := range spans {
		kind, _ := s.Attributes().Get("gotrace.kind")
		if n, ok := s.Attributes().Get("gotrace.folded.spans"); ok {
			folded += n.Int()
			if tasks[s.TraceID()] {
				again += n.Int()
			}
		}
		if kind.Str() == "task" && yes(s, "gotrace.open_start") && yes(s, "gotrace.open_end") {
			continue // known by what refers to it alone
		}
		switch kind.Str() {
		case "run", "function", "gc": // roots
		case "wait", "runnable", "syscall":
			if !tasks[s.TraceID()] {
				kept[kind.Str()]++
				all++
			}
		default:
			kept[kind.Str()]++
			all++
		}
	}
	for _, n := range want.kinds {
		wanted += n
	}
	for kind, n := range kept {
		if n > want.kinds[kind] {
			t.Errorf("%d spans of %d intervals of kind %s", n, want.kinds[kind], kind)
		}
	}
	if all+folded < wanted || all+folded-again > wanted {
		t.Errorf("%d spans and %d folded, %d of them in traces of tasks, want %d: %v of %v", all, folded, again, wanted, kept, want.kinds)
	}
}

func yes(s ptrace.Span, attribute string) bool {
	v, ok := s.Attributes().Get(attribute)
	return ok && v.Type() == pcommon.ValueTypeBool && v.Bool()
}
