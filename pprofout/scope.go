package pprofout

import (
	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/index"
)

// A goroutine is in its open regions, in their tasks, and in the open tasks
// that it began itself. These are its scopes, in the order in which they began.
// Its current region is the innermost one; its current task is that of the
// youngest scope that has one. A scope's task is left when the task ends,
// whoever ends it, and the region stays.
//
// Hostile traces nest without end: nothing here goes over all scopes of a
// goroutine, or all goroutines of a task, but when it ends.
type scopes struct {
	regions index.Stack[*region] // open; they may overlap
	tasks   []membership         // oldest first; the last one is not over
	open    int                  // how many of tasks are not over

	listedTasks, listedRegions int // open ones that the filters let through
}

// A region is an open one, or one to be used again.
type region struct {
	id     uint64 // its number; 0: it has ended
	g      *goroutine
	name   nameID // its type
	task   *task  // nil: none
	member int    // its place among the task's members
	listed bool   // its type matches the filter
}

// A membership is a reason for being in a task: a region, or that one began it.
type membership struct {
	task   *task
	region *region // nil: began it
	id     uint64  // of the region
}

// A task is open, or began before the trace and has an open region.
type task struct {
	id      uint64
	name    nameID
	early   bool // begun before the trace: nothing is known but its id
	listed  bool // its type, or that of a task around it, matches the filter
	ended   bool
	owner   *goroutine // who began it; nil if that is not known, or has exited
	members []*region  // that are in it
}

// tasks are the open ones.
type tasks struct {
	byID  map[uint64]*task
	first uint64    // the lowest id begun in the trace, also before a window; 0 if none yet
	spare []*region // for use again
}

// begin begins the task of r.
func (ts *tasks) begin(r *convert.Record, name nameID, listed bool) *task {
	if ts.first == 0 || r.ID < ts.first {
		ts.first = r.ID
	}
	if p := ts.byID[r.Parent]; p != nil && p.listed {
		listed = true
	}
	tk := &task{id: r.ID, name: name, listed: listed}
	ts.byID[r.ID] = tk
	return tk
}

// of returns the task of a region that begins, or nil if it has none or that
// has ended. Ids tell these from tasks begun before the trace: one counter
// gives them out.
func (ts *tasks) of(id uint64, unknown nameID) *task {
	tk := ts.byID[id]
	if tk == nil && id != convert.NoTask && (ts.first == 0 || id < ts.first) {
		tk = &task{id: id, name: unknown, early: true}
		ts.byID[id] = tk
	}
	return tk
}

// region returns one to be filled in.
func (ts *tasks) region() *region {
	n := len(ts.spare)
	if n == 0 {
		return new(region)
	}
	rg := ts.spare[n-1]
	ts.spare = ts.spare[:n-1]
	return rg
}

// leave takes rg, a region that ends, out of its task.
func (ts *tasks) leave(rg *region) {
	tk := rg.task
	last := len(tk.members) - 1
	moved := tk.members[last]
	tk.members[rg.member], moved.member = moved, rg.member
	tk.members[last] = nil
	tk.members = tk.members[:last]
	if tk.early && last == 0 && ts.byID[tk.id] == tk {
		delete(ts.byID, tk.id)
	}
}

// A place is where a goroutine is.
type place struct {
	task, region nameID
	listedTask   bool // the task filter lets it through
	listedRegion bool
}

// enterRegion has g enter a region.
func (g *goroutine) enterRegion(rg *region) {
	rg.g = g
	if rg.task != nil {
		rg.member = len(rg.task.members)
		rg.task.members = append(rg.task.members, rg)
		g.join(membership{rg.task, rg, rg.id})
	}
	if rg.listed {
		g.listedRegions++
	}
	g.regions.Push(rg.id, rg)
	g.locate()
}

// leaveRegion has g leave a region.
func (g *goroutine) leaveRegion(rg *region, ts *tasks) {
	if rg.task != nil && !rg.task.ended {
		ts.leave(rg)
		g.part(rg.task)
	}
	if rg.listed {
		g.listedRegions--
	}
	*rg = region{}
	ts.spare = append(ts.spare, rg)
	g.locate()
}

// beginTask has g be in a task that it began.
func (g *goroutine) beginTask(tk *task) {
	tk.owner = g
	g.join(membership{task: tk})
	g.locate()
}

// leaveTask has g be no more in a task, which has ended, for one of the reasons
// that it was.
func (g *goroutine) leaveTask(tk *task) {
	g.part(tk)
	g.locate()
}

// leaveAll has g, which exits, leave everything.
func (g *goroutine) leaveAll(ts *tasks) {
	for rg, ok := g.regions.Top(); ok; rg, ok = g.regions.Top() {
		g.regions.Pop(rg.id)
		g.leaveRegion(rg, ts)
	}
	for i := range g.tasks {
		if m := &g.tasks[i]; m.region == nil {
			m.task.owner = nil
		}
	}
}

// join adds a reason for being in a task. Those that are over go when they are
// the most.
func (g *goroutine) join(m membership) {
	if len(g.tasks) > 2*g.open+8 {
		n := 0
		for i := range g.tasks {
			if !g.over(&g.tasks[i]) {
				g.tasks[n] = g.tasks[i]
				n++
			}
		}
		clear(g.tasks[n:])
		g.tasks = g.tasks[:n]
	}
	g.tasks = append(g.tasks, m)
	g.open++
	if m.task.listed {
		g.listedTasks++
	}
}

// part counts a reason for being in tk that is over.
func (g *goroutine) part(tk *task) {
	g.open--
	if tk.listed {
		g.listedTasks--
	}
}

// over reports whether the task or region of m has ended.
func (g *goroutine) over(m *membership) bool {
	return m.task.ended || m.region != nil && m.region.id != m.id
}

// locate works out where g is.
func (g *goroutine) locate() {
	g.place = place{listedTask: g.listedTasks > 0, listedRegion: g.listedRegions > 0}
	if rg, ok := g.regions.Top(); ok {
		g.place.region = rg.name
	}
	for n := len(g.tasks); n > 0; n-- {
		if m := &g.tasks[n-1]; !g.over(m) {
			g.place.task = m.task.name
			break
		}
		g.tasks[n-1] = membership{}
		g.tasks = g.tasks[:n-1]
	}
}
