package convert

import (
	"cmp"
	"slices"
)

// An engine owns all state of a conversion and turns events into records. Each
// kind of thing in the trace has a state machine of its own; the engine passes
// events to the one concerned.
type engine struct {
	out        *emitter
	goroutines *goroutines
	procs      *procs
	ranges     *ranges
	tasks      *tasks
	regions    *regions

	start       Time  // of the first event
	unseen      Flags // Unseen, if that is to be told apart
	generations int64
}

func newEngine(out *emitter, stacks *stacks) *engine {
	e := &engine{out: out, procs: newProcs(out), ranges: newRanges(out), tasks: newTasks(out)}
	e.goroutines = newGoroutines(out, stacks, e.ranges)
	e.regions = newRegions(out, stacks, e.tasks, e.goroutines)
	e.goroutines.regions = e.regions
	return e
}

// handle takes the next event of the trace. What a repaired one ends was not
// measured.
func (e *engine) handle(ev *event) {
	if ev.repaired {
		e.out.ends = Repaired
		e.dispatch(ev)
		e.out.ends = 0
		return
	}
	e.dispatch(ev)
}

func (e *engine) dispatch(ev *event) {
	switch ev.kind {
	case evGoroutine:
		e.goroutines.transition(ev)
	case evProc:
		e.proc(ev)
	case evSync:
		e.generation(ev)
	case evRangeBegin:
		e.rangeBegin(ev)
	case evRangeActive:
		e.ranges.begin(ev)
	case evRangeEnd:
		e.ranges.finishRange(ev)
	case evTaskBegin:
		e.tasks.begin(ev)
	case evTaskEnd:
		e.tasks.end(ev, e.start)
		e.regions.forget(uint64(ev.id))
	case evRegionBegin, evRegionEnd:
		e.region(ev)
	case evLog:
		e.log(ev)
	case evMetric:
		e.metric(ev)
	case evSample:
		e.sample(ev)
	case evLabel:
		e.label(ev)
	}
}

// generation begins a generation.
func (e *engine) generation(ev *event) {
	if e.generations == 0 {
		e.start = ev.time
	}
	e.generations++
	r := e.out.add(KindSync, Instant, ev.time)
	r.ID = uint64(e.generations)
	r.setClock(ev.clock)
	if e.out.before {
		e.out.window.sync = *r
	}
}

// prelude takes the events that announce what was there when the trace began.
func (e *engine) prelude(at Time, events []event) {
	e.goroutines.first = e.unseen
	for i := range events {
		events[i].time = at
		e.dispatch(&events[i])
	}
	e.goroutines.first = 0
}

// proc takes a proc's transition. A proc that goes idle leaves a goroutine
// that is in a syscall on it without one.
func (e *engine) proc(ev *event) {
	if ev.to != running {
		e.goroutines.loseProc(ProcID(ev.id), ev.time)
	}
	e.procs.transition(ev)
	e.ranges.stopped(e.procs, ev.time)
}

// rangeBegin begins a range. A stop of the world when nothing else runs stops
// it at once.
func (e *engine) rangeBegin(ev *event) {
	e.ranges.begin(ev)
	e.ranges.stopped(e.procs, ev.time)
}

func (e *engine) region(ev *event) {
	g := e.goroutines.live.find(ev.g)
	switch {
	case g == nil:
		// The decoder lets no unknown goroutine run.
	case ev.kind == evRegionBegin:
		e.regions.begin(g, ev)
	default:
		e.regions.end(g, ev)
	}
}

func (e *engine) log(ev *event) {
	r := e.instant(KindLog, ev)
	r.ID, r.Stack, r.Name, r.Text = uint64(ev.id), ev.stack, ev.name, ev.text
}

func (e *engine) metric(ev *event) {
	r := e.instant(KindMetric, ev)
	r.ID, r.Name = ev.value, ev.name
	if e.out.before {
		e.out.window.holdMetric(e.out.hold(r))
	}
}

func (e *engine) sample(ev *event) {
	r := e.instant(KindSample, ev)
	r.Stack = ev.stack
}

func (e *engine) label(ev *event) {
	r := e.instant(KindLabel, ev)
	r.G, r.Name = GoID(ev.id), ev.name
	if e.out.before {
		e.goroutines.holdLabel(e.out.hold(r))
	}
}

// instant emits a record of the event's context.
func (e *engine) instant(kind Kind, ev *event) *Record {
	r := e.out.add(kind, Instant, ev.time)
	r.G, r.P, r.M = ev.g, ev.p, ev.m
	return r
}

// enter begins the window: it tells what holds by then, in the order in which it
// came about.
func (e *engine) enter() {
	e.out.before = false
	w := e.out.window
	holds := w.appendHeld(nil)
	holds = e.goroutines.appendHeld(holds)
	holds = e.procs.appendHeld(holds)
	holds = e.ranges.appendHeld(holds)
	holds = e.tasks.appendHeld(holds)
	slices.SortFunc(holds, func(a, b held) int { return cmp.Compare(a.order, b.order) })
	if w.sync.Kind != 0 {
		w.sync.Time = w.from
		*e.out.next() = w.sync
	}
	for i := range holds {
		*e.out.next() = holds[i].Record
	}
}

// finish ends everything that is open at the time of the last event.
func (e *engine) finish(t Time) {
	e.goroutines.finish(t)
	e.ranges.finish(t)
	e.tasks.finish(t)
	e.procs.finish(t)
}
