package pprofout

import (
	"slices"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/index"
)

// A ledger adds up where goroutines spend their time, in one table for all
// kinds of profile.
//
// A stretch, that is a state, a life or a range, counts in pieces: one for each
// place that the goroutine was in meanwhile. Most have one piece. A piece has
// its value put to a key. What comes before the end of a region without a beginning
// was in that region. So pieces of a goroutine that was there when the trace began
// are put on hold while it is in no known region, until such an end comes, or its
// own. What is on hold is in the table too, under keys of its own.
type ledger struct {
	table  table
	names  names
	filter filter

	wanted classes // what any of the profiles counts
	wakers classes // of what it matters who ended it

	goroutines *index.Index[convert.GoID, goroutine]
	spare      []*goroutine
	holds      uint32
	old        []slot // of review
	ended      []endedRange
	tasks      tasks

	starts  stackSet // of goroutines created
	unknown nameID   // convert.TaskUnknown
	assist  nameID
	sweep   nameID
}

// Reasons of the time that the garbage collector takes from goroutines.
const (
	reasonAssist = "mark assist"
	reasonSweep  = "sweep"
	reasonSTW    = "stop the world: " // and why
)

func newLedger(f filter, wanted, wakers classes) *ledger {
	l := &ledger{
		table:      table{index: make(map[key]slot)},
		names:      newNames(),
		filter:     f,
		wanted:     wanted,
		wakers:     wakers & wanted,
		goroutines: index.New[convert.GoID, goroutine](),
		tasks:      tasks{byID: make(map[uint64]*task)},
	}
	l.unknown = l.names.id(convert.TaskUnknown, "")
	l.assist = l.names.id(reasonAssist, "")
	l.sweep = l.names.id(reasonSweep, "")
	return l
}

// record takes the next record.
func (l *ledger) record(r *convert.Record) {
	switch r.Kind {
	case convert.KindState:
		l.state(r)
	case convert.KindGoroutine:
		l.goroutine(r)
	case convert.KindSyscall:
		if r.Phase == convert.Begin && l.wanted&(classSyscall|classBlocked) != 0 {
			if g := l.goroutines.Get(r.G); g != nil {
				g.fresh = true
			}
		}
	case convert.KindRegion:
		l.region(r)
	case convert.KindTask:
		l.task(r)
	case convert.KindAssist, convert.KindSweep, convert.KindSTW:
		if l.wanted&classGC != 0 {
			l.gc(r)
		}
	case convert.KindSample:
		l.sample(r)
	}
}

// region takes a record of a region: its goroutine goes to another place.
func (l *ledger) region(r *convert.Record) {
	g := l.goroutines.Get(r.G)
	if g == nil {
		return
	}
	if r.Phase == convert.Begin {
		l.settle(g, r.Time, r.Stack)
		name := l.names.id(r.Name, convert.ReasonUnspecified)
		rg := l.tasks.region()
		*rg = region{id: r.ID, name: name, task: l.tasks.of(r.Parent, l.unknown), listed: l.filter.region.matches(r.Name)}
		g.enterRegion(rg)
		return
	}
	l.settle(g, r.Time, r.EndStack)
	if rg, ok := g.regions.Pop(r.ID); ok {
		g.leaveRegion(rg, &l.tasks)
	} else {
		l.reveal(g, r)
	}
}

// task takes a record of a task: who began it goes to another place, and at its
// end all who are in it.
func (l *ledger) task(r *convert.Record) {
	if r.Phase == convert.Begin {
		name := l.names.id(r.TaskType(), "")
		tk := l.tasks.begin(r, name, l.filter.task.matches(r.Name))
		if g := l.goroutines.Get(r.G); g != nil {
			l.settle(g, r.Time, r.Stack)
			g.beginTask(tk)
		}
		return
	}
	tk := l.tasks.byID[r.ID]
	if tk == nil {
		return
	}
	delete(l.tasks.byID, r.ID)
	tk.ended = true
	if tk.owner != nil {
		l.outlive(tk.owner, tk, r)
	}
	for _, m := range tk.members { // may have one goroutine several times
		l.outlive(m.g, tk, r)
	}
}

// outlive takes g out of tk, which end ends.
func (l *ledger) outlive(g *goroutine, tk *task, end *convert.Record) {
	stack := convert.StackID(0)
	if g.id == end.By {
		stack = end.ByStack
	}
	l.settle(g, end.Time, stack)
	g.leaveTask(tk)
}

// gc takes a record of a range that the garbage collector has a goroutine pay
// for. Of some, it is not known which: those under way when the trace began.
func (l *ledger) gc(r *convert.Record) {
	if r.Phase == convert.Begin {
		if g := l.goroutines.Get(r.G); g != nil {
			i := len(g.ranges)
			g.ranges = append(g.ranges, rangeStretch{kind: r.Kind, p: r.P})
			g.ranges[i].begin(r, classGC, l.reasonOf(r))
		}
		return
	}
	for i, early := range l.ended {
		if early.kind == r.Kind && early.g == r.G && early.p == r.P {
			l.ended = slices.Delete(l.ended, i, i+1)
			return
		}
	}
	g := l.goroutines.Get(r.G)
	i := -1
	if g != nil {
		i = slices.IndexFunc(g.ranges, func(s rangeStretch) bool {
			return s.kind == r.Kind && (r.Kind != convert.KindSweep || s.p == r.P)
		})
	}
	if i >= 0 {
		l.finish(g, &g.ranges[i].stretch, r, g.ranges[i].stack)
		g.ranges = slices.Delete(g.ranges, i, i+1)
		return
	}
	if l.filter.none() {
		l.table.add(key{
			stack: r.Stack, reason: l.reasonOf(r), class: classGC, flags: flagsOf(r),
		}, value{1, r.Duration()})
	}
}

// An endedRange is a range whose goroutine ended before it, as happens at the
// end of the trace: it counts up to there.
type endedRange struct {
	kind convert.Kind
	g    convert.GoID
	p    convert.ProcID
}

// endRanges ends the ranges that g is in, which end ends.
func (l *ledger) endRanges(g *goroutine, end *convert.Record) {
	for i := range g.ranges {
		s := &g.ranges[i]
		l.finish(g, &s.stretch, end, s.stack)
		l.ended = append(l.ended, endedRange{s.kind, g.id, s.p})
	}
}

// reasonOf returns the reason of a range.
func (l *ledger) reasonOf(r *convert.Record) nameID {
	switch r.Kind {
	case convert.KindAssist:
		return l.assist
	case convert.KindSweep:
		return l.sweep
	}
	return l.names.id(reasonSTW+r.Name, "")
}

func flagsOf(r *convert.Record) (f keyFlags) {
	if r.Flags&convert.OpenStart != 0 {
		f |= openStart
	}
	if r.Flags&convert.OpenEnd != 0 {
		f |= openEnd
	}
	return f
}

// sample takes a CPU sample: it counts, and tells where its goroutine runs, if that
// lives.
func (l *ledger) sample(r *convert.Record) {
	if l.wanted&(classSample|classRunning) == 0 {
		return
	}
	g := l.goroutines.Get(r.G)
	if g == nil {
		if l.wanted&classSample != 0 && l.filter.none() {
			l.table.add(key{stack: r.Stack, class: classSample}, value{1, 0})
		}
		return
	}
	if l.wanted&classSample != 0 {
		l.put(g, &g.place, key{stack: r.Stack, class: classSample}, value{1, 0})
	}
	if g.state.class == classRunning && r.Stack != 0 {
		l.cutState(g, r.Time, r.Stack)
	}
}

// A stackSet is a set of stacks.
type stackSet []bool

func (s *stackSet) add(id convert.StackID) {
	for len(*s) <= int(id) {
		*s = append(*s, false)
	}
	(*s)[id] = true
}
