package convert

import (
	"cmp"
	"slices"
)

// An ahead reads events a generation ahead, so that what they tell of
// its beginning is known there. Our decoder looks through the bytes of a generation
// for that; this holds its events: of a trace before Go 1.22, all.
type ahead struct {
	from   eventReader
	stacks *interner

	begun  bool    // a Sync was told
	first  bool    // of all, it was the last one told
	events []event // of its generation, up to the next Sync
	told   int     // of them
	ends   event   // that Sync
	err    error   // what came in its place

	// Start functions of the goroutines of the generation, by stacks that reach to
	// the root, and by others.
	roots, tops map[GoID]string
}

// An eventReader reads events one by one: see decoder.
type eventReader interface{ read(ev *event) error }

func newAhead(from eventReader, stacks *interner) *ahead {
	return &ahead{from: from, stacks: stacks}
}

// read reads the next event into ev.
func (a *ahead) read(ev *event) error {
	switch {
	case a.told < len(a.events):
		*ev = a.events[a.told]
		a.told++
		if ev.kind == evGoroutine && ev.from <= notExist {
			a.resolveRoot(ev)
		}
		a.stacks.tell(ev)
		return nil
	case a.err != nil:
		return a.err
	case !a.begun:
		if err := a.from.read(&a.ends); err != nil {
			return err
		}
	}
	a.first, a.begun = !a.begun, true
	*ev = a.ends
	a.err = guard(a.generation)
	return nil
}

// generation reads the events of a generation.
func (a *ahead) generation() error {
	a.events, a.told = a.events[:0], 0
	a.roots, a.tops = make(map[GoID]string), make(map[GoID]string)
	var ev event
	for {
		if err := a.from.read(&ev); err != nil {
			return err
		}
		if ev.kind == evSync || ev.kind == evEnd {
			a.ends = ev
			return nil
		}
		a.events = append(a.events, ev)
		a.name(&ev)
	}
}

// name takes note of start functions that ev tells.
func (a *ahead) name(ev *event) {
	switch ev.kind {
	case evGoroutine:
		switch {
		case ev.from == undetermined:
			nameBy(a.roots, GoID(ev.id), a.stacks.root(ev.own))
			return // its context is not that of the goroutine
		case ev.from == running && ev.to == runnable:
			nameBy(a.tops, GoID(ev.id), a.stacks.root(ev.own)) // preempted in a prologue, perhaps
			return
		}
		nameBy(a.roots, GoID(ev.id), a.stacks.root(ev.own))
	case evRangeBegin, evTaskBegin, evTaskEnd, evRegionBegin, evRegionEnd, evLog:
	default:
		return
	}
	nameBy(a.roots, ev.g, a.stacks.root(ev.stack))
}

// nameBy names g unless it has a name.
func nameBy(names map[GoID]string, g GoID, root string) {
	if root != "" && names[g] == "" {
		names[g] = root
	}
}

// resolveRoot finds the start function of a new goroutine that has no stack.
func (a *ahead) resolveRoot(ev *event) {
	if ev.root = ""; a.stacks.root(ev.own) == "" {
		ev.root = cmp.Or(a.roots[GoID(ev.id)], a.tops[GoID(ev.id)])
	}
}

// prelude appends what was there when the trace began.
func (a *ahead) prelude(to []event) []event {
	if !a.first {
		return to
	}
	type subject struct {
		kind eventKind
		rng  rangeKind
		id   int64
	}
	known := make(map[subject]bool)
	moved := make(map[ThreadID]bool) // took a proc in the meantime
	for i := range a.events {
		ev := a.events[i]
		key := subject{kind: ev.kind, id: ev.id}
		switch ev.kind {
		case evGoroutine:
		case evProc:
			if ev.from != undetermined && ev.to == running {
				moved[ev.m] = true
			}
		case evRangeBegin, evRangeActive:
			key.kind, key.rng = evRangeActive, ev.rng
		default:
			continue
		}
		there := ev.kind == evRangeActive || ev.kind != evRangeBegin && ev.from == undetermined
		if there && !known[key] {
			if ev.kind == evGoroutine {
				a.resolveRoot(&ev)
				if ev.to == syscall && moved[ev.m] {
					ev.p = NoProc // it got that later
				}
			}
			ev.moved, ev.repaired = false, false
			to = append(to, ev)
		}
		known[key] = true
	}
	slices.SortFunc(to, func(a, b event) int {
		return cmp.Or(cmp.Compare(place(&a), place(&b)), cmp.Compare(a.id, b.id))
	})
	for i := range to {
		a.stacks.tell(&to[i])
	}
	return to
}

// place returns which comes first of the kinds of things that were there.
func place(ev *event) int {
	switch {
	case ev.kind == evProc:
		return 0
	case ev.kind == evGoroutine:
		return 1
	case ev.rng == rangeMark:
		return 2
	case ev.rng == rangeSweep:
		return 3
	}
	return 4
}

// repairs returns nothing: what would have to be repaired is refused.
func (a *ahead) repairs() Repairs { return Repairs{} }

// factor returns 0: times are as golang.org/x/exp/trace has them.
func (a *ahead) factor() int64 { return 0 }

// damage cannot tell more of where a loss begins than that it is a generation.
func (a *ahead) damage() (offset int64, ok bool) { return 0, false }
