package gotrace_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// TestPreludeIsWhatStatusesSay compares the prelude of real traces with what the
// events of their first generation say: what was there, and which functions are
// at the roots of the goroutines' stacks.
func TestPreludeIsWhatStatusesSay(t *testing.T) {
	for _, name := range traceFiles(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
		if err != nil {
			continue
		}
		var prelude, statuses []string
		roots, partial := map[int64]string{}, map[int64]string{} // of goroutines, by events
		var sync int64
		naming := map[int64]string{}
		generation := 0
		for {
			events, err := r.Next()
			if err != nil {
				break
			}
			if events[0].Type == gotrace.EvSync {
				if generation++; generation == 2 {
					break
				}
				sync = events[0].Time
				for _, e := range r.Prelude() {
					if e.Time != sync {
						t.Errorf("%s: at %d, not %d", name, e.Time, sync)
					}
					prelude = append(prelude, say(r, &e))
				}
			}
			for i := range events {
				e := &events[i]
				if e.From == gotrace.Undetermined && e.To != gotrace.Undetermined ||
					e.Type == gotrace.EvGCActive || e.Type == gotrace.EvGCSweepActive || e.Type == gotrace.EvGCMarkAssistActive {
					statuses = append(statuses, say(r, e))
				}
				for _, g := range []int64{e.G, e.ID} {
					if n := r.Naming(g); n != 0 {
						naming[g] = cmp.Or(naming[g], root(r, n))
					}
				}
				switch g := e.G; {
				case e.Type == gotrace.EvGoCreate, e.Type == gotrace.EvGoCreateBlocked:
					roots[e.ID] = root(r, uint32(e.B)) // those of others may not reach to the root
				case e.Stack == 0 || e.Type == gotrace.EvCPUSample:
				case e.Type == gotrace.EvGoStop:
					partial[g] = cmp.Or(partial[g], root(r, e.Stack))
				default:
					if e.Type == gotrace.EvGoStatusStack {
						g = e.ID
					}
					roots[g] = cmp.Or(roots[g], root(r, e.Stack))
				}
			}
		}
		for g, root := range partial {
			roots[g] = cmp.Or(roots[g], root)
		}
		slices.Sort(prelude)
		slices.Sort(statuses)
		if !slices.Equal(prelude, statuses) {
			t.Errorf("%s:\n%v\n%v", name, prelude, statuses)
		}
		for g, root := range roots {
			if n := naming[g]; n != root {
				t.Errorf("%s: G%d is named %q, not %q", name, g, n, root)
			}
		}
	}
}

func root(r *gotrace.Reader, stack uint32) string {
	frames := r.AppendFrames(nil, stack)
	if len(frames) == 0 || len(frames) >= 128 {
		return ""
	}
	return frames[len(frames)-1].Func
}

func say(r *gotrace.Reader, e *gotrace.Event) string {
	switch e.Type {
	case gotrace.EvGoStatus, gotrace.EvGoStatusStack:
		p, m := e.P, e.M
		if e.To != gotrace.Running && e.To != gotrace.Syscall {
			p, m = gotrace.None, gotrace.None
		}
		return fmt.Sprint("G", e.ID, " ", e.To, " P", p, " M", m, " ", e.Stack)
	case gotrace.EvProcStatus:
		m := e.M
		if e.To == gotrace.Idle {
			m = gotrace.None
		}
		return fmt.Sprint("P", e.ID, " ", e.To, " M", m)
	}
	return fmt.Sprint(e.Type, " ", e.ID)
}

// traceFiles returns the traces of the repository, and those beside it.
func traceFiles(t *testing.T) []string {
	names, err := filepath.Glob("../../testdata/*.trace")
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob("../../../shared/traces/*/*.trace")
	return append(names, more...)
}
