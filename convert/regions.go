package convert

import "math"

// regions is the state machine of runtime/trace's regions. The trace has the
// type and the task of a region at both its ends, and nothing else that ties
// the two together. They are paired like this:
//
//  1. An End is of the open region of its type and task on its goroutine; of
//     several, of the one that began last. Regions begun since stay open until
//     their own Ends: regions of one goroutine may overlap. If there is none, but
//     a region of that type and task was open when its goroutine exited, the End
//     is that one's, and is only counted.
//  2. If rule 1 finds none, the region may have begun before the trace: see
//     mayBeEarlier.
//  3. If it cannot have, and exactly one region of that type and task is open
//     on other goroutines, the End is of that one.
//  4. Else it is of no region, and only counted.
//
// Each region has a number of its own, so that sinks need no rule to pair them.
type regions struct {
	out        *emitter
	stacks     *stacks
	tasks      *tasks
	goroutines *goroutines

	last   uint64    // number given out last
	spare  []*region // for use again
	index  *regionIndex
	exited map[uint64]map[string]int // by task and type, how many were open when their goroutine exited; each absorbs one later End

	remembered int  // keys in exited, and in those entered by goroutines
	forgetful  bool // there were too many to be remembered in exited

	from, to Time // of the window: mistakes outside of it are not counted
	mistakes RegionMistakes
}

// A region is a region that is open.
type region struct {
	regionKey
	id    uint64
	g     *goroutine
	start Time
	order uint64 // see held
	p     ProcID
	m     ThreadID
	stack StackID

	outer, inner *region // of g, by the order in which they began
	links        regionLinks
}

// A regionKey is what the trace tells regions apart by.
type regionKey struct {
	name string // type
	task uint64
}

func newRegions(out *emitter, stacks *stacks, tasks *tasks, goroutines *goroutines) *regions {
	return &regions{
		out: out, stacks: stacks, tasks: tasks, goroutines: goroutines,
		exited: make(map[uint64]map[string]int), from: math.MinInt64, to: math.MaxInt64,
	}
}

// begin begins a region on g.
func (rs *regions) begin(g *goroutine, ev *event) {
	rg := rs.blank()
	*rg = region{
		regionKey: regionKey{ev.name, uint64(ev.id)}, id: rs.number(), g: g,
		start: ev.time, p: ev.p, m: ev.m, stack: ev.stack, outer: g.region,
	}
	if rg.outer != nil {
		rg.outer.inner = rg
	}
	g.region = rg
	if rs.index != nil {
		rs.index.add(rg)
	}
	if g.born.flags&OpenStart != 0 && !rs.tasks.begun(rg.task) {
		if g.entered == nil {
			g.entered = new(keySet)
		}
		rs.remembered += g.entered.add(rg.regionKey, rs.remembered < maxRemembered)
	}
	rg.fill(rs.out.add(KindRegion, Begin, ev.time))
	rg.order = rs.out.order
}

// end ends a region, by the rules above.
func (rs *regions) end(g *goroutine, ev *event) {
	key := regionKey{ev.name, uint64(ev.id)}
	if rg := rs.on(g, key); rg != nil {
		if rg.inner != nil {
			rs.mistake(&rs.mistakes.Crossed, rg, ev, g.region.name)
		}
		rs.close(rg, ev.time, 0).EndStack = ev.stack
		return
	}
	if rs.absorb(key) {
		rs.mistake(&rs.mistakes.Unmatched, nil, ev, "")
		return
	}
	other := rs.indexed().only(key)
	if rs.forgetful {
		other = nil // the End may be of a region whose goroutine exited
	}
	switch {
	case rs.mayBeEarlier(g, key, ev, other):
		r := rs.out.add(KindRegion, End, ev.time)
		r.Start = g.born.start
		r.Flags |= OpenStart
		r.G, r.P, r.M, r.ID, r.Parent, r.Name = g.id, ev.p, ev.m, rs.number(), key.task, key.name
		r.EndStack = ev.stack
	case other != nil:
		rs.mistake(&rs.mistakes.Elsewhere, other, ev, "")
		r := rs.close(other, ev.time, 0)
		r.By, r.ByStack = ev.g, ev.stack
	default:
		rs.mistake(&rs.mistakes.Unmatched, nil, ev, "")
	}
}

// mayBeEarlier reports whether an End of g can be of a region begun before the
// trace: g and the task began before, and g has begun no region of this key since.
// other is the one such region that is open elsewhere, or nil. If it began in the
// function in which this one ends, the goroutines run the same code, and each has a
// region of its own.
func (rs *regions) mayBeEarlier(g *goroutine, key regionKey, ev *event, other *region) bool {
	if g.born.flags&OpenStart == 0 || rs.tasks.begun(key.task) || g.entered != nil && g.entered.has(key) {
		return false
	}
	return other == nil || rs.stacks.site(other.stack).Func == rs.stacks.site(ev.stack).Func
}

// on returns the region of a key on g that began last, or nil.
func (rs *regions) on(g *goroutine, key regionKey) *region {
	rg := g.region
	for range nearRegions {
		if rg == nil || rg.regionKey == key {
			return rg
		}
		rg = rg.outer
	}
	if rg == nil {
		return nil
	}
	return rs.indexed().on(g, key)
}

// nearRegions is how many regions of a goroutine are looked at one by one.
// Regions that nest are found at once.
const nearRegions = 16

// close ends a region, and returns its End.
func (rs *regions) close(rg *region, t Time, flags Flags) *Record {
	if rg.inner != nil {
		rg.inner.outer = rg.outer
	} else {
		rg.g.region = rg.outer
	}
	if rg.outer != nil {
		rg.outer.inner = rg.inner
	}
	if rs.index != nil {
		rs.index.remove(rg)
	}
	r := rs.out.add(KindRegion, End, t)
	rg.fill(r)
	r.Flags |= flags
	rs.spare = append(rs.spare, rg)
	return r
}

// leave ends the regions of g, which exits, or is alive at the end of the trace
// if flags have OpenEnd: those begun last first.
func (rs *regions) leave(g *goroutine, t Time, flags Flags) {
	for g.region != nil {
		if flags&OpenEnd == 0 {
			rs.expect(g.region.regionKey)
		}
		rs.close(g.region, t, flags)
	}
	if g.entered != nil {
		rs.remembered -= g.entered.size()
	}
}

// maxRemembered bounds what is remembered for Ends to come, in programs that give
// regions very many types.
const maxRemembered = 1 << 16

// expect remembers that a region was open when its goroutine exited, unless its task
// has ended.
func (rs *regions) expect(key regionKey) {
	if rs.tasks.begun(key.task) && rs.tasks.open[key.task] == nil {
		return
	}
	types := rs.exited[key.task]
	if types[key.name] == 0 {
		if rs.remembered >= maxRemembered {
			rs.forgetful = true
			return
		}
		rs.remembered++
	}
	if types == nil {
		types = make(map[string]int)
		rs.exited[key.task] = types
	}
	types[key.name]++
}

// absorb reports whether an End is of a region that was open when its goroutine
// exited. There is one End for each.
func (rs *regions) absorb(key regionKey) bool {
	types := rs.exited[key.task]
	if types[key.name] == 0 {
		return false
	}
	if types[key.name]--; types[key.name] == 0 {
		rs.remembered--
		if delete(types, key.name); len(types) == 0 {
			delete(rs.exited, key.task)
		}
	}
	return true
}

// forget lets go of what was remembered of a task, which has ended.
func (rs *regions) forget(task uint64) {
	if task == NoTask {
		return // what has none goes on
	}
	rs.remembered -= len(rs.exited[task])
	delete(rs.exited, task)
}

func (rg *region) fill(r *Record) {
	r.Start = rg.start
	r.G, r.P, r.M = rg.g.id, rg.p, rg.m
	r.ID, r.Parent, r.Stack, r.Name = rg.id, rg.task, rg.stack, rg.name
}

// number returns the number of the next region.
func (rs *regions) number() uint64 {
	rs.last++
	return rs.last
}

func (rs *regions) blank() *region {
	n := len(rs.spare)
	if n == 0 {
		return new(region)
	}
	rg := rs.spare[n-1]
	rs.spare = rs.spare[:n-1]
	return rg
}

// indexed returns the index, which is made when it is first needed: programs
// whose regions nest do without.
func (rs *regions) indexed() *regionIndex {
	if rs.index == nil {
		rs.index = newRegionIndex()
		for _, id := range rs.goroutines.live.ids() {
			rg := rs.goroutines.live.find(id).region
			for rg != nil && rg.outer != nil {
				rg = rg.outer
			}
			for ; rg != nil; rg = rg.inner {
				rs.index.add(rg)
			}
		}
	}
	return rs.index
}
