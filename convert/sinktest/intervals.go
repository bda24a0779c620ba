package sinktest

import (
	"slices"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// An identity names an interval that is open: there is one of it at a time.
type identity struct {
	kind convert.Kind
	id   int64
}

// identityOf returns which interval r begins or ends.
func identityOf(r *convert.Record) identity {
	switch r.Kind {
	case convert.KindProc, convert.KindSweep:
		return identity{r.Kind, int64(r.P)}
	case convert.KindGC, convert.KindMark, convert.KindTask, convert.KindRegion:
		return identity{r.Kind, int64(r.ID)}
	}
	return identity{r.Kind, int64(r.G)}
}

// intervals are those open at one point of a trace. The zero value has none.
type intervals struct {
	open map[identity][]opened // innermost last
	n    int

	regions map[convert.GoID][]convert.Record // Begins of the open ones, in order
	kept    map[convert.GoID]time.Duration    // of system calls under way: with a P
}

type opened struct {
	begin convert.Record
	order int
}

// apply begins or ends the interval of r, and returns the Begin of an End, or
// nil if there was none.
func (in *intervals) apply(r *convert.Record) *convert.Record {
	in.countP(r)
	id := identityOf(r)
	switch r.Phase {
	case convert.Begin:
		if in.open == nil {
			in.open = make(map[identity][]opened)
		}
		in.n++
		in.open[id] = append(in.open[id], opened{*r, in.n})
		if r.Kind == convert.KindRegion {
			if in.regions == nil {
				in.regions = make(map[convert.GoID][]convert.Record)
			}
			in.regions[r.G] = append(in.regions[r.G], *r)
		}
	case convert.End:
		stack := in.open[id]
		if len(stack) == 0 {
			return nil
		}
		begin := stack[len(stack)-1].begin
		if r.Kind == convert.KindRegion {
			in.regions[begin.G] = slices.DeleteFunc(in.regions[begin.G], func(b convert.Record) bool { return b.ID == r.ID })
		}
		if len(stack) == 1 {
			delete(in.open, id)
		} else {
			in.open[id] = stack[:len(stack)-1]
		}
		return &begin
	}
	return nil
}

// current returns the Begin of the interval that r would end, or nil.
func (in *intervals) current(r *convert.Record) *convert.Record {
	if stack := in.open[identityOf(r)]; len(stack) > 0 {
		return &stack[len(stack)-1].begin
	}
	return nil
}

// region returns the Begin of the open region that a line without a number is
// about: the one of its goroutine that began last, of those that have its type
// and task, if the line gives them. It is nil if there is none.
func (in *intervals) region(r *convert.Record) *convert.Record {
	open := in.regions[r.G]
	for i := len(open) - 1; i >= 0; i-- {
		b := &open[i]
		if (r.Name == "" || r.Name == b.Name) && (r.Parent == convert.NoTask || r.Parent == b.Parent) {
			return b
		}
	}
	return nil
}

// depth returns how many intervals of r's identity are open.
func (in *intervals) depth(r *convert.Record) int { return len(in.open[identityOf(r)]) }

// begun returns the Begins of all that is open, in the order they came.
func (in *intervals) begun() []convert.Record {
	var all []opened
	for _, stack := range in.open {
		all = append(all, stack...)
	}
	slices.SortFunc(all, func(a, b opened) int { return a.order - b.order })
	begins := make([]convert.Record, len(all))
	for i := range all {
		begins[i] = all[i].begin
	}
	return begins
}

// keptP returns for how long the system call that end ends kept its P: while
// the goroutine's state was syscall.
func (in *intervals) keptP(end *convert.Record) time.Duration {
	kept := in.kept[end.G]
	state := in.current(&convert.Record{Kind: convert.KindState, G: end.G})
	if state != nil && state.State == convert.StateSyscall {
		kept += end.Time.Sub(state.Start)
	}
	return kept
}

// countP keeps kept up to date.
func (in *intervals) countP(r *convert.Record) {
	switch {
	case r.Kind == convert.KindSyscall:
		delete(in.kept, r.G)
	case r.Kind == convert.KindState && r.State == convert.StateSyscall && r.Phase == convert.End:
		if in.kept == nil {
			in.kept = make(map[convert.GoID]time.Duration)
		}
		in.kept[r.G] += r.Duration()
	}
}
