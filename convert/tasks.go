package convert

import (
	"cmp"
	"slices"
)

// tasks is the state machine of runtime/trace's annotations: tasks, which any
// goroutine may end, and regions, which nest on a goroutine.
type tasks struct {
	out  *emitter
	open map[uint64]*task
	done []*task // for use again

	// Tasks begun before the trace are known by their ends. An end may come
	// twice; which kind an unexpected one is, ids tell: one counter gives them
	// out, and never again.
	first   uint64          // the lowest id begun in the trace; 0 if none yet
	earlier map[uint64]bool // ended, of those begun before the trace
}

// A task is a task that has begun.
type task struct {
	start  Time
	g      GoID
	p      ProcID
	m      ThreadID
	parent uint64
	stack  StackID
	name   string
}

func newTasks(out *emitter) *tasks {
	return &tasks{out: out, open: make(map[uint64]*task), earlier: make(map[uint64]bool)}
}

func (ts *tasks) begin(ev *event) {
	id := uint64(ev.id)
	if t := ts.open[id]; t != nil {
		ts.close(id, t, ev.time, 0) // its end was lost
	}
	if ts.first == 0 || id < ts.first {
		ts.first = id
	}
	var t *task
	if n := len(ts.done); n > 0 {
		t, ts.done = ts.done[n-1], ts.done[:n-1]
	} else {
		t = new(task)
	}
	*t = task{start: ev.time, g: ev.g, p: ev.p, m: ev.m, parent: ev.parent, stack: ev.stack, name: ev.name}
	ts.open[id] = t
	t.fill(ts.out.add(KindTask, Begin, ev.time), id)
}

// end ends a task. since is when the trace began.
func (ts *tasks) end(ev *event, since Time) {
	id := uint64(ev.id)
	t := ts.open[id]
	if t == nil {
		if ts.first != 0 && id >= ts.first || ts.earlier[id] {
			return // it has ended already
		}
		ts.earlier[id] = true
		r := ts.out.add(KindTask, End, ev.time)
		r.Start, r.Seen = since, ev.time
		r.Flags |= OpenStart
		r.ID, r.By, r.ByStack = id, ev.g, ev.stack
		return
	}
	r := ts.close(id, t, ev.time, 0)
	r.By, r.ByStack = ev.g, ev.stack
}

func (ts *tasks) close(id uint64, t *task, at Time, flags Flags) *Record {
	r := ts.out.add(KindTask, End, at)
	t.fill(r, id)
	r.Flags |= flags
	delete(ts.open, id)
	ts.done = append(ts.done, t)
	return r
}

func (t *task) fill(r *Record, id uint64) {
	r.Start, r.Seen = t.start, t.start
	r.G, r.P, r.M = t.g, t.p, t.m
	r.ID, r.Parent, r.Stack, r.Name = id, t.parent, t.stack, t.name
}

// finish closes the tasks that are open at the end of the trace, the youngest
// first, so that none ends before its subtasks.
func (ts *tasks) finish(t Time) {
	type open struct {
		id uint64
		*task
	}
	left := make([]open, 0, len(ts.open))
	for id, task := range ts.open {
		left = append(left, open{id, task})
	}
	slices.SortFunc(left, func(a, b open) int {
		return cmp.Or(cmp.Compare(b.start, a.start), cmp.Compare(b.id, a.id))
	})
	for _, o := range left {
		ts.close(o.id, o.task, t, OpenEnd)
	}
}

// A region is a region that has begun on a goroutine.
type region struct {
	start Time
	p     ProcID
	m     ThreadID
	task  uint64
	stack StackID
	name  string
}

// beginRegion begins a region on g.
func (g *goroutine) beginRegion(out *emitter, ev *event) {
	rg := region{start: ev.time, p: ev.p, m: ev.m, task: uint64(ev.id), stack: ev.stack, name: ev.name}
	g.regions = append(g.regions, rg)
	rg.fill(out.add(KindRegion, Begin, ev.time), g.id)
}

// endRegion ends the innermost open region of that type and task, and with it
// the regions within; their own ends, when they come, say nothing more. If no
// region is open at all, this one began before the trace, at the earliest when g
// was first seen; if others are, its end is the program's mistake.
func (g *goroutine) endRegion(out *emitter, ev *event) {
	is := func(rg region) bool { return rg.name == ev.name && rg.task == uint64(ev.id) }
	for i := len(g.regions) - 1; i >= 0; i-- {
		if !is(g.regions[i]) {
			continue
		}
		g.ended = append(g.ended, g.regions[i+1:]...)
		for len(g.regions) > i+1 {
			g.popRegion(out, ev.time, Exited)
		}
		r := g.popRegion(out, ev.time, 0)
		r.EndStack = ev.stack
		return
	}
	if i := slices.IndexFunc(g.ended, is); i >= 0 {
		g.ended = slices.Delete(g.ended, i, i+1)
		return
	}
	if len(g.regions) > 0 {
		return // of none that can have been around these
	}
	r := out.add(KindRegion, End, ev.time)
	r.Start, r.Seen = g.born.start, ev.time
	r.Flags |= OpenStart
	r.G, r.P, r.M, r.ID, r.Name = g.id, ev.p, ev.m, uint64(ev.id), ev.name
	r.EndStack = ev.stack
}

// popRegion ends the innermost open region.
func (g *goroutine) popRegion(out *emitter, t Time, flags Flags) *Record {
	rg := g.regions[len(g.regions)-1]
	g.regions = g.regions[:len(g.regions)-1]
	r := out.add(KindRegion, End, t)
	rg.fill(r, g.id)
	r.Flags |= flags
	return r
}

func (rg *region) fill(r *Record, g GoID) {
	r.Start, r.Seen = rg.start, rg.start
	r.G, r.P, r.M = g, rg.p, rg.m
	r.ID, r.Stack, r.Name = rg.task, rg.stack, rg.name
}
