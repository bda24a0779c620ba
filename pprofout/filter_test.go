package pprofout_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/pprofout"
)

// TestFiltersEqualIntersections holds filtered profiles, and the labels of
// tasks and regions, to what a simpler method finds: it keeps all intervals of
// a trace, and intersects each with the time that the filter lets through.
func TestFiltersEqualIntersections(t *testing.T) {
	filters := []pprofout.Options{
		{},
		{Goroutine: regexp.MustCompile(`main`)},
		{Task: regexp.MustCompile(`.`)},
		{Region: regexp.MustCompile(`.`)},
		{Region: regexp.MustCompile(`^[A-Z]|[02468]$`)},
		{Task: regexp.MustCompile(`^.?[a-m]`), Goroutine: regexp.MustCompile(`func`)},
		{Task: regexp.MustCompile(`[0-4]|[n-z]$`), Region: regexp.MustCompile(`[aeiou]`)},
	}
	counted := 0
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) {
			filters := filters
			if info, err := os.Stat(f.Path); err != nil || info.Size() > 1<<20 {
				filters = filters[4:6] // the method is slow
			}
			sinks := []convert.Sink{new(history)}
			for _, o := range filters {
				sinks = append(sinks, newSet(pprofout.Kinds, o))
			}
			fixtures.Run(t, f, sinks...)
			h := sinks[0].(*history)
			for i, o := range filters {
				want := h.intersect(&o)
				for k, p := range sinks[1+i].(*testSet).profiles(t) {
					got := byPlace(p)
					for at, v := range want[k] {
						if got[at] != v {
							t.Errorf("%s of %v in %+v: got %v, want %v", describe(&o), k, at, got[at], v)
						}
						counted++
					}
					for at, v := range got {
						if _, ok := want[k][at]; !ok && v != (sinktest.Sum{}) {
							t.Errorf("%s of %v in %+v: got %v, want nothing", describe(&o), k, at, v)
						}
					}
				}
			}
		})
	}
	if counted < 1000 {
		t.Errorf("only %d sums compared", counted)
	}
}

func describe(o *pprofout.Options) string {
	return fmt.Sprintf("goroutine %v, task %v, region %v", o.Goroutine, o.Task, o.Region)
}

// A spot is what a sample's labels say of where its goroutine was.
type spot struct{ fn, task, region string }

// byPlace sums up a profile: the time of each spot, and, at the spot that is
// all "", the count of all.
func byPlace(p *profile.Profile) map[spot]sinktest.Sum {
	sums := make(map[spot]sinktest.Sum)
	add := func(at spot, v sinktest.Sum) { sums[at] = sums[at].Plus(v) }
	for _, s := range p.Sample {
		add(spot{label(s, "goroutine_func"), label(s, "task"), label(s, "region")}, sinktest.Sum{Time: time.Duration(s.Value[1])})
		add(spot{}, sinktest.Sum{Count: s.Value[0]})
	}
	return sums
}

// A history keeps all that ended in a trace.
type history struct {
	ends, samples []convert.Record
	tasks         map[uint64]convert.Record
	lives         map[convert.GoID][]convert.Record
	regions       map[convert.GoID][]convert.Record
	begun         map[convert.GoID][]convert.Record // tasks
	first         uint64                            // task begun in the trace
}

func (h *history) Begin(*convert.Trace) error {
	*h = history{
		tasks:   make(map[uint64]convert.Record),
		lives:   make(map[convert.GoID][]convert.Record),
		regions: make(map[convert.GoID][]convert.Record),
		begun:   make(map[convert.GoID][]convert.Record),
	}
	return nil
}

func (h *history) Finish(*convert.Summary) error { return nil }

func (h *history) Consume(b *convert.Batch) error {
	for _, r := range b.Records {
		switch {
		case r.Kind == convert.KindSample:
			h.samples = append(h.samples, r)
		case r.Kind == convert.KindTask && r.Phase == convert.Begin && (h.first == 0 || r.ID < h.first):
			h.first = r.ID
		case r.Phase != convert.End:
		case r.Kind == convert.KindGoroutine:
			h.lives[r.G] = append(h.lives[r.G], r)
		case r.Kind == convert.KindRegion:
			r.ID = r.Parent // its task, as a task's own record has it
			h.regions[r.G] = append(h.regions[r.G], r)
		case r.Kind == convert.KindTask:
			h.tasks[r.ID] = r
			if r.Flags&convert.OpenStart == 0 {
				h.begun[r.G] = append(h.begun[r.G], r)
			}
		}
		switch r.Kind {
		case convert.KindState, convert.KindSyscall, convert.KindAssist, convert.KindSweep, convert.KindSTW, convert.KindGoroutine:
			if r.Phase == convert.End {
				h.ends = append(h.ends, r)
			}
		}
	}
	return nil
}

// intersect returns what profiles of all kinds are to sum up to under o.
func (h *history) intersect(o *pprofout.Options) map[pprofout.Kind]map[spot]sinktest.Sum {
	sums := make(map[pprofout.Kind]map[spot]sinktest.Sum)
	for _, k := range pprofout.Kinds {
		sums[k] = make(map[spot]sinktest.Sum)
	}
	add := func(k pprofout.Kind, at spot, v sinktest.Sum) { sums[k][at] = sums[k][at].Plus(v) }
	places := make(map[convert.GoID][]stay)
	for g := range h.lives {
		places[g] = h.stays(g, o)
	}
	for i := range h.ends {
		r := &h.ends[i]
		for _, k := range kindsOf(r) {
			counts := false
			for _, s := range overlapping(places[r.G], r, o) {
				if d := min(r.Time, s.end).Sub(max(r.Start, s.start)); d > 0 || r.Duration() == 0 {
					if r.Kind != convert.KindSyscall { // the time is that of its states
						add(k, s.spot, sinktest.Sum{Time: d})
					}
					counts = true
				}
			}
			if counts && !(k == pprofout.Syscall && r.Kind == convert.KindState) {
				add(k, spot{}, sinktest.Sum{Count: 1})
			}
		}
	}
	for i := range h.samples {
		r := &h.samples[i]
		at := spot{}
		stays := overlapping(places[r.G], r, o)
		if len(stays) == 0 {
			continue
		}
		at = stays[0].spot
		for _, s := range stays {
			if s.start <= r.Time && r.Time < s.end || s.start == r.Time {
				at = s.spot
			}
		}
		add(pprofout.CPU, at, sinktest.Sum{Time: 10 * time.Millisecond})
		add(pprofout.CPU, spot{}, sinktest.Sum{Count: 1})
	}
	return sums
}

// kindsOf returns the kinds of profile that count r.
func kindsOf(r *convert.Record) []pprofout.Kind {
	switch r.Kind {
	case convert.KindAssist, convert.KindSweep, convert.KindSTW:
		return []pprofout.Kind{pprofout.GC}
	case convert.KindSyscall:
		return []pprofout.Kind{pprofout.Syscall}
	case convert.KindGoroutine:
		if r.Flags&convert.OpenStart == 0 {
			return []pprofout.Kind{pprofout.Create}
		}
		return nil
	}
	kinds := []pprofout.Kind{pprofout.Wall}
	switch r.State {
	case convert.StateRunning:
		kinds = append(kinds, pprofout.Run)
	case convert.StateRunnable:
		kinds = append(kinds, pprofout.Sched)
	case convert.StateWaiting:
		kinds = append(kinds, pprofout.Wait)
		switch r.Name {
		case "network":
			kinds = append(kinds, pprofout.Net)
		case "chan receive", "chan send", "select", "sync", "sync.(*Cond).Wait":
			kinds = append(kinds, pprofout.Sync)
		}
	default:
		kinds = append(kinds, pprofout.Syscall)
	}
	return kinds
}

// A stay is a goroutine's time at one spot.
type stay struct {
	spot
	start, end convert.Time
}

// overlapping returns the stays that r, of their goroutine, is in; if that is
// not known and nothing is filtered, one that is everywhere.
func overlapping(stays []stay, r *convert.Record, o *pprofout.Options) (in []stay) {
	if len(stays) == 0 && o.Goroutine == nil && o.Task == nil && o.Region == nil {
		return []stay{{start: r.Start, end: r.Time}}
	}
	// Stays are in order, and exclude one another.
	from, _ := slices.BinarySearchFunc(stays, r.Start, func(s stay, t convert.Time) int { return cmp.Compare(s.end, t) })
	for _, s := range stays[from:] {
		if s.start > r.Time {
			break
		}
		in = append(in, s)
	}
	return in
}

// stays returns where g was when, as far as o lets it through.
func (h *history) stays(g convert.GoID, o *pprofout.Options) (stays []stay) {
	scopes := slices.Concat(h.regions[g], h.begun[g])
	slices.SortStableFunc(scopes, func(a, b convert.Record) int { return cmp.Compare(a.Start, b.Start) })
	for _, life := range h.lives[g] {
		if o.Goroutine != nil && !o.Goroutine.MatchString(life.Name) {
			continue
		}
		// It moves at these times alone.
		times := []convert.Time{life.Start, life.Time}
		for _, r := range scopes {
			times = append(times, r.Start, r.Time, h.tasks[r.ID].Time)
		}
		slices.Sort(times)
		times = slices.Compact(times)
		var open []convert.Record
		next := 0
		for i, start := range times[:len(times)-1] {
			open = slices.DeleteFunc(open, func(r convert.Record) bool { return r.Time <= start })
			for ; next < len(scopes) && scopes[next].Start <= start; next++ {
				if scopes[next].Time > start {
					open = append(open, scopes[next])
				}
			}
			if start < life.Start || start >= life.Time {
				continue
			}
			if at, ok := h.at(open, start, life.Name, o); ok {
				stays = append(stays, stay{at, start, times[i+1]})
			}
		}
		if life.Start == life.Time {
			if at, ok := h.at(nil, life.Start, life.Name, o); ok {
				stays = append(stays, stay{at, life.Start, life.Time})
			}
		}
	}
	return stays
}

// at returns where one is just after t who is in scopes then, and whether o
// lets that through.
func (h *history) at(scopes []convert.Record, t convert.Time, fn string, o *pprofout.Options) (spot, bool) {
	at := spot{fn: fn}
	inTask, inRegion := o.Task == nil, o.Region == nil
	scopes = slices.Clone(scopes)
	// The youngest first; of those begun before the trace, the one that ends
	// first, and before all others.
	slices.SortStableFunc(scopes, func(a, b convert.Record) int {
		early := func(r convert.Record) int { return int(r.Flags & convert.OpenStart) }
		return cmp.Or(early(a)-early(b), cmp.Compare(b.Start, a.Start), cmp.Compare(a.Time, b.Time))
	})
	for _, r := range scopes {
		tk, known := h.tasks[r.ID]
		open := r.ID != convert.NoTask && (!known && (h.first == 0 || r.ID < h.first) || known && t < tk.Time)
		if r.Kind == convert.KindRegion {
			at.region = cmp.Or(at.region, r.Name)
			inRegion = inRegion || o.Region.MatchString(r.Name)
		}
		if !open {
			continue
		}
		if !known || tk.Flags&convert.OpenStart != 0 {
			at.task = cmp.Or(at.task, "unknown task")
			continue
		}
		at.task = cmp.Or(at.task, tk.Name)
		for id := r.ID; !inTask && id != convert.NoTask; {
			up := h.tasks[id]
			// A subtask of a task that has ended before it began is none.
			inTask = up.Name != "" && o.Task.MatchString(up.Name)
			if p := h.tasks[up.Parent]; p.Time < up.Start {
				break
			}
			id = up.Parent
		}
	}
	return at, inTask && inRegion
}
