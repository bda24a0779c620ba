package convert

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// A window cuts the records of a trace to those of a part of it.
//
// Intervals under way at its start get Begins there, flagged OpenStart, and
// their Ends are changed alike, so that sinks see what they would see of a
// trace that began then. But it is told more: reasons, stacks, names, labels
// and metrics, which a trace does not repeat at its start, hold on.
//
// Intervals under way at its end get their Ends there, flagged OpenEnd, when
// they really end. The engine goes on for that, to the end of the generation:
// goroutines and procs that did nothing are announced only then.
type window struct {
	from  Time
	to    Time // math.MaxInt64: the end of the trace
	begun bool

	// What holds at from, until that comes.
	open    map[identity][]held // innermost last
	labels  map[GoID]held
	metrics map[string]held
	sync    Record
	skipped uint64 // Syncs before sync
	n       int    // records held so far
}

// A held record was told before the window, and its order among them.
type held struct {
	Record
	order int
}

// An identity names the interval that a Begin and an End are about.
type identity struct {
	kind Kind
	id   int64
}

func identityOf(r *Record) identity {
	switch r.Kind {
	case KindProc, KindSweep:
		return identity{r.Kind, int64(r.P)}
	case KindGC, KindMark, KindTask, KindRegion:
		return identity{r.Kind, int64(r.ID)}
	}
	return identity{r.Kind, int64(r.G)}
}

func newWindow(from, to Time) *window {
	return &window{
		from:    from,
		to:      to,
		open:    make(map[identity][]held),
		labels:  make(map[GoID]held),
		metrics: make(map[string]held),
	}
}

// clip replaces the records of b by what of them is in the window.
func (w *window) clip(b *Batch) {
	in := b.Records
	for i := range in {
		if !w.begun && in[i].Time >= w.from {
			w.begun = true
			in = w.start(in[i:], cap(in))
			break
		}
		if !w.begun {
			w.hold(&in[i])
		}
	}
	if !w.begun {
		b.Records = in[:0]
		return
	}
	kept := in[:0]
	for i := range in {
		r := &in[i]
		w.cutStart(r)
		if r.Time > w.to && !w.cutEnd(r) {
			continue
		}
		kept = append(kept, *r)
	}
	b.Records = kept
}

// hold keeps what r tells as long as it holds.
func (w *window) hold(r *Record) {
	w.n++
	h := held{*r, w.n}
	id := identityOf(r)
	switch r.Phase {
	case Begin:
		w.open[id] = append(w.open[id], h)
		return
	case End:
		if n := len(w.open[id]); n > 1 {
			w.open[id] = w.open[id][:n-1]
		} else {
			delete(w.open, id)
		}
		if r.Kind == KindGoroutine {
			delete(w.labels, r.G)
		}
		return
	}
	switch r.Kind {
	case KindSync:
		if w.sync.Kind != 0 {
			w.skipped++
		}
		w.sync = *r
	case KindGoroutine:
		for i := range w.open[id] {
			w.open[id][i].Name = r.Name
		}
	case KindLabel:
		w.labels[r.G] = h
	case KindMetric:
		w.metrics[r.Name] = h
	}
}

// start returns what holds at the window's start, followed by records, with
// room for size records at least.
func (w *window) start(records []Record, size int) []Record {
	var holds []held
	for _, h := range w.open {
		holds = append(holds, h...)
	}
	for _, h := range w.labels {
		holds = append(holds, h)
	}
	for _, h := range w.metrics {
		holds = append(holds, h)
	}
	slices.SortFunc(holds, func(a, b held) int { return a.order - b.order })
	w.open, w.labels, w.metrics = nil, nil, nil

	all := make([]Record, 0, max(size, 1+len(holds)+len(records)))
	if w.sync.Kind != 0 {
		w.sync.Time = w.from
		all = append(all, w.sync)
	}
	for i := range holds {
		all = append(all, holds[i].Record)
	}
	return append(all, records...)
}

// cutStart changes r where it tells of the time before the window.
func (w *window) cutStart(r *Record) {
	if r.Kind == KindSync {
		r.ID -= w.skipped
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
	r.Time = max(r.Time, w.from)
	r.Start = w.from
	r.Seen = max(r.Seen, w.from)
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
