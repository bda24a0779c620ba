package convert

import "slices"

// goroutines is the state machine of all goroutines: it turns transitions into
// states that tile each goroutine's life.
//
// A syscall keeps its proc until that goes idle (it stops, or another thread
// steals it); only from then on is its goroutine blocked. The runtime tells of
// the proc alone, so the proc's holder is looked up when it goes idle.
type goroutines struct {
	out       *emitter
	stacks    *stacks
	ranges    *ranges
	regions   *regions
	live      goroutineTable
	holders   procTable[goroutine] // of procs in a syscall
	seen      int64
	first     Flags // of first states: Unseen, while such are told
	advancing bool  // at the end, the runtime was about to begin a generation

	// For use again.
	dead  []*goroutine
	calls []*call
}

// A goroutine is what must be known of a live goroutine. Its state and its
// syscall are kept as the records that their Begins were.
type goroutine struct {
	id    GoID
	name  string // start function, or empty
	born  mark
	by    GoID // creator
	stack StackID
	from  StackID // the creator's stack

	cur     Record  // its state
	order   uint64  // of cur: see held
	call    *call   // its syscall, or nil
	label   *held   // its latest label before the window, or nil
	region  *region // open, the one that began last
	entered *keySet // of regions, if it was there when the trace began: see regions.mayBeEarlier
}

// A call is a syscall that has begun.
type call struct {
	Record
	order uint64 // see held
	lost  Time   // when its proc was lost
}

// A mark is the beginning of an interval.
type mark struct {
	start Time
	order uint64 // see held
	flags Flags
}

func newGoroutines(out *emitter, stacks *stacks, ranges *ranges) *goroutines {
	return &goroutines{out: out, stacks: stacks, ranges: ranges, live: newGoroutineTable()}
}

// transition takes one transition of a goroutine.
func (gs *goroutines) transition(ev *event) {
	g := gs.live.find(GoID(ev.id))
	switch {
	case ev.from == notExist:
		if g != nil {
			gs.exit(g, ev.time) // its exit was lost
		}
		gs.appear(ev, 0)
	case g == nil:
		// It was there when the trace began; or damage hides where it came from.
		gs.appear(ev, OpenStart)
	case ev.to == ev.from, ev.from == undetermined && ev.to.state() == g.status():
		// Announced again, but see Unseen.
		if g.cur.Flags&Unseen != 0 {
			gs.see(g, ev.time)
		}
	case ev.to == notExist:
		gs.exit(g, ev.time)
	default:
		gs.change(g, ev)
	}
}

// see ends the part of g's first state, and of its syscall, that was Unseen.
func (gs *goroutines) see(g *goroutine, t Time) {
	in := &g.cur
	gs.out.end(in, t)
	called := g.call != nil
	if called {
		gs.leaveSyscall(g, t, 0)
	}
	in.Time, in.Start, in.Prev = t, t, in.State
	in.Flags &^= Unseen
	if called {
		gs.enterSyscall(g)
	}
	gs.begin(g)
}

// status returns g's state, as a status tells it.
func (g *goroutine) status() State {
	if g.cur.State == StateSyscallBlocked {
		return StateSyscall
	}
	return g.cur.State
}

// appear begins the life of a goroutine, and its first state.
func (gs *goroutines) appear(ev *event, flags Flags) {
	g := gs.blank()
	g.id, g.by, g.stack = GoID(ev.id), NoGoroutine, ev.own
	g.born = mark{start: ev.time, flags: flags}
	if g.name = gs.stacks.root(ev.own); g.name == "" {
		g.name = ev.root
	}
	if flags&OpenStart == 0 {
		g.by, g.from = ev.g, ev.stack
	}
	gs.live.add(g)
	gs.seen++
	g.emitLife(gs.out.add(KindGoroutine, Begin, ev.time))
	g.born.order = gs.out.order

	s := ev.to
	if s == notExist || s == undetermined {
		// A goroutine that is first heard of when it exits did run.
		s = running
	}
	in := &g.cur
	*in = Record{
		Kind: KindState, Phase: Begin, Time: ev.time, Start: ev.time, Flags: flags | gs.first,
		G: g.id, By: NoGoroutine, P: NoProc, M: NoThread, State: s.state(), Stack: ev.own, Name: ev.name,
	}
	switch s {
	case runnable:
		in.By, in.ByStack = g.by, g.from
	case running:
		in.P, in.M = ev.p, ev.m
	case syscall:
		in.P, in.M = ev.p, ev.m
		gs.enterSyscall(g)
	}
	gs.begin(g)
	if ev.to == notExist {
		gs.exit(g, ev.time)
	}
}

// blank returns a goroutine without anything.
func (gs *goroutines) blank() *goroutine {
	if len(gs.dead) == 0 {
		fresh := make([]goroutine, freshGoroutines)
		for i := range fresh {
			gs.dead = append(gs.dead, &fresh[len(fresh)-1-i])
		}
	}
	n := len(gs.dead)
	g := gs.dead[n-1]
	gs.dead = gs.dead[:n-1]
	*g = goroutine{}
	return g
}

// freshGoroutines is for how many goroutines memory is taken at a time.
const freshGoroutines = 16

// change ends g's state and begins the next.
func (gs *goroutines) change(g *goroutine, ev *event) {
	if ev.to == running {
		if h := gs.holders.of(ev.p); h != nil && h != g {
			gs.loseProc(ev.p, ev.time) // the proc runs another: it was taken
		}
	}

	in := &g.cur
	was := in.State
	r := gs.out.end(in, ev.time)
	by, byStack, stack := NoGoroutine, StackID(0), ev.own
	if was == StateRunning {
		r.EndStack = ev.own
	} else if stack == 0 {
		stack = in.Stack // it has not moved since
	}
	if was == StateWaiting {
		if ev.to == runnable && ev.g != g.id {
			by, byStack = ev.g, ev.stack
		}
		r.By, r.ByStack = by, byStack
	}
	if g.call != nil {
		gs.leaveSyscall(g, ev.time, 0)
	}

	p, m := NoProc, NoThread
	if ev.to == running || ev.to == syscall {
		p, m = ev.p, ev.m
	}
	in.Time, in.Start, in.Flags = ev.time, ev.time, 0
	in.State, in.Prev = ev.to.state(), was
	in.By, in.P, in.M = by, p, m
	in.Stack, in.ByStack, in.Name = stack, byStack, ev.name
	if ev.to == syscall {
		gs.enterSyscall(g)
	}
	gs.begin(g)
}

// begin emits the Begin of g's state.
func (gs *goroutines) begin(g *goroutine) {
	gs.out.begin(&g.cur)
	g.order = gs.out.order
}

// enterSyscall begins a syscall with g's state, which has a proc or not.
func (gs *goroutines) enterSyscall(g *goroutine) {
	var c *call
	if n := len(gs.calls); n > 0 {
		c, gs.calls = gs.calls[n-1], gs.calls[:n-1]
	} else {
		c = new(call)
	}
	in := &g.cur
	c.Record, c.lost = *in, 0
	c.Kind, c.State, c.Prev, c.Name = KindSyscall, StateNone, StateNone, ""
	if in.P == NoProc {
		in.State = StateSyscallBlocked
		c.lost = in.Start
	} else {
		gs.holders.set(in.P, g)
	}
	g.call = c
	gs.out.begin(&c.Record)
	c.order = gs.out.order
}

// leaveSyscall ends g's syscall.
func (gs *goroutines) leaveSyscall(g *goroutine, t Time, flags Flags) {
	c := g.call
	r := gs.out.end(&c.Record, t)
	r.Flags |= flags
	kept := t
	if g.cur.State == StateSyscallBlocked {
		kept = c.lost
	}
	r.ID = uint64(kept - c.Start)
	if gs.holders.of(c.P) == g {
		gs.holders.set(c.P, nil)
	}
	g.call = nil
	gs.calls = append(gs.calls, c)
}

// loseProc takes p away from the goroutine that holds it in a syscall, if any.
func (gs *goroutines) loseProc(p ProcID, t Time) {
	g := gs.holders.of(p)
	if g == nil {
		return
	}
	gs.holders.set(p, nil)
	g.call.lost = t
	in := &g.cur
	gs.out.end(in, t)
	in.Time, in.Start, in.Flags = t, t, 0
	in.State, in.Prev, in.P = StateSyscallBlocked, in.State, NoProc
	gs.begin(g)
}

// exit ends the life of g.
func (gs *goroutines) exit(g *goroutine, t Time) {
	gs.close(g, t, 0)
	gs.live.remove(g.id)
	gs.dead = append(gs.dead, g)
}

// close ends all that is open of g, innermost first: with OpenEnd at the end
// of the trace, or because it exits.
func (gs *goroutines) close(g *goroutine, t Time, flags Flags) {
	gs.out.end(&g.cur, t).Flags |= flags
	if g.call != nil {
		gs.leaveSyscall(g, t, flags)
	}
	gs.ranges.endAssist(g.id, t, flags)
	closing := flags
	if closing == 0 {
		closing = Exited
	}
	gs.regions.leave(g, t, closing)
	r := gs.out.add(KindGoroutine, End, t)
	g.emitLife(r)
	r.Flags |= flags
}

// emitLife fills a Begin or End of g's life.
func (g *goroutine) emitLife(r *Record) {
	r.Start = g.born.start
	r.Flags |= g.born.flags
	r.G, r.By, r.Stack, r.ByStack, r.Name = g.id, g.by, g.stack, g.from, g.name
}

// finish closes all goroutines that live at the end of the trace, in the order
// of their ids.
func (gs *goroutines) finish(t Time) {
	ids := gs.live.ids()
	slices.Sort(ids)
	for _, id := range ids {
		g := gs.live.find(id)
		gs.advancing = gs.advancing || g.cur.State == StateRunning && g.name == advancer
		gs.close(g, t, OpenEnd)
	}
}
