package otlp

import (
	"cmp"
	"slices"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
	"github.com/trace2otel/trace2otel/internal/index"
)

// A taskTable has the tasks that can have children.
type taskTable struct {
	known *index.Index[uint64, task]
	last  uint64 // the highest id that was ever known
	first uint64 // the lowest id begun in the trace; 0 if none yet

	// Tasks that ended lately are known: their goroutines may still begin
	// regions, and subtasks. These are they, oldest first, in a ring, which passes
	// over those used since it was last there.
	ended []endedTask
	next  int

	// Of tasks begun before the trace, those that are not remembered. They are
	// not to be taken for tasks that nothing told of yet.
	forgotten map[uint64]bool

	begun uint64 // so far
}

// The id and the use are kept here, since by the time it is forgotten the task is
// in no cache.
type endedTask struct {
	id   uint64
	task *task
	used bool
}

// A task is a runtime/trace task.
type task struct {
	*node // or, if it has no room, that of the task above that has
	mine  node
	id    uint64
	root  *task // of its tree
	above *task // its parent; nil: none
	kept  bool  // has a node of its own
	early bool  // begun before the trace
	known int   // of a root: how many tasks of its tree taskTable.known has
	ended bool
	place int32 // in the ring, if it ended

	begun  *scope   // on the goroutine that began it, as long as it may end there
	latest *scope   // of a root: of its tree, and open
	scopes []*scope // that are open, begun among them
	few    [2]*scope
	held   *heldStates // of that goroutine: the task's, if it ends there

	waiting int             // claims that are not met, and subtasks that wait for some
	end     *convert.Record // of a task that has ended, but waits

	own      account.Totals // but for scopes that are open
	sub      account.Totals // of subtasks that ended, with theirs
	subtasks int64          // that ended, theirs included

	origin   *origin // nil: none is known
	assisted uint64  // the last GC cycle that it assisted
	stopped  uint64  // the last stop that it was stopped by
}

// keepEnded is how many ended tasks are remembered: those that ended lately, or
// were the parent of another lately.
const keepEnded = 4096

func (t *taskTable) init() {
	t.known = index.New[uint64, task]()
	t.forgotten = make(map[uint64]bool)
}

func (t *taskTable) add(added *task) {
	if added.id <= t.last {
		if old := t.known.Get(added.id); old != nil {
			old.root.known--
		}
	}
	added.root.known++
	t.known.Set(added.id, added)
	t.last = max(t.last, added.id)
}

// open returns a task that is open, or nil.
func (t *taskTable) open(id uint64) *task {
	if t := t.known.Get(id); t != nil && !t.ended {
		return t
	}
	return nil
}

// allOpen returns the tasks that are open, in the order of their ids.
func (t *taskTable) allOpen() []*task {
	var open []*task
	for t := range t.known.All() {
		if !t.ended {
			open = append(open, t)
		}
	}
	slices.SortFunc(open, func(a, b *task) int { return cmp.Compare(a.id, b.id) })
	return open
}

// taskOf returns a task, or nil if it ended so long ago that it was forgotten.
// A task that is not known, and has an id below all that were begun in the
// trace, began before it.
func (s *Sink) taskOf(id uint64) *task {
	ts := &s.tasks
	if id == convert.NoTask {
		return nil
	}
	if t := ts.known.Get(id); t != nil {
		if t.ended {
			ts.ended[t.place].used = true
		}
		return t
	}
	if ts.first != 0 && id >= ts.first || ts.forgotten[id] {
		return nil
	}
	return s.earlyTask(id)
}

func (s *Sink) earlyTask(id uint64) *task {
	t := &task{id: id, early: true}
	s.rootTask(t, s.ids.root(idEarlyTask, "", id), s.run.trace.Start)
	s.tasks.add(t)
	return t
}

// rootTask gives t an OpenTelemetry trace of its own.
func (s *Sink) rootTask(t *task, at ref, start convert.Time) {
	s.root(&t.mine, at, start, s.limits.room())
	t.node, t.kept, t.root = &t.mine, true, t
	t.tree = true
	t.scopes = t.few[:0]
}

// task begins and ends a task.
func (s *Sink) task(r *convert.Record) {
	if r.Phase == convert.Begin {
		s.beginTask(r)
		return
	}
	t := s.tasks.open(r.ID)
	if t == nil {
		t = s.earlyTask(r.ID)
	}
	s.endTask(t, r)
}

func (s *Sink) beginTask(r *convert.Record) {
	ts := &s.tasks
	if ts.first == 0 || r.ID < ts.first {
		ts.first = r.ID
	}
	if r.ID <= ts.last {
		if t := ts.open(r.ID); t != nil {
			s.endUnseen(t, r.Time) // what was told of it before told of another
		}
	}
	ts.begun++ // ids of tasks of damaged traces can come again
	t := &task{id: r.ID}
	if above := s.taskOf(r.Parent); above == nil {
		s.rootTask(t, s.ids.root(idTask, "", r.ID, ts.begun), r.Start)
	} else {
		t.above, t.root, t.scopes = above, above.root, t.few[:0]
		t.node = above.node
		if t.kept = t.mine.begin(above.node, s.ids.span(idTask, r.ID, ts.begun), r.Start); t.kept {
			t.node = &t.mine
		}
	}
	ts.add(t)
	s.spare.lend(&t.own)
	g := s.goroutineOf(r.G)
	t.origin = originOf(s.stacks.source(r.Stack), g)
	if g != nil {
		t.begun = s.push(g, t, r.Start)
		t.begun.node, t.begun.in, t.begun.id = t.node, viewTask, r.ID
	}
}

// endTask ends a task, and writes it, unless it waits for claims.
func (s *Sink) endTask(t *task, r *convert.Record) {
	s.settleTask(t, r)
	s.tasks.end(t)
	if t.waiting == 0 {
		s.writeTask(t, r)
		return
	}
	end := *r
	t.end = &end
	if t.above != nil {
		t.above.waiting++
	}
}

// settleTask closes the scopes of a task that ends. What the task got on the
// goroutine that began it counts only if it ends there; if not, it is for what
// lies around.
func (s *Sink) settleTask(t *task, r *convert.Record) {
	if b := t.begun; b != nil {
		b.g.account.At(&s.world, r.Time, &s.now)
		outer := b.outer
		stays := r.By == b.g.id || r.Flags&convert.OpenEnd != 0
		if stays {
			s.claim(b, &s.now)
		}
		s.resolve(b, stays)
		b.detach(&s.now)
		if stays {
			t.credit(b)
		} else {
			if outer != nil {
				outer.own.Add(&b.own)
			}
			s.handOver(t, b)
		}
		s.remove(b)
		t.begun = nil
	}
	for len(t.scopes) > 0 {
		// A region of it on some goroutine, which goes on.
		sc := t.scopes[len(t.scopes)-1]
		sc.g.account.At(&s.world, r.Time, &s.now)
		s.claim(sc, &s.now)
		sc.detach(&s.now)
		t.credit(sc)
		sc.own.Reset()
	}
	t.ended = true
	// Ended tasks hold on to no more of the tree than they must.
	for t.above != nil && t.above.ended {
		t.above = t.above.above
	}
}

// writeTask writes a task that has ended with r, and counts it on the one above.
func (s *Sink) writeTask(t *task, r *convert.Record) {
	h := t.held
	t.held = nil
	s.writeHeld(t.node, h)
	if t.subtasks > 0 {
		t.sub.Add(&t.own)
	}
	if p := t.above; p != nil {
		p.subtasks += t.subtasks + 1
		s.spare.lend(&p.sub)
		if t.subtasks > 0 {
			p.sub.Add(&t.sub)
		} else {
			p.sub.Add(&t.own)
		}
	}
	if !t.kept {
		s.fold(t.node, r)
	} else {
		s.compose(t.node, r.TaskType(), kindTask, r.Time)
		s.span.int(attrTask, int64(r.ID))
		if r.Parent != convert.NoTask {
			s.span.int(attrParent, int64(r.Parent))
		}
		if r.G != convert.NoGoroutine {
			s.span.int(attrGoroutine, int64(r.G))
		}
		if r.By != convert.NoGoroutine {
			s.span.int(attrEnder, int64(r.By))
		}
		t.origin.attrs(&s.span)
		s.times(&s.own, &t.own)
		if t.subtasks > 0 {
			s.span.int(attrSubtasks, t.subtasks)
			s.times(&s.inclusive, &t.sub)
		}
		s.stacks.site(&s.span, r.Stack, t.origin.library())
		s.span.flags(r.Flags)
		s.finish(t.node)
	}
	s.spare.take(&t.own)
	s.spare.take(&t.sub)
}

// handOver gives the states held for t, which did not end where it began, to
// what lies around.
func (s *Sink) handOver(t *task, b *scope) {
	h := t.held
	t.held = nil
	if h == nil {
		return
	}
	for i, sc := 0, b.below; sc != nil && i < maxScopes; i, sc = i+1, sc.below {
		switch {
		case sc.in != viewTask:
			continue
		case sc.region:
			s.writeHeld(sc.node, h)
		default:
			s.hold(sc.task, h)
		}
		return
	}
}

// credit gives t what a scope of it got.
func (t *task) credit(sc *scope) {
	t.own.Add(&sc.own)
	if t.root.early {
		sc.g.early.of(t.root).Add(&sc.own)
	}
}

// end remembers an ended task for a while.
func (ts *taskTable) end(t *task) {
	t.scopes = nil
	if len(ts.ended) < keepEnded {
		t.place = int32(len(ts.ended))
		ts.ended = append(ts.ended, endedTask{id: t.id, task: t})
		return
	}
	for ts.ended[ts.next].used { // once more around
		ts.ended[ts.next].used = false
		ts.next = (ts.next + 1) % keepEnded
	}
	if old := ts.ended[ts.next]; ts.known.Get(old.id) == old.task {
		ts.known.Delete(old.id)
		old.task.root.known--
		if old.id < ts.first || ts.first == 0 {
			ts.forgotten[old.id] = true
		}
	}
	t.place = int32(ts.next)
	ts.ended[ts.next] = endedTask{id: t.id, task: t}
	ts.next = (ts.next + 1) % keepEnded
}

// finishTasks writes the tasks begun before the trace that did not end in it,
// in the order of their ids: the engine does not know of them.
func (s *Sink) finishTasks(sum *convert.Summary) {
	for _, t := range s.tasks.allOpen() {
		s.endUnseen(t, sum.End)
	}
}

// endUnseen writes a task of which neither the beginning nor the end was seen.
func (s *Sink) endUnseen(t *task, end convert.Time) {
	s.endTask(t, &convert.Record{
		Time: end, Start: s.run.trace.Start, ID: t.id, Kind: convert.KindTask, Phase: convert.End,
		G: convert.NoGoroutine, By: convert.NoGoroutine, Flags: convert.OpenStart | convert.OpenEnd,
	})
}
