package convert

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// A window cuts the records of a trace to those of a part of it.
//
// Before it, the engine only keeps its state. At its start, what is open gets
// its Begins there, flagged OpenStart, and the Ends are changed alike. A window
// looks like a trace that began at from, plus what such a trace lacks: reasons,
// stacks, names, labels, metrics.
//
// Intervals under way at its end get their Ends there, flagged OpenEnd, when
// they really end. The engine goes on for that, to the end of the generation:
// goroutines and procs that did nothing are announced only then. Where there are
// regions, the Ends wait until then, and those of a goroutine are told innermost
// first.
type window struct {
	from Time
	to   Time // math.MaxInt64: the end of the trace

	// What was told before from and belongs to no state machine.
	metrics map[string]*held
	sync    Record // of the latest generation

	goroutines int64 // that live in the window

	regions bool     // some have begun
	cut     []Record // if so: Ends of what is under way at to
}

func newWindow(from, to Time) *window {
	return &window{from: from, to: to, metrics: make(map[string]*held)}
}

// clip replaces the records of b by what of them is in the window.
func (w *window) clip(b *Batch) {
	kept := b.Records[:0]
	for i := range b.Records {
		r := &b.Records[i]
		w.cutStart(r)
		if r.Time > w.to {
			if !w.cutEnd(r) {
				continue
			}
			if w.regions {
				w.cut = append(w.cut, *r)
				continue
			}
		}
		if r.Kind == KindRegion {
			w.regions = true
		}
		if r.Kind == KindGoroutine && r.Phase == Begin {
			w.goroutines++
		}
		kept = append(kept, *r)
	}
	b.Records = kept
}

// cutStart changes r where it tells of the time before the window.
func (w *window) cutStart(r *Record) {
	if r.Kind == KindSync {
		r.ID -= max(w.sync.ID, 1) - 1 // those before
		return
	}
	if r.Start >= w.from {
		return
	}
	if r.Phase == End {
		// How long the beginning of the interval took.
		switch r.Kind {
		case KindSyscall, KindSTW:
			r.ID -= min(r.ID, uint64(w.from-r.Start))
		}
	}
	if r.Kind == KindState && r.State == StateWaiting && r.Name == "" && r.Flags&OpenStart == 0 {
		r.Name = ReasonUnspecified // its beginning was seen, and told no reason
	}
	r.Time = max(r.Time, w.from)
	r.Start = w.from
	r.Flags |= OpenStart
	r.Prev = StateNone
}

// cutEnd changes r, whose time is after the window, to what of it is within. It
// reports false if that is nothing.
func (w *window) cutEnd(r *Record) bool {
	if r.Phase != End || r.Start > w.to {
		return false
	}
	// What is known only at the end.
	switch r.Kind {
	case KindSyscall:
		r.ID = min(r.ID, uint64(w.to-r.Start))
	case KindSTW:
		if stopping := uint64(w.to - r.Start); r.ID > stopping {
			r.ID, r.Flags = stopping, r.Flags&^Stopped
		}
	case KindSweep:
		r.ID, r.Parent = 0, 0
	case KindTask, KindRegion:
		r.By, r.ByStack = NoGoroutine, 0
	case KindState:
		if r.State == StateWaiting {
			r.By, r.ByStack = NoGoroutine, 0
		}
	}
	r.EndStack = 0
	r.Flags = r.Flags&^Exited | OpenEnd
	r.Time = w.to
	return true
}

// depth is how far within a goroutine's life a kind is. It is 0 for the life, and
// for kinds that do not belong to a goroutine.
var depth = [KindLabel + 1]int8{KindRegion: 1, KindAssist: 2, KindSyscall: 3, KindState: 4}

// nested returns the order in which to tell of Ends. What is within something else
// of its goroutine comes forward to before that, if it really ended later. All
// else keeps its place: so no region of a task comes after the task.
func nested(ends []Record) []int {
	var inner []int // of goroutines, outermost first
	order, place := make([]int, len(ends)), make([]int, len(ends))
	for i := range ends {
		order[i], place[i] = i, i
		if depth[ends[i].Kind] != 0 {
			inner = append(inner, i)
		}
	}
	outermostFirst := func(i, j int) int {
		a, b := &ends[i], &ends[j]
		return cmp.Or(cmp.Compare(depth[a.Kind], depth[b.Kind]), cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(inner, func(i, j int) int {
		return cmp.Or(cmp.Compare(ends[i].G, ends[j].G), outermostFirst(i, j), cmp.Compare(i, j))
	})
	for n, i := range inner {
		if n > 0 && ends[inner[n-1]].G == ends[i].G {
			place[i] = min(i, place[inner[n-1]])
		}
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(place[i], place[j]), outermostFirst(j, i), cmp.Compare(j, i))
	})
	return order
}

// end emits the Ends that waited.
func (w *window) end(out *emitter) {
	for _, i := range nested(w.cut) {
		*out.next() = w.cut[i]
	}
	w.cut = nil
	out.flush()
}

// errWindowEnd stops the reading where the window ends.
var errWindowEnd = errors.New("end of the window")

// window returns the window that o asks for of a trace that starts at start,
// or nil.
func (o *Options) window(start Time) *window {
	if o.From == 0 && o.To == 0 {
		return nil
	}
	to := Time(math.MaxInt64)
	if o.To != 0 {
		to = start + Time(o.To)
	}
	return newWindow(start+Time(o.From), to)
}

// ends reports whether the engine has seen enough for the window: ev begins a
// generation after it.
func (w *window) ends(ev *event) bool {
	return ev.kind == evSync && ev.time > w.to
}

// checkWindow returns an error if o asks for a window that no trace can have.
func (o *Options) checkWindow() error {
	switch {
	case o.From < 0 || o.To < 0:
		return fmt.Errorf("convert: a window from %v to %v of a trace: offsets are counted from its start", o.From, o.To)
	case o.To != 0 && o.To <= o.From:
		return fmt.Errorf("convert: the window from %v to %v is empty", o.From, o.To)
	}
	return nil
}

// notInWindow is the error of a trace that ended before its window began.
func notInWindow(o *Options, length time.Duration) error {
	return &InputError{Err: fmt.Errorf("nothing from %v on: the trace lasts %v", o.From, length)}
}
