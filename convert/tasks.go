package convert

import (
	"cmp"
	"slices"
)

// tasks is the state machine of runtime/trace's tasks, which any goroutine may
// end.
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
	order  uint64 // see held
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
	t.order = ts.out.order
}

// begun reports whether a task, which may have ended, began in the trace.
func (ts *tasks) begun(id uint64) bool { return ts.first != 0 && id >= ts.first }

// end ends a task. since is when the trace began.
func (ts *tasks) end(ev *event, since Time) {
	id := uint64(ev.id)
	t := ts.open[id]
	if t == nil {
		if ts.begun(id) || ts.earlier[id] {
			return // it has ended already
		}
		ts.earlier[id] = true
		r := ts.out.add(KindTask, End, ev.time)
		r.Start = since
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
	r.Start = t.start
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
