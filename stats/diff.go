package stats

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/perf/benchmath"

	"github.com/trace2otel/trace2otel/internal/account"
)

// DiffSchema names the layout of a [Diff] as JSON.
const DiffSchema = "trace2otel/diff/v1"

// A Diff says what changed between two sides, each of one trace or several.
type Diff struct {
	Schema   string   `json:"schema"` // [DiffSchema]
	Old      Side     `json:"old"`
	New      Side     `json:"new"`
	Scaled   bool     `json:"per_second"` // sums and counts are those of a second of trace
	Warnings []string `json:"warnings,omitempty"`

	// Changes are what differs. If both sides have several traces, those that
	// chance does not explain come first; else, and then, the largest.
	Changes []Change `json:"changes"`
}

// A Side is the traces of one side.
type Side struct {
	Traces   []string      `json:"traces"`      // their names
	Duration time.Duration `json:"duration_ns"` // of all
}

// A Change is a figure that differs.
type Change struct {
	Group string `json:"group"` // goroutines, task, region, gc, scheduler
	Name  string `json:"name"`  // the start function, or the type, or empty
	What  string `json:"what"`  // "running", "waiting: select", "latency p99"…
	Unit  Unit   `json:"unit"`

	System bool `json:"system"` // of the runtime's own goroutines

	Old   float64 `json:"old"`   // the median, of several
	New   float64 `json:"new"`   // likewise
	Delta float64 `json:"delta"` // New − Old

	// Percent is Delta of Old, unless that is zero.
	Percent *float64 `json:"percent,omitempty"`

	// P is how likely chance alone makes the sides differ like this
	// (Mann-Whitney U test); nil unless both have several traces.
	P *float64 `json:"p,omitempty"`
}

// A Unit is that of a figure.
type Unit string

const (
	UnitSum     Unit = "ns"      // time in all
	UnitEach    Unit = "ns each" // time of one interval: a percentile, or the longest
	UnitCount   Unit = "count"   // a number of things
	UnitBytes   Unit = "bytes"
	UnitPercent Unit = "%"
)

// DiffOptions are for [Compare]. The zero value is ready.
type DiffOptions struct {
	// PerSecond divides sums and counts by the length of the trace, to compare
	// traces of different lengths.
	PerSecond bool
}

// Compare returns what changed from old to new. Each side has at least one
// report.
func Compare(old, new []*Report, o DiffOptions) (*Diff, error) {
	if len(old) == 0 || len(new) == 0 {
		return nil, errors.New("stats: nothing to compare with")
	}
	d := &Diff{Schema: DiffSchema, Old: sideOf(old), New: sideOf(new), Scaled: o.PerSecond, Changes: []Change{}}
	d.Warnings = d.warn(old, new)

	all := make(figures)
	for _, side := range []struct {
		n       int
		reports []*Report
	}{{0, old}, {1, new}} {
		for i, r := range side.reports {
			all.of(r, o.PerSecond, func(f *figure, v float64) {
				if f.values[side.n] == nil {
					f.values[side.n] = make([]float64, len(side.reports))
					for j := range f.values[side.n] {
						f.values[side.n][j] = math.NaN()
					}
				}
				f.values[side.n][i] = v
			})
		}
	}
	for _, f := range all {
		if c, ok := f.change(len(old), len(new)); ok {
			d.Changes = append(d.Changes, c)
		}
	}
	slices.SortFunc(d.Changes, func(a, b Change) int {
		if x, y := a.significant(), b.significant(); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Unit.rank(), b.Unit.rank()), cmp.Compare(math.Abs(b.Delta), math.Abs(a.Delta)),
			strings.Compare(a.Group, b.Group), strings.Compare(a.Name, b.Name), strings.Compare(a.What, b.What))
	})
	return d, nil
}

func sideOf(reports []*Report) Side {
	s := Side{Traces: []string{}}
	for _, r := range reports {
		s.Traces = append(s.Traces, r.Trace.Name)
		account.Plus(&s.Duration, r.Trace.Duration)
	}
	return s
}

// unlike is the ratio of lengths from which on sums are not comparable.
const unlike = 1.1

func (d *Diff) warn(old, new []*Report) (all []string) {
	for _, r := range append(slices.Clone(old), new...) {
		for _, w := range r.Warnings {
			all = append(all, fmt.Sprintf("%s: %s", r.Trace.Name, w))
		}
	}
	a, b := float64(d.Old.Duration)/float64(len(old)), float64(d.New.Duration)/float64(len(new))
	if !d.Scaled && max(a, b) > unlike*min(a, b) {
		all = append(all, fmt.Sprintf("the traces are of %v and %v: sums grow with length, so compare them per second",
			time.Duration(a).Round(time.Microsecond), time.Duration(b).Round(time.Microsecond)))
	}
	return all
}

// rank puts sums of time first.
func (u Unit) rank() int {
	return slices.Index([]Unit{UnitSum, UnitEach, UnitPercent, UnitBytes, UnitCount}, u)
}

// significant reports whether chance does not explain c; of single traces, it
// cannot be told, and all are alike.
func (c *Change) significant() bool {
	return c.P == nil || *c.P < benchmath.DefaultThresholds.CompareAlpha
}

// A figure is one that all traces of a side may have.
type figure struct {
	group, name, what string
	unit              Unit
	values            [2][]float64 // of the traces of each side; NaN: it has none
}

// change returns how the figure differs, if it does.
func (f *figure) change(olds, news int) (Change, bool) {
	c := Change{Group: f.group, Name: f.name, What: f.what, Unit: f.unit}
	c.System = f.group == groupGoroutines && isSystem(f.name)
	var samples [2]*benchmath.Sample
	for side, n := range [2]int{olds, news} {
		values := f.values[side]
		if values == nil {
			values = make([]float64, n)
			for i := range values {
				values[i] = math.NaN()
			}
		}
		var have []float64
		for _, v := range values {
			switch {
			case !math.IsNaN(v):
				have = append(have, v)
			case f.unit == UnitSum || f.unit == UnitCount:
				have = append(have, 0) // it did not happen
			}
		}
		if len(have) == 0 {
			return c, false // nothing that has a length
		}
		samples[side] = benchmath.NewSample(have, &benchmath.DefaultThresholds)
	}
	c.Old = benchmath.AssumeNothing.Summary(samples[0], 0.95).Center
	c.New = benchmath.AssumeNothing.Summary(samples[1], 0.95).Center
	c.Delta = c.New - c.Old
	if c.Old != 0 {
		p := 100 * c.Delta / c.Old
		c.Percent = &p
	}
	if len(samples[0].Values) > 1 && len(samples[1].Values) > 1 {
		p := benchmath.AssumeNothing.Compare(samples[0], samples[1]).P
		if math.IsNaN(p) {
			p = 1 // all are equal
		}
		c.P = &p
	}
	return c, c.Delta != 0
}

// The groups of changes.
const (
	groupGoroutines = "goroutines"
	groupTask       = "task"
	groupRegion     = "region"
	groupScheduler  = "scheduler"
	groupGC         = "gc"
)

// figures are all that there are.
type figures map[[4]string]*figure

// of calls put with each figure of a report.
func (fs figures) of(r *Report, perSecond bool, put func(*figure, float64)) {
	scale := 1.0
	if perSecond && r.Trace.Duration > 0 {
		scale = float64(time.Second) / float64(r.Trace.Duration)
	}
	add := func(group, name, what string, unit Unit, v float64) {
		key := [4]string{group, name, what, string(unit)}
		f := fs[key]
		if f == nil {
			f = &figure{group: group, name: name, what: what, unit: unit}
			fs[key] = f
		}
		if unit == UnitSum || unit == UnitCount {
			v *= scale
		}
		put(f, v)
	}
	sum := func(group, name, what string, d time.Duration) { add(group, name, what, UnitSum, float64(d)) }
	each := func(group, name, what string, s *Spread) {
		if s == nil || s.Count == 0 {
			return
		}
		add(group, name, what+" p50", UnitEach, float64(s.P50))
		add(group, name, what+" p99", UnitEach, float64(s.P99))
		add(group, name, what+" max", UnitEach, float64(s.Max))
	}
	times := func(group, name string, t *Times) {
		sum(group, name, "running", t.Running)
		sum(group, name, "GC assist", t.Assist)
		sum(group, name, "runnable", t.Runnable)
		sum(group, name, "stopped", t.Stopped)
		sum(group, name, "syscall", t.Syscall)
		sum(group, name, "syscall, no P", t.SyscallBlocked)
		for _, w := range t.Waits {
			sum(group, name, "waiting: "+w.Reason, w.Time)
			each(group, name, "waiting: "+w.Reason, w.Each)
		}
	}
	for i := range r.Functions {
		f := &r.Functions[i]
		times(groupGoroutines, f.Name, &f.Times)
		each(groupGoroutines, f.Name, "latency", &f.Latency)
		add(groupGoroutines, f.Name, "goroutines", UnitCount, float64(f.Count))
	}
	for _, group := range []struct {
		name   string
		scopes []Scope
	}{{groupTask, r.Tasks}, {groupRegion, r.Regions}} {
		for i := range group.scopes {
			s := &group.scopes[i]
			each(group.name, s.Type, "duration", &s.Each)
			add(group.name, s.Type, group.name+"s", UnitCount, float64(s.Each.Count+s.Each.Cut))
		}
	}
	each(groupScheduler, "", "latency", &r.Scheduler.Latency)
	add(groupScheduler, "", "procs used", UnitPercent, 100*r.Scheduler.Utilization)
	each(groupGC, "", "cycle", &r.GC.Each)
	add(groupGC, "", "cycles", UnitCount, float64(r.GC.Each.Count+r.GC.Each.Cut))
	sum(groupGC, "", "workers", r.GC.Workers)
	add(groupGC, "", "heap, at most", UnitBytes, float64(r.GC.HeapMax))
	for i := range r.GC.ByReason {
		s := &r.GC.ByReason[i]
		each(groupGC, "", "stop: "+s.Reason, &s.Each)
	}
}

// WriteJSON writes the diff as one JSON object, in a line.
func (d *Diff) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(d)
}
