package otlp

import (
	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// An owner is what the time of a goroutine belongs to: a task that the
// goroutine began, or a region. A goroutine has a stack of them.
//
// Time is the own time of one task at the most: that of the innermost region
// with a task, or of the innermost task begun. So nothing is counted twice in
// the tasks of a tree.
type owner struct {
	node   *node // its span; if it has no room, that of what is around it
	kept   bool  // of regions: node is its own
	region bool
	id     uint64 // of the task, or of the region's task
	task   *task  // whose own time it is; nil for regions without an open one

	// before is the goroutine's account when a region began; given is what a
	// task has got here, which is its own if it ends on this goroutine.
	before account.Totals
	given  account.Totals
}

// pushTask puts a task that g began on its stack.
func (s *Sink) pushTask(g *goroutine, t *task, id uint64, at convert.Time) {
	s.settle(g, at)
	g.owners = append(g.owners, owner{node: t.node, id: id, task: t})
	g.tasked++
	t.beginner = g
}

// pushRegion puts a region on g's stack. task is nil if it has none.
func (s *Sink) pushRegion(g *goroutine, o owner, at convert.Time) {
	s.settle(g, at)
	o.region = true
	o.before.Set(&g.mark)
	g.owners = append(g.owners, o)
	if o.task != nil {
		g.tasked++
	}
}

// settle gives g's time since the last call to the task that owns it.
func (s *Sink) settle(g *goroutine, at convert.Time) {
	if g.tasked > 0 {
		g.account.At(&s.world, at, &s.scratch)
		s.scratch.Sub(&g.mark)
		if o := g.owning(len(g.owners)); o != nil {
			o.give(&s.scratch)
		}
	}
	g.account.At(&s.world, at, &g.mark)
}

// owning returns the innermost owner below the n-th that belongs to a task.
func (g *goroutine) owning(n int) *owner {
	for i := n - 1; i >= 0; i-- {
		if g.owners[i].task != nil {
			return &g.owners[i]
		}
	}
	return nil
}

func (o *owner) give(t *account.Totals) {
	if o.region {
		o.task.own.Add(t)
	} else {
		o.given.Add(t)
	}
}

// popRegion takes the innermost region off g's stack, and reports false if
// there is none.
func (s *Sink) popRegion(g *goroutine, at convert.Time) (owner, bool) {
	for i := len(g.owners) - 1; i >= 0; i-- {
		if g.owners[i].region {
			s.settle(g, at)
			return g.remove(i), true
		}
	}
	return owner{}, false
}

// popTask takes a task off the stack of its beginner. If it ended elsewhere,
// what it got there goes to what is around it.
func (s *Sink) popTask(t *task, ender convert.GoID, at convert.Time) {
	g := t.beginner
	if g == nil {
		return
	}
	t.beginner = nil
	for i := len(g.owners) - 1; i >= 0; i-- {
		if o := &g.owners[i]; o.task != t || o.region {
			continue
		}
		s.settle(g, at)
		o := g.remove(i)
		if ender == g.id || ender == convert.NoGoroutine {
			t.own.Add(&o.given)
		} else if around := g.owning(i); around != nil {
			around.give(&o.given)
		}
		return
	}
}

func (g *goroutine) remove(i int) owner {
	o := g.owners[i]
	g.owners = append(g.owners[:i], g.owners[i+1:]...)
	if o.task != nil {
		g.tasked--
	}
	return o
}

// leaveOwners takes everything off the stack of a goroutine that ends. The
// tasks that it began end elsewhere, or, if it is the trace that ends, with
// it.
func (s *Sink) leaveOwners(g *goroutine, r *convert.Record) {
	ender := g.id - 1 // somebody else
	if r.Flags&convert.OpenEnd != 0 {
		ender = g.id
	}
	for len(g.owners) > 0 {
		if o := &g.owners[len(g.owners)-1]; o.task != nil && !o.region {
			s.popTask(o.task, ender, r.Time)
		} else {
			g.remove(len(g.owners) - 1)
		}
	}
}

// inTask returns the task whose own time g's time is, or nil.
func (g *goroutine) inTask() *task {
	if o := g.owning(len(g.owners)); o != nil {
		return o.task
	}
	return nil
}
