package convert

import (
	"cmp"
	"slices"
	"time"
)

// ranges is the state machine of what the garbage collector and the stopper of
// the world do. A range is known by its kind and its scope: a goroutine for a
// stop of the world and a mark assist, a proc for a sweep, nothing for the
// mark phase.
//
// A GC cycle is made of them:
//
//	mark phase                   is announced just before the first stop
//	STW "GC sweep termination"   within it; together they begin the cycle
//	STW "GC mark termination"    may come several times; ends the cycle once
//	                             the mark phase has ended
//
// (runtime/mgc.go: gcStart, gcMarkDone, gcMarkTermination).
type ranges struct {
	out    *emitter
	sweeps procTable[gcRange]             // under way
	others [rangeSweep]map[int64]*gcRange // by kind and scope
	ended  []*gcRange                     // for use again
	cycle  gcRange                        // the GC cycle
	cycles uint64                         // begun so far
	inGC   bool
	parts  cycleParts // seen of the cycle
	stops  []*gcRange // of the world, under way
}

type cycleParts uint8

const (
	sweepTermination cycleParts = 1 << iota
	markBegin
	markEnd
)

type rangeKey struct {
	kind  rangeKind
	scope int64
}

// A gcRange is a range that has begun.
type gcRange struct {
	mark
	g     GoID
	p     ProcID
	m     ThreadID
	id    uint64
	stack StackID
	name  string

	// Of a stop of the world: how long it took, if it was seen.
	stopping time.Duration
	stopped  bool
}

// Reasons of the two stops that delimit a GC cycle (runtime/proc.go:
// stwReasonStrings).
const (
	stwSweepTermination = "GC sweep termination"
	stwMarkTermination  = "GC mark termination"
)

func newRanges(out *emitter) *ranges {
	rs := &ranges{out: out}
	for i := range rs.others {
		rs.others[i] = make(map[int64]*gcRange)
	}
	return rs
}

// open returns the range of a kind and scope that is under way, or nil.
func (rs *ranges) open(key rangeKey) *gcRange {
	if key.kind == rangeSweep {
		return rs.sweeps.of(ProcID(key.scope))
	}
	return rs.others[key.kind][key.scope]
}

// set sets what is under way; nil is nothing.
func (rs *ranges) set(key rangeKey, in *gcRange) {
	switch {
	case key.kind == rangeSweep:
		rs.sweeps.set(ProcID(key.scope), in)
	case in == nil:
		delete(rs.others[key.kind], key.scope)
	default:
		rs.others[key.kind][key.scope] = in
	}
}

// blank returns a range without anything.
func (rs *ranges) blank() *gcRange {
	n := len(rs.ended)
	if n == 0 {
		return new(gcRange)
	}
	in := rs.ended[n-1]
	rs.ended = rs.ended[:n-1]
	*in = gcRange{}
	return in
}

// kinds of records, by kind of range.
var rangeRecords = [...]Kind{
	rangeSTW:    KindSTW,
	rangeMark:   KindMark,
	rangeAssist: KindAssist,
	rangeSweep:  KindSweep,
}

// begin begins the range of a RangeBegin or RangeActive event: an active range was
// under way before.
func (rs *ranges) begin(ev *event) {
	key := rangeKey{ev.rng, ev.id}
	if rs.open(key) != nil {
		if ev.kind == evRangeActive {
			return // re-announced each generation
		}
		rs.end(key, ev.time, 0) // its end was lost
	}
	in := rs.blank()
	in.mark, in.g, in.p, in.m, in.stack, in.name = mark{start: ev.time}, ev.g, ev.p, ev.m, ev.stack, ev.name
	if ev.kind == evRangeActive {
		in.flags = OpenStart
		in.g, in.p, in.m = NoGoroutine, NoProc, NoThread // those of the announcement
	}
	switch ev.rng {
	case rangeSTW:
		if ev.name == stwSweepTermination {
			rs.joinCycle(in, sweepTermination)
		}
	case rangeAssist:
		in.g = GoID(ev.id)
	case rangeSweep:
		in.p = ProcID(ev.id)
	case rangeMark:
		rs.joinCycle(in, markBegin)
		if ev.kind == evRangeActive {
			rs.parts |= sweepTermination // before the trace
		}
		in.id = rs.cycle.id
	}
	rs.set(key, in)
	in.fill(rs.out.add(rangeRecords[ev.rng], Begin, in.start))
	in.order = rs.out.order
	if ev.kind == evRangeBegin && ev.rng == rangeSTW {
		rs.stops = append(rs.stops, in)
	}
}

// stopped notes for the stops of the world under way whether it has stopped by
// now: no proc runs but that of the goroutine that asked for it. Procs that
// start after that belong to the restart, of which the range's end tells last
// (runtime/proc.go: startTheWorldWithSema).
func (rs *ranges) stopped(ps *procs, t Time) {
	for _, in := range rs.stops {
		if !in.stopped && ps.alone(in.p) {
			in.stopping, in.stopped = t.Sub(in.start), true
		}
	}
}

// finishRange ends the range of a RangeEnd event.
func (rs *ranges) finishRange(ev *event) {
	key := rangeKey{ev.rng, ev.id}
	in := rs.open(key)
	if in == nil {
		return // the decoder lets none begin unseen
	}
	if ev.rng == rangeSweep {
		r := rs.end(key, ev.time, 0)
		r.ID, r.Parent = ev.value, ev.parent
		return
	}
	rs.end(key, ev.time, 0)
	switch ev.rng {
	case rangeMark:
		rs.parts |= markEnd
	case rangeSTW:
		if in.name == stwMarkTermination && rs.inGC && rs.parts&markEnd != 0 {
			rs.endCycle(ev.time, 0)
		}
	}
}

// end ends an open range.
func (rs *ranges) end(key rangeKey, t Time, flags Flags) *Record {
	in := rs.open(key)
	r := rs.out.add(rangeRecords[key.kind], End, t)
	in.fill(r)
	r.Flags |= flags
	if in.stopped {
		r.ID = uint64(in.stopping)
		r.Flags |= Stopped
	}
	if key.kind == rangeSTW {
		rs.stops = slices.DeleteFunc(rs.stops, func(other *gcRange) bool { return other == in })
	}
	rs.set(key, nil)
	rs.ended = append(rs.ended, in)
	return r
}

// endAssist ends the mark assist that g is in, if it is in one.
func (rs *ranges) endAssist(g GoID, t Time, flags Flags) {
	key := rangeKey{rangeAssist, int64(g)}
	if rs.open(key) != nil {
		rs.end(key, t, flags)
	}
}

// joinCycle makes in a part of the current GC cycle, or of a new one if that
// has such a part already.
func (rs *ranges) joinCycle(in *gcRange, part cycleParts) {
	if rs.inGC && rs.parts&(part|markEnd) != 0 {
		rs.endCycle(in.start, 0) // its end was lost
	}
	if !rs.inGC {
		rs.cycles++
		rs.cycle = *in
		rs.cycle.id, rs.cycle.name = rs.cycles, ""
		rs.inGC, rs.parts = true, 0
		rs.cycle.fill(rs.out.add(KindGC, Begin, in.start))
		rs.cycle.order = rs.out.order
	}
	rs.parts |= part
}

func (rs *ranges) endCycle(t Time, flags Flags) {
	r := rs.out.add(KindGC, End, t)
	rs.cycle.fill(r)
	r.Flags |= flags
	rs.inGC = false
}

func (in *gcRange) fill(r *Record) {
	r.Start = in.start
	r.Flags |= in.flags
	r.G, r.P, r.M = in.g, in.p, in.m
	r.ID, r.Stack, r.Name = in.id, in.stack, in.name
}

// finish ends what is open at the end of the trace, in the order of kinds and
// scopes, the GC cycle last.
func (rs *ranges) finish(t Time) {
	for _, key := range rs.keys() {
		rs.end(key, t, OpenEnd)
	}
	if rs.inGC {
		rs.endCycle(t, OpenEnd)
	}
}

// keys returns the ranges that are open, in the order of kinds and scopes.
func (rs *ranges) keys() []rangeKey {
	var keys []rangeKey
	for _, p := range rs.sweeps.ids() {
		keys = append(keys, rangeKey{rangeSweep, int64(p)})
	}
	for kind, open := range rs.others {
		for scope := range open {
			keys = append(keys, rangeKey{rangeKind(kind), scope})
		}
	}
	slices.SortFunc(keys, func(a, b rangeKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.scope, b.scope))
	})
	return keys
}
