package convert

import (
	"cmp"
	"container/heap"

	"golang.org/x/exp/trace"
)

// An xEvent is an event of the reference decoder, and the time that it shall
// have.
type xEvent struct {
	trace.Event
	at Time
}

// ties puts the events of a trace before Go 1.22 that happened at one time in an
// order that is always the same. The reference decoder takes the procs of such a
// trace out of a map, so that each time it is read other ones come first; and it
// moves each of the events 1 ns after the one before. After that, ties cannot be
// recognised. Events 1 ns apart may have been simultaneous; their times are the same
// however they are ordered.
//
// So of each run of events that are 1 ns apart, the order is made anew:
//
//  1. Each proc's events keep their order, and so do those of each goroutine,
//     whether it acts or something is done to it; stops of the world, GC cycles
//     and CPU samples keep theirs. That is what the decoder goes by, and it has
//     no choice there.
//  2. Of the events that can come next, the one that has been ready longest does:
//     mostly, the decoder does the same. Then procs decide, and goroutines.
//  3. What the decoder makes of one event stays together; CPU samples come last.
//
// A run is at most as long as the trace, which the decoder holds anyway.
type ties struct {
	r    *trace.Reader
	run  []xEvent
	told int // of run

	next    trace.Event // read ahead; it is not of run
	hasNext bool
	err     error // after that

	order order
}

// fakeP is the lowest of the numbers that the decoder gives to procs that are
// none: timers, the network poller, returns from system calls.
const fakeP = 1_000_000

// read returns the next event.
func (t *ties) read() (xEvent, error) {
	if t.told == len(t.run) {
		t.fill()
	}
	if t.told == len(t.run) {
		return xEvent{}, t.err
	}
	t.told++
	return t.run[t.told-1], nil
}

// fill reads the next run, and puts it in order.
func (t *ties) fill() {
	t.run, t.told = t.run[:0], 0
	for t.err == nil || t.hasNext {
		e := t.next
		if !t.hasNext {
			if e, t.err = t.r.ReadEvent(); t.err != nil {
				break
			}
		}
		t.next, t.hasNext = trace.Event{}, false
		n := len(t.run)
		if n > 0 && (Time(e.Time()) != t.run[n-1].at+1 || e.Kind() == trace.EventSync || t.run[n-1].Kind() == trace.EventSync) {
			t.next, t.hasNext = e, true
			break
		}
		t.run = append(t.run, xEvent{e, Time(e.Time())})
	}
	if len(t.run) > 1 {
		t.order.apply(t.run)
	}
	t.order.see(t.run)
}

// An order puts runs in order.
type order struct {
	seen []Time // when the last event of each proc was, up to maxSeen

	// Of the run:
	events []tied
	last   map[chain]link // the event that a chain has come to
	ready  []int32        // a heap of events
	sorted []xEvent
}

// A tied event is one of a run.
type tied struct {
	since   Time // when what it waited for had come
	proc    ProcID
	id      int64 // whom it is about
	follows bool  // at once on the one before
	sample  bool
	next    [chains]int32
	wait    int // chains in which others come before
}

// A chain is events that keep their order: those of a proc, say.
type chain struct {
	kind chainKind
	id   int64
}

type chainKind uint8

const (
	ofProc chainKind = iota
	ofGoroutine
	ofRange
	ofSamples
)

// chains is how many an event can be part of: its proc's, that of the goroutine
// that acts, that of the one it is about, and a range's.
const chains = 4

// A link is a place in a chain: an event, and which of its chains that is.
type link struct {
	event int32
	chain int8
}

// apply puts a run in order. Its times stay where they are.
func (o *order) apply(run []xEvent) {
	if ofOneProc(run) {
		return
	}
	if o.last == nil {
		o.last = make(map[chain]link)
	}
	clear(o.last)
	o.events, o.ready, o.sorted = o.events[:0], o.ready[:0], o.sorted[:0]
	for i := range run {
		o.add(&run[i].Event)
	}
	for i := range o.events {
		if o.events[i].wait == 0 {
			o.ready = append(o.ready, int32(i))
		}
	}
	heap.Init(o)
	for len(o.ready) > 0 {
		i := heap.Pop(o).(int32)
		at := run[len(o.sorted)].at
		o.sorted = append(o.sorted, run[i])
		for _, next := range o.events[i].next {
			if next < 0 {
				continue
			}
			o.events[next].since = at
			if o.events[next].wait--; o.events[next].wait == 0 {
				heap.Push(o, next)
			}
		}
	}
	for i := range run {
		run[i].Event = o.sorted[i].Event
	}
	clear(o.sorted)
}

// see takes note of the events of a run.
func (o *order) see(run []xEvent) {
	for i := range run {
		if p := run[i].Proc(); 0 <= p && p < maxSeen && run[i].Kind() != trace.EventStackSample {
			for int(p) >= len(o.seen) {
				o.seen = append(o.seen, 0)
			}
			o.seen[p] = run[i].at
		}
	}
}

// maxSeen is more procs than a machine has.
const maxSeen = 4096

// ofOneProc reports whether the order of a run cannot be another.
func ofOneProc(run []xEvent) bool {
	p := run[0].Proc()
	for i := range run {
		if run[i].Proc() != p || run[i].Kind() == trace.EventStackSample {
			return false
		}
	}
	return 0 <= p && p < fakeP
}

// add adds the next event of a run.
func (o *order) add(e *trace.Event) {
	i := len(o.events)
	o.events = append(o.events, tied{proc: ProcID(e.Proc()), id: int64(e.Goroutine()), next: [chains]int32{-1, -1, -1, -1}})
	n := int8(0)
	join := func(kind chainKind, id int64) {
		c := chain{kind, id}
		if before, ok := o.last[c]; ok && before.event != int32(i) {
			o.events[before.event].next[before.chain] = int32(i)
			o.events[i].wait++
		}
		o.last[c] = link{int32(i), n}
		n++
	}
	if e.Kind() == trace.EventStackSample {
		o.events[i].sample = true
		join(ofSamples, 0)
		return
	}
	if p := e.Proc(); p < fakeP && !madeUp(e) {
		join(ofProc, int64(p))
		if 0 <= p && int(p) < len(o.seen) {
			o.events[i].since = o.seen[p]
		}
	}
	if g := e.Goroutine(); g != trace.NoGoroutine {
		join(ofGoroutine, int64(g))
	}
	switch e.Kind() {
	case trace.EventLabel:
		o.events[i].follows = true
	case trace.EventStateTransition:
		if st := e.StateTransition(); st.Resource.Kind == trace.ResourceGoroutine {
			id := st.Resource.Goroutine()
			from, to := st.Goroutine()
			o.events[i].id = int64(id)
			o.events[i].follows = from == trace.GoSyscall && to == trace.GoRunning
			if id != e.Goroutine() {
				join(ofGoroutine, int64(id))
			}
		}
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		switch rangeOf(e.Range().Name) {
		case rangeSTW, rangeMark:
			join(ofRange, int64(rangeOf(e.Range().Name)))
		}
	}
}

// madeUp reports whether e is a status that is in no batch: the decoder makes it
// for each goroutine that was runnable at the start, in the order of a map.
func madeUp(e *trace.Event) bool {
	if e.Proc() != trace.NoProc || e.Goroutine() != trace.NoGoroutine || e.Kind() != trace.EventStateTransition {
		return false
	}
	st := e.StateTransition()
	if st.Resource.Kind != trace.ResourceGoroutine {
		return false
	}
	from, _ := st.Goroutine()
	return from == trace.GoUndetermined
}

// Len, Less, Swap, Push and Pop make the ready events a heap. No two of them are
// equal: what has one proc, or is about one goroutine, is in a chain.
func (o *order) Len() int { return len(o.ready) }

func (o *order) Less(i, j int) bool {
	a, b := &o.events[o.ready[i]], &o.events[o.ready[j]]
	if a.follows != b.follows {
		return a.follows
	}
	if a.sample != b.sample {
		return b.sample
	}
	return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.proc, b.proc), cmp.Compare(a.id, b.id)) < 0
}

func (o *order) Swap(i, j int) { o.ready[i], o.ready[j] = o.ready[j], o.ready[i] }
func (o *order) Push(x any)    { o.ready = append(o.ready, x.(int32)) }

func (o *order) Pop() any {
	n := len(o.ready) - 1
	x := o.ready[n]
	o.ready = o.ready[:n]
	return x
}
