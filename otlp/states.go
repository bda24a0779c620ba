package otlp

import (
	"github.com/trace2otel/trace2otel/convert"
)

// state adds a state to its goroutine's account, and a proc's. A long wait has
// a span.
func (s *Sink) state(r *convert.Record) {
	g := s.goroutines[r.G]
	if g == nil {
		return
	}
	stopped := g.account.Ended().Stopped
	g.account.Add(&s.world, r)
	if r.Phase != convert.End {
		return
	}
	switch r.State {
	case convert.StateRunning:
		g.counts.runs++
	case convert.StateWaiting:
		g.counts.waits++
		s.wait(g, r, "wait: "+r.Reason(), kindWait)
	case convert.StateRunnable:
		s.wait(g, r, "runnable", kindRunnable)
		if g.account.Ended().Stopped > stopped {
			s.stopped(g)
		}
	case convert.StateSyscall:
		if r.P != convert.NoProc {
			s.procOf(r.P, r.Start).syscall += int64(r.Duration())
		}
	}
}

// wait writes a long wait, or a long wait for a P, below what its goroutine is
// in.
func (s *Sink) wait(g *goroutine, r *convert.Record, name, kind string) {
	n := s.parent(g, r)
	if n == nil || !s.leaf(n, s.ids.span(idState, kind, uint64(r.G), uint64(r.Start), uint64(r.Seen)), r, name, kind) {
		return
	}
	s.span.int(attrGoroutine, int64(r.G))
	if kind == kindWait {
		s.span.text(attrWaitReason, r.Reason())
	}
	if r.By != convert.NoGoroutine {
		s.span.int(attrWaker, int64(r.By))
	}
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	if by := s.goroutines[r.By]; by != nil && kind == kindWait && s.o.Detail < DetailTasks {
		s.span.link(s.known(by, r.ByStack), linkWaker)
	}
	s.finishLeaf(n)
}

// parent returns the node below which an interval of g lies, or nil if it is
// to have no span.
func (s *Sink) parent(g *goroutine, r *convert.Record) *node {
	if r.Duration() < s.minWait || s.o.Detail == DetailGoroutines {
		return nil
	}
	if n := len(g.owners); n > 0 {
		return g.owners[n-1].node
	}
	if s.o.Detail == DetailTasks || s.known(g, r.Stack).trace == nil {
		return nil
	}
	return g.node
}

// syscall writes a long system call, below what its goroutine is in.
func (s *Sink) syscall(r *convert.Record) {
	g := s.goroutines[r.G]
	if r.Phase != convert.End || g == nil {
		return
	}
	g.counts.calls++
	n := s.parent(g, r)
	if n == nil || !s.leaf(n, s.ids.span(idSyscall, "", uint64(r.G), uint64(r.Start), uint64(r.Seen)), r, "syscall", kindSyscall) {
		return
	}
	s.span.int(attrGoroutine, int64(r.G))
	if r.P != convert.NoProc {
		s.span.int(attrProc, int64(r.P))
	}
	if r.M != convert.NoThread {
		s.span.int(attrThread, int64(r.M))
	}
	if blocked := int64(r.Duration()) - int64(r.ID); blocked > 0 {
		s.span.int(attrSyscallBlockedFor, blocked)
	}
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	s.finishLeaf(n)
}
