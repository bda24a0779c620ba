package otlp

import (
	"cmp"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// state keeps the account of a goroutine, and writes states that are long.
func (s *Sink) state(r *convert.Record) {
	g := s.goroutineOf(r.G)
	if g == nil {
		return
	}
	g.account.Add(&s.world, r)
	if r.Phase == convert.Begin {
		if g.state = r.State; r.State == convert.StateRunnable {
			g.waker = s.wakerOf(r) // it may end before g runs
		}
		return
	}
	g.counts.state(r.State)
	if r.State == convert.StateSyscall && r.P != convert.NoProc {
		account.Plus(&s.procOf(r.P, r.Start).syscall, int64(r.Duration()))
	}
	if r.State == convert.StateWaiting || r.State == convert.StateRunnable {
		s.long(g, r)
	}
}

// syscall counts a system call, and writes it if it is long.
func (s *Sink) syscall(r *convert.Record) {
	g := s.goroutineOf(r.G)
	if r.Phase != convert.End || g == nil {
		return
	}
	g.counts.calls++
	s.long(g, r)
}

// A longState is a state or system call that is to have a span, and the span of
// the goroutine that ended the wait.
type longState struct {
	convert.Record
	waker ref
}

// heldStates are those of which it is not known yet what they belong to. Nil
// are none.
type heldStates struct {
	states []longState
	beyond folded // those for which there was no room
}

// with returns h with a state, or counts it if h has the most that it may.
func (h *heldStates) with(v *longState, most int) *heldStates {
	if h == nil {
		h = new(heldStates)
	}
	if len(h.states) < most {
		h.states = append(h.states, *v)
	} else {
		h.beyond.span(int64(v.Duration()))
	}
	return h
}

// long writes a state or system call that is long, as often as there are views
// of it: below its goroutine, and below the region or task in which it lies. A
// region without a task that lies in the goroutine's trace stands between the
// two.
func (s *Sink) long(g *goroutine, r *convert.Record) {
	if r.Duration() < s.minWait || s.o.Detail == DetailGoroutines {
		return
	}
	v := longState{Record: *r}
	if r.State == convert.StateRunnable {
		v.waker = g.waker
	}
	if v.waker == (ref{}) {
		v.waker = s.wakerOf(r)
	}
	s.writeInTask(g.top, &v)
	n := g.node
	looked := 0
	for rg := range g.regions.Down() {
		if rg.in == viewGoroutine {
			n = rg.node
			break
		}
		if looked++; looked == maxScopes {
			break
		}
	}
	if s.o.Detail != DetailTasks {
		s.writeState(n, &v)
	}
}

// wakerOf returns the place of the goroutine that ended the wait of r, or made its
// goroutine runnable, or none.
func (s *Sink) wakerOf(r *convert.Record) ref {
	if r.By == convert.NoGoroutine || s.o.Detail == DetailGoroutines {
		return ref{}
	}
	return s.refOf(s.goroutines.Get(r.By))
}

// writeInTask writes a state below the innermost region or task in a task's
// trace, from sc on outwards. A task gets it when it ends: if it ends on another
// goroutine, the state is none of it.
func (s *Sink) writeInTask(sc *scope, v *longState) {
	for i := 0; sc != nil && i < maxScopes; i, sc = i+1, sc.below {
		if sc.in != viewTask {
			continue
		}
		if sc.region {
			s.writeState(sc.node, v)
		} else {
			sc.task.held = sc.task.held.with(v, s.limits.spans/2)
		}
		return
	}
}

// join returns h with what others has.
func (h *heldStates) join(others *heldStates, most int) *heldStates {
	if h == nil || others == nil {
		return cmp.Or(h, others)
	}
	for i := range others.states {
		h = h.with(&others.states[i], most)
	}
	h.beyond.add(&others.beyond)
	return h
}

// hold adds states to those held for t.
func (s *Sink) hold(t *task, h *heldStates) { t.held = t.held.join(h, s.limits.spans/2) }

// writeHeld writes held states below n.
func (s *Sink) writeHeld(n *node, h *heldStates) {
	if h == nil {
		return
	}
	for i := range h.states {
		s.writeState(n, &h.states[i])
	}
	s.foldAll(n, &h.beyond)
}

// writeState writes a state or system call as a span below n. Below tasks and
// their regions, such spans take half of the room at the most: the rest is for
// subtasks and regions.
func (s *Sink) writeState(n *node, v *longState) {
	r := &v.Record
	if n.tree && (n.room.spans <= s.limits.spans/2 || n.room.bytes <= s.limits.bytes/2) {
		s.fold(n, r)
		return
	}
	if r.Kind == convert.KindSyscall {
		s.writeSyscall(n, r)
		return
	}
	name, kind, id := "runnable", kindRunnable, n.pick(idRunnable, idTaskRunnable)
	if r.State == convert.StateWaiting {
		name, kind, id = s.waitName(r.Reason()), kindWait, n.pick(idWait, idTaskWait)
	}
	if !s.leaf(n, s.stateID(id, r), r, name, kind) {
		return
	}
	s.span.int(attrGoroutine, int64(r.G))
	if kind == kindWait {
		s.span.text(attrWaitReason, r.Reason())
	}
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	if r.By != convert.NoGoroutine {
		s.span.int(attrWaker, int64(r.By))
	}
	s.span.link(v.waker, linkWaker)
	s.finishLeaf(n, r)
}

// waitName returns the name of the span of a wait: "wait: chan receive".
func (s *Sink) waitName(reason string) string {
	name := s.waitNames[reason]
	if name == "" {
		name = "wait: " + reason
		if len(s.waitNames) < maxNames {
			s.waitNames[reason] = name
		}
	}
	return name
}

// pick returns the kind of id of what can have a span in two traces.
func (n *node) pick(below, inTask idKind) idKind {
	if n.tree {
		return inTask
	}
	return below
}

func (s *Sink) stateID(kind idKind, r *convert.Record) spanID {
	return s.ids.span(kind, uint64(r.G), uint64(r.Start), uint64(r.Time))
}

func (s *Sink) writeSyscall(n *node, r *convert.Record) {
	if !s.leaf(n, s.stateID(n.pick(idSyscall, idTaskSyscall), r), r, "syscall", kindSyscall) {
		return
	}
	s.span.int(attrGoroutine, int64(r.G))
	s.where(r)
	if blocked := int64(r.Duration()) - int64(r.ID); blocked > 0 {
		s.span.yes(attrProcLost)
		s.span.int(attrSyscallBlockedFor, blocked)
	}
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	s.finishLeaf(n, r)
}

// where says where something ran.
func (s *Sink) where(r *convert.Record) {
	if r.P != convert.NoProc {
		s.span.int(attrProc, int64(r.P))
	}
	if r.M != convert.NoThread {
		s.span.int(attrThread, int64(r.M))
	}
}
