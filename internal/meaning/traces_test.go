package meaning_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
	"github.com/trace2otel/trace2otel/internal/meaning"
)

// A wait is one of a goroutine, as a trace has it.
type wait struct {
	goroutine int64
	reason    string
	initial   bool // began before the trace
	ended     bool
	nobody    bool           // no goroutine ended it
	facts     *meaning.Facts // nil: it has no stack
	waker     *meaning.Facts
	start     int64
	end       int64
	stack     []gotrace.Frame
}

// A reading reads a trace, and keeps the facts of its stacks.
type reading struct {
	*gotrace.Reader
	tables  *meaning.Tables
	std     *meaning.Std
	facts   map[uint32]*meaning.Facts
	frames  []gotrace.Frame
	open    map[int64]*wait
	class   map[int64]meaning.Class
	begun   map[int64]*meaning.Facts   // stacks of creators
	stacks  map[int64][]*meaning.Facts // what a goroutine showed, each once
	unknown *meaning.Unknown
	told    func(*wait)
	last    int64
}

// of returns the facts of a stack, nil for none.
func (r *reading) of(stack uint32) *meaning.Facts {
	if stack == 0 {
		return nil
	}
	if f, ok := r.facts[stack]; ok {
		return f
	}
	f := r.tables.Facts(r.stack(stack), r.std)
	r.facts[stack] = f
	return f
}

func (r *reading) stack(stack uint32) []meaning.Frame {
	r.frames = r.AppendFrames(r.frames[:0], stack)
	frames := make([]meaning.Frame, len(r.frames))
	for i, f := range r.frames {
		frames[i] = meaning.Frame{Func: f.Func, File: f.File, Line: int(f.Line)}
	}
	return frames
}

// readWaits reads a trace and tells each wait at its end, those that are open
// at the end of the trace in the order of their goroutines' appearance.
func readWaits(path string, told func(*wait)) (*reading, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	gr, err := gotrace.NewReader(file, gotrace.Options{})
	if err != nil {
		return nil, err
	}
	r := &reading{
		Reader: gr, tables: meaning.Default(), std: meaning.NewStd(), told: told,
		facts: make(map[uint32]*meaning.Facts), open: make(map[int64]*wait),
		class: make(map[int64]meaning.Class), begun: make(map[int64]*meaning.Facts),
		stacks: make(map[int64][]*meaning.Facts), unknown: meaning.NewUnknown(),
	}
	for {
		events, err := r.Next()
		switching := int64(gotrace.None)
		for i := range events {
			r.event(&events[i], &switching)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r, err
		}
	}
	for _, w := range r.open {
		w.end = r.last
		told(w)
	}
	return r, nil
}

// see notes a stack of a goroutine.
func (r *reading) see(g int64, f *meaning.Facts) {
	if f == nil || g == gotrace.None {
		return
	}
	r.class[g] = r.class[g].With(f.Class)
	r.unknown.Add(g, f)
	if !slices.Contains(r.stacks[g], f) {
		r.stacks[g] = append(r.stacks[g], f)
	}
}

// name returns the best name that the stacks of a goroutine give.
func (r *reading) name(g int64) (best meaning.Name) {
	for _, f := range r.stacks[g] {
		if n := r.unknown.Name(r.tables, f, r.begun[g]); n.Better(best) {
			best = n
		}
	}
	return best
}

func (r *reading) event(e *gotrace.Event, switching *int64) {
	r.last = e.Time
	f := r.of(e.Stack)
	switch e.Type {
	case gotrace.EvCPUSample, gotrace.EvSync:
		return
	case gotrace.EvGoStatusStack:
		r.see(e.ID, f)
	default:
		r.see(e.G, f)
	}
	switch e.Type {
	case gotrace.EvGoStatus, gotrace.EvGoStatusStack:
		if _, ok := r.open[e.ID]; ok || e.To != gotrace.Waiting || e.From != gotrace.Undetermined {
			return
		}
		w := &wait{goroutine: e.ID, initial: true, start: e.Time}
		if e.Type == gotrace.EvGoStatusStack {
			w.facts, w.stack = f, r.AppendFrames(nil, e.Stack)
		}
		r.open[e.ID] = w
	case gotrace.EvGoCreate, gotrace.EvGoCreateBlocked:
		r.begun[e.ID] = f
		r.see(e.ID, r.of(uint32(e.B)))
		if e.Type == gotrace.EvGoCreateBlocked {
			r.open[e.ID] = &wait{goroutine: e.ID, facts: r.of(uint32(e.B)), start: e.Time}
		}
	case gotrace.EvGoSwitch, gotrace.EvGoSwitchDestroy:
		*switching = e.G
		r.end(e.ID, nil, e)
	case gotrace.EvGoBlock:
		w := &wait{goroutine: e.G, reason: r.String(e.Name), facts: f, start: e.Time, stack: r.AppendFrames(nil, e.Stack)}
		if *switching == e.G {
			w.reason = "coroutine switch"
		}
		*switching = gotrace.None
		r.open[e.G] = w
	case gotrace.EvGoUnblock:
		r.end(e.ID, f, e)
	}
}

func (r *reading) end(g int64, waker *meaning.Facts, e *gotrace.Event) {
	w := r.open[g]
	if w == nil {
		return
	}
	delete(r.open, g)
	w.ended, w.end, w.nobody, w.waker = true, e.Time, e.G == gotrace.None, waker
	r.told(w)
}

// cause returns the cause at the beginning of a wait and at its end.
func (w *wait) cause(class meaning.Class) (begin, end meaning.Cause) {
	begin = w.facts.Cause(w.reason)
	if begin == meaning.UnknownCause && w.initial && w.ended {
		return begin, meaning.FromWaker(w.nobody, w.waker, class)
	}
	return begin, begin.AtEnd(begin.Woken(w.nobody, w.waker))
}

// readable reports whether a file of testdata is a trace of Go 1.22 and later.
func readable(path string) bool {
	return filepath.Ext(path) == ".trace" && strings.HasPrefix(filepath.Base(path), "go1.2")
}

// TestEveryWaitHasACause demands a cause of every wait that began in a trace,
// or has a stack; and of those without one, all that their waker can tell.
func TestEveryWaitHasACause(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.trace")
	if err != nil || len(files) == 0 {
		t.Fatal("no traces", err)
	}
	seen := 0
	for _, path := range files {
		if !readable(path) {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			var all []*wait
			r, err := readWaits(path, func(w *wait) { all = append(all, w) })
			if err != nil {
				t.Fatal(err)
			}
			seen += len(all)
			for _, w := range all {
				begin, end := w.cause(r.class[w.goroutine])
				switch {
				case end.String() == "" || begin.Word(w.reason) == "":
					t.Fatalf("goroutine %d: a cause without a word", w.goroutine)
				case end != meaning.UnknownCause:
				case w.initial && w.facts == nil:
					// Nothing is known of it but its status and its waker's leaf.
				default:
					t.Errorf("goroutine %d at %d: %q of %v has no cause", w.goroutine, w.start, w.reason, w.stack)
				}
			}
		})
	}
	if seen < 10_000 {
		t.Errorf("only %d waits: does the test read them?", seen)
	}
}

// TestGoroutinesOfTraces holds the names and classes of the goroutines of
// programs of which the truth is known.
func TestGoroutinesOfTraces(t *testing.T) {
	for _, c := range []struct {
		file string
		want map[string]int
	}{
		{"go1.26.8-wrappers.trace", map[string]int{
			"program main.readRows (via main.(*group).run.func1)": 10,
			"program main.sendMail (via main.(*group).run.func1)": 10,
			"program main.compress (via main.(*group).run.func1)": 1,
			"program main.(*group).run.func1":                     0,
			"program main.main":                                   1,
			"tracer runtime.traceStartReadCPU.func1":              1,
			"runtime runtime.runFinalizers":                       1,
		}},
		{"go1.26.8-iter-pull.trace", map[string]int{"program iterator begun in main.pullRange": 2}},
		{"go1.26.8-cgo-callback.trace", map[string]int{
			"program main.go_callback (via runtime.cgocallback)": 10,
		}},
	} {
		r, err := readWaits("../../testdata/"+c.file, func(*wait) {})
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]int)
		for g, class := range r.class {
			got[class.String()+" "+r.name(g).String()]++
		}
		for name, n := range c.want {
			if got[name] != n {
				t.Errorf("%s: %d goroutines %q, want %d; there are %v", c.file, got[name], name, n, got)
			}
		}
	}
}
