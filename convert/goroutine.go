package convert

import "slices"

// goroutines is the state machine of all goroutines: it turns transitions into
// states that tile each goroutine's life.
//
// A syscall keeps its proc until that goes idle (it stops, or another thread
// steals it); only from then on is its goroutine blocked. The runtime tells of
// the proc alone, so the proc's holder is looked up when it goes idle.
type goroutines struct {
	out     *emitter
	stacks  *stacks
	ranges  *ranges
	byID    map[GoID]*goroutine
	holders map[ProcID]*goroutine // of procs in a syscall
	seen    int64
}

// A goroutine is what must be known of a live goroutine.
type goroutine struct {
	id    GoID
	name  string // start function; empty until known
	born  mark
	by    GoID // creator
	stack StackID
	from  StackID // the creator's stack

	cur     interval // its state
	call    interval // its syscall, if inCall
	inCall  bool
	regions []region // open, outermost first
	ended   []region // mis-nested: ended with a region around them
}

// A mark is the beginning of an interval.
type mark struct {
	start Time
	seen  Time
	flags Flags
}

// now begins an interval with an event.
func now(t Time) mark { return mark{start: t, seen: t} }

// An interval is a state or a syscall that has begun.
type interval struct {
	mark
	state   State
	prev    State
	p       ProcID
	m       ThreadID
	by      GoID
	stack   StackID
	byStack StackID
	name    string
	lost    Time // syscalls: when the proc was lost, or 0
}

func newGoroutines(out *emitter, stacks *stacks, ranges *ranges) *goroutines {
	return &goroutines{
		out: out, stacks: stacks, ranges: ranges,
		byID:    make(map[GoID]*goroutine),
		holders: make(map[ProcID]*goroutine),
	}
}

// transition takes one transition of a goroutine. sync is when the current
// generation began: states announced by a status hold since then.
func (gs *goroutines) transition(ev *event, sync Time) *goroutine {
	g := gs.byID[GoID(ev.id)]
	switch {
	case ev.from == notExist:
		if g != nil {
			gs.exit(g, ev.time) // its exit was lost
		}
		g = gs.appear(ev, now(ev.time))
	case g == nil:
		// An initial status, or the first that is heard of it at all.
		g = gs.appear(ev, mark{start: sync, seen: ev.time, flags: OpenStart})
	case ev.from == ev.to:
		// GoStatus re-announces live goroutines each generation.
		gs.learnName(g, ev)
	case ev.to == notExist:
		gs.learnName(g, ev)
		gs.exit(g, ev.time)
	default:
		gs.learnName(g, ev)
		gs.change(g, ev)
	}
	return g
}

// appear begins the life of a goroutine, and its first state.
func (gs *goroutines) appear(ev *event, since mark) *goroutine {
	g := &goroutine{id: GoID(ev.id), born: since, by: NoGoroutine, stack: ev.own, name: gs.stacks.root(ev.own)}
	if since.flags&OpenStart == 0 {
		g.by, g.from = ev.g, ev.stack
	}
	gs.byID[g.id] = g
	gs.seen++
	g.emitLife(gs.out.add(KindGoroutine, Begin, since.start))

	s := ev.to
	if s == notExist || s == undetermined {
		// A goroutine that is first heard of when it exits did run.
		s = running
	}
	in := &g.cur
	in.mark, in.state, in.p, in.m, in.by, in.stack, in.name = since, s.state(), NoProc, NoThread, NoGoroutine, ev.own, ev.name
	switch s {
	case runnable:
		in.by, in.byStack = g.by, g.from
	case running:
		in.p, in.m = ev.p, ev.m
	case syscall:
		in.p, in.m = ev.p, ev.m
		gs.enterSyscall(g)
	}
	gs.begin(g)
	if ev.to == notExist {
		gs.exit(g, ev.time)
	}
	return g
}

// learnName takes the start function from the first stack that has one.
func (gs *goroutines) learnName(g *goroutine, ev *event) {
	if g.name != "" || ev.own == 0 {
		return
	}
	if g.name = gs.stacks.root(ev.own); g.name == "" {
		return
	}
	r := gs.out.add(KindGoroutine, Instant, ev.time)
	r.G, r.Name = g.id, g.name
}

// change ends g's state and begins the next.
func (gs *goroutines) change(g *goroutine, ev *event) {
	var (
		was     = g.cur.state
		stack   = ev.own
		by      = NoGoroutine
		byStack StackID
	)
	if stack == 0 && was != StateRunning {
		stack = g.cur.stack // it has not moved since
	}
	if was == StateWaiting && ev.to == runnable && ev.g != g.id {
		by, byStack = ev.g, ev.stack
	}
	if ev.to == running && len(gs.holders) > 0 {
		if h := gs.holders[ev.p]; h != nil && h != g {
			gs.loseProc(ev.p, ev.time) // the proc runs another: it was taken
		}
	}

	r := gs.out.add(KindState, End, ev.time)
	g.cur.fill(r, g.id)
	switch was {
	case StateWaiting:
		r.By, r.ByStack = by, byStack
	case StateRunning:
		r.EndStack = ev.own
	}
	if g.inCall {
		gs.leaveSyscall(g, ev.time, 0)
	}

	in := &g.cur
	in.mark, in.state, in.prev = now(ev.time), ev.to.state(), was
	in.p, in.m = NoProc, NoThread
	in.by, in.stack, in.byStack, in.name = by, stack, byStack, ev.name
	switch ev.to {
	case running:
		in.p, in.m = ev.p, ev.m
	case syscall:
		in.p, in.m = ev.p, ev.m
		gs.enterSyscall(g)
	}
	gs.begin(g)
}

// begin announces the state that g is in.
func (gs *goroutines) begin(g *goroutine) {
	g.cur.fill(gs.out.add(KindState, Begin, g.cur.start), g.id)
}

// fill sets the fields that the Begin and the End of an interval share.
func (in *interval) fill(r *Record, g GoID) {
	r.Start, r.Seen = in.start, in.seen
	r.Flags |= in.flags
	r.G, r.By, r.P, r.M = g, in.by, in.p, in.m
	r.State, r.Prev = in.state, in.prev
	r.Stack, r.ByStack, r.Name = in.stack, in.byStack, in.name
}

// enterSyscall begins a syscall with g's state, which has a proc or not.
func (gs *goroutines) enterSyscall(g *goroutine) {
	in := &g.cur
	g.call, g.inCall = *in, true
	g.call.state, g.call.prev, g.call.name = StateNone, StateNone, ""
	if in.p == NoProc {
		in.state = StateSyscallBlocked
		g.call.lost = in.start
	} else {
		gs.holders[in.p] = g
	}
	g.call.fill(gs.out.add(KindSyscall, Begin, in.start), g.id)
}

// leaveSyscall ends g's syscall.
func (gs *goroutines) leaveSyscall(g *goroutine, t Time, flags Flags) {
	r := gs.out.add(KindSyscall, End, t)
	g.call.fill(r, g.id)
	r.Flags |= flags
	kept := t
	if g.cur.state == StateSyscallBlocked {
		kept = g.call.lost
	}
	r.ID = uint64(kept - g.call.start)
	g.inCall = false
	if gs.holders[g.call.p] == g {
		delete(gs.holders, g.call.p)
	}
}

// loseProc takes p away from the goroutine that holds it in a syscall, if any.
func (gs *goroutines) loseProc(p ProcID, t Time) {
	g := gs.holders[p]
	if g == nil {
		return
	}
	delete(gs.holders, p)
	g.call.lost = t
	in := &g.cur
	in.fill(gs.out.add(KindState, End, t), g.id)
	in.mark, in.prev = now(t), in.state
	in.state, in.p = StateSyscallBlocked, NoProc
	gs.begin(g)
}

// exit ends the life of g.
func (gs *goroutines) exit(g *goroutine, t Time) {
	gs.close(g, t, 0)
	delete(gs.byID, g.id)
}

// close ends all that is open of g, innermost first: with OpenEnd at the end
// of the trace, or because it exits.
func (gs *goroutines) close(g *goroutine, t Time, flags Flags) {
	r := gs.out.add(KindState, End, t)
	g.cur.fill(r, g.id)
	r.Flags |= flags
	if g.inCall {
		gs.leaveSyscall(g, t, flags)
	}
	gs.ranges.endAssist(g.id, t, flags)
	closing := flags
	if closing == 0 {
		closing = Exited
	}
	for len(g.regions) > 0 {
		g.popRegion(gs.out, t, closing)
	}
	r = gs.out.add(KindGoroutine, End, t)
	g.emitLife(r)
	r.Flags |= flags
}

// emitLife fills a Begin or End of g's life.
func (g *goroutine) emitLife(r *Record) {
	r.Start, r.Seen = g.born.start, g.born.seen
	r.Flags |= g.born.flags
	r.G, r.By, r.Stack, r.ByStack, r.Name = g.id, g.by, g.stack, g.from, g.name
}

// finish closes all goroutines that live at the end of the trace, in the order
// of their ids.
func (gs *goroutines) finish(t Time) {
	ids := make([]GoID, 0, len(gs.byID))
	for id := range gs.byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		gs.close(gs.byID[id], t, OpenEnd)
	}
}
