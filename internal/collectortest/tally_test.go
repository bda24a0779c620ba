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
	goroutines map[convert.GoID]bool // whether their names are known
	procs      map[convert.ProcID]bool
	kinds      map[string]int64 // by gotrace.kind

	// unplaced is how many waits and calls among them are of goroutines of
	// which nothing has told where they belong: they may be left out.
	unplaced int64
}

func (c *tally) Begin(*convert.Trace) error {
	*c = tally{make(map[convert.GoID]bool), make(map[convert.ProcID]bool), make(map[string]int64), 0}
	return nil
}

// minWait is how long waits and system calls with spans are, by default.
const minWait = time.Millisecond

// spanKinds has the kind of the spans of each kind of interval.
var spanKinds = map[convert.Kind]string{
	convert.KindGoroutine: "goroutine",
	convert.KindGC:        "gc_cycle",
	convert.KindMark:      "gc_mark",
	convert.KindAssist:    "gc_assist",
	convert.KindSTW:       "stw",
	convert.KindTask:      "task",
	convert.KindRegion:    "region",
}

func (c *tally) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		switch {
		case r.Kind == convert.KindGoroutine && r.Phase != convert.End:
			c.goroutines[r.G] = r.Name != "" || r.Phase == convert.Instant
		case r.Kind == convert.KindProc && !c.procs[r.P]:
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
		case r.Kind == convert.KindState && r.State == convert.StateWaiting:
			c.long("wait", r)
		case r.Kind == convert.KindState && r.State == convert.StateRunnable:
			c.long("runnable", r)
		}
	}
	return nil
}

func (c *tally) long(kind string, r *convert.Record) {
	if r.Duration() < minWait {
		return
	}
	c.kinds[kind]++
	if !c.goroutines[r.G] && r.Stack == 0 {
		c.unplaced++
	}
}

func (c *tally) Finish(*convert.Summary) error { return nil }

// checkCounts holds the number of spans, and of those folded away, against the
// number of intervals: nothing is lost, and nothing is there twice.
func checkCounts(t *testing.T, spans []ptrace.Span, want *tally) {
	t.Helper()
	kept := make(map[string]int64)
	var all, folded, wanted int64
	for _, s := range spans {
		kind, _ := s.Attributes().Get("gotrace.kind")
		if n, ok := s.Attributes().Get("gotrace.folded.spans"); ok {
			folded += n.Int()
		}
		if kind.Str() == "task" && yes(s, "gotrace.open_start") && yes(s, "gotrace.open_end") {
			continue // known by what refers to it alone
		}
		switch kind.Str() {
		case "run", "function", "gc": // roots
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
	if missing := wanted - all - folded; missing < 0 || missing > want.unplaced {
		t.Errorf("%d spans and %d folded, want %d, of which %d may be left out: %v of %v",
			all, folded, wanted, want.unplaced, kept, want.kinds)
	}
}

func yes(s ptrace.Span, attribute string) bool {
	v, ok := s.Attributes().Get(attribute)
	return ok && v.Type() == pcommon.ValueTypeBool && v.Bool()
}
