package pprofout

import (
	"slices"

	"github.com/trace2otel/trace2otel/convert"
)

// A goroutine is in its open regions, in their tasks, and in the open tasks
// that it began itself. These are its scopes, in the order in which they began.
// Its current region is the innermost one; its current task is that of the
// youngest scope that has one. A scope's task is left when the task ends,
// whoever ends it, and the region stays.
type scope struct {
	task   *task  // nil: none
	region bool   // or a task that the goroutine began
	name   nameID // the region's type
	open   bool   // begun before the trace, or the part of it that is converted
	listed bool   // the region's type matches the filter
	place  place  // of one within
}

// A task is open, or began before the trace and has an open region.
type task struct {
	id      uint64
	name    nameID
	early   bool // begun before the trace: nothing is known but its id
	listed  bool // its type, or that of a task around it, matches the filter
	members []*goroutine
}

// taskUnknown is the type of tasks begun before the trace, of which nothing is
// told but that regions are in them.
const taskUnknown = "unknown (begun before the trace)"

// tasks are the open ones.
type tasks struct {
	byID  map[uint64]*task
	first uint64 // the lowest id begun in the trace; 0 if none yet
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

// leave takes g out of tk, once.
func (ts *tasks) leave(tk *task, g *goroutine) {
	if i := slices.Index(tk.members, g); i >= 0 {
		last := len(tk.members) - 1
		tk.members[i] = tk.members[last]
		tk.members[last] = nil
		tk.members = tk.members[:last]
	}
	if tk.early && len(tk.members) == 0 {
		delete(ts.byID, tk.id)
	}
}

// A place is where a goroutine is.
type place struct {
	task, region nameID
	listedTask   bool // the task filter lets it through
	listedRegion bool
}

// enter returns the place of one who is at p and enters sc.
func (p place) enter(sc *scope) place {
	if sc.task != nil {
		p.task = sc.task.name
		p.listedTask = p.listedTask || sc.task.listed
	}
	if sc.region {
		p.region = sc.name
		p.listedRegion = p.listedRegion || sc.listed
	}
	return p
}

// enter adds a scope to g.
func (g *goroutine) enter(sc scope) {
	if sc.task != nil {
		sc.task.members = append(sc.task.members, g)
	}
	g.place = g.place.enter(&sc)
	sc.place = g.place
	g.scopes = append(g.scopes, sc)
}

// innermost returns the index of g's innermost region, or -1.
func (g *goroutine) innermost() int {
	for i := len(g.scopes) - 1; i >= 0; i-- {
		if g.scopes[i].region {
			return i
		}
	}
	return -1
}

// leave takes the scope at i out of g.
func (g *goroutine) leave(i int) {
	g.scopes = slices.Delete(g.scopes, i, i+1)
	g.replace(i)
}

// forget takes tk, which has ended, out of g's scopes.
func (g *goroutine) forget(tk *task) {
	from := slices.IndexFunc(g.scopes, func(sc scope) bool { return sc.task == tk })
	if from < 0 {
		return
	}
	g.scopes = slices.DeleteFunc(g.scopes, func(sc scope) bool { return sc.task == tk && !sc.region })
	for i := range g.scopes {
		if g.scopes[i].task == tk {
			g.scopes[i].task = nil
		}
	}
	g.replace(from)
}

// replace works out the places of g's scopes from the one at i on.
func (g *goroutine) replace(i int) {
	g.place = place{}
	if i > 0 {
		g.place = g.scopes[i-1].place
	}
	for ; i < len(g.scopes); i++ {
		g.place = g.place.enter(&g.scopes[i])
		g.scopes[i].place = g.place
	}
}
