package perfetto

import (
	"math"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of perfetto/trace/generic_kernel/generic_task_state.proto.
const (
	taskCPU   = 1 // GenericKernelTaskStateEvent
	taskTID   = 3
	taskValue = 4
	taskPrio  = 5
)

// taskState is a GenericKernelTaskStateEvent.TaskStateEnum.
type taskState uint8

const (
	taskNone            taskState = 0
	taskRunnable        taskState = 2
	taskRunning         taskState = 3
	taskInterruptible   taskState = 4
	taskUninterruptible taskState = 5
	taskStopped         taskState = 6
	taskDestroyed       taskState = 8
)

// priority is the usual one of a Linux thread. The UI draws those below 100 as
// real-time.
const priority = 120

// noCPU is the CPU of a goroutine that was not seen to run. maxCPU keeps
// trace_processor's tables of CPUs small; no proc of a Go program is above it.
const (
	noCPU  = int32(-1)
	maxCPU = 4096
)

// A scheduler holds the states that are to be written when time goes on, and
// what runs on each CPU.
//
// trace_processor has rules for states. A thread must not have two at one
// time. One that runs must not begin to run, but stop first, on the CPU where
// it runs. A CPU runs one thread; where another begins to run at the same
// time, the first must end then and there. The engine's records keep all of
// them but the first, and the second if a goroutine goes from P to P at one
// time; odd traces may not keep the others.
type scheduler struct {
	changed []*goroutine
	cpus    []cpu
}

type cpu struct {
	running *goroutine
	since   convert.Time // when it began
	samples uint64       // taken on it
}

func (s *scheduler) cpu(n int32) *cpu {
	for int(n) >= len(s.cpus) {
		s.cpus = append(s.cpus, cpu{since: math.MinInt64})
	}
	return &s.cpus[n]
}

// task returns the thread state, and the CPU, of a goroutine's state.
func task(r *convert.Record) (taskState, int32) {
	cpu := noCPU
	if r.P >= 0 && r.P < maxCPU {
		cpu = int32(r.P)
	}
	switch r.State {
	case convert.StateRunnable:
		return taskRunnable, noCPU
	case convert.StateWaiting:
		return taskInterruptible, noCPU
	case convert.StateRunning:
		if cpu == noCPU {
			return taskStopped, noCPU
		}
		return taskRunning, cpu
	case convert.StateSyscall:
		if cpu == noCPU {
			return taskUninterruptible, noCPU
		}
		return taskRunning, cpu
	case convert.StateSyscallBlocked:
		return taskUninterruptible, noCPU
	}
	return taskNone, noCPU
}

// state shows a goroutine's state: as the state of its thread, and if it waits
// also as a slice, which has room for the reason and the stacks.
func (s *Sink) state(r *convert.Record) {
	if r.G == convert.NoGoroutine {
		return
	}
	g := s.goroutine(r.G)
	if r.Phase == convert.Begin {
		s.count(&g.counted, role(r.State))
		if g.waker = r.By; r.Flags&convert.OpenStart != 0 {
			g.waker = convert.NoGoroutine // it woke g before
		}
		if s.o.Flows != 0 {
			switch r.State {
			case convert.StateRunnable:
				s.startFlow(r, g)
			case convert.StateRunning:
				s.endFlow(r, g)
			}
		}
		st, cpu := task(r)
		s.follow(g, st, cpu)
	}
	if r.State == convert.StateRunning {
		s.onThread(r, g)
	}
	if s.o.Layout == LayoutProcs {
		switch r.State {
		case convert.StateRunning, convert.StateSyscall:
			s.onProc(r, g)
		case convert.StateRunnable:
			s.slice(r)
		}
	}
	if r.State == convert.StateWaiting {
		s.slice(r)
	}
	if r.Phase == convert.End {
		if s.o.Wakers {
			g.blocked(r)
		}
		if r.Flags&convert.OpenEnd != 0 {
			s.closeState(g)
		}
	}
}

// follow makes st the state of g from now on.
func (s *Sink) follow(g *goroutine, st taskState, cpu int32) {
	if st == taskNone || s.o.Layout != LayoutSched {
		return
	}
	g.next, g.nextCPU, g.closing = st, cpu, false
	if !g.pending {
		g.pending = true
		s.sched.changed = append(s.sched.changed, g)
	}
}

// closeState ends the state of a goroutine that outlives the trace. One that
// began only now has no length to be ended, if it is another than before.
func (s *Sink) closeState(g *goroutine) {
	if g.shown == taskNone {
		return // with LayoutProcs, always
	}
	if g.pending && (g.next != g.shown || g.next == taskRunning && g.nextCPU != g.cpu) {
		return
	}
	st := g.shown
	if st == taskRunning {
		st = taskRunnable
	}
	s.follow(g, st, noCPU)
	g.closing = true
}

// settleStates writes the states that goroutines took at now: first of those
// that left their CPUs, then of those that took them.
func (s *Sink) settleStates() {
	for _, g := range s.sched.changed {
		if g.next == taskRunning && g.shown == taskRunning && g.cpu != g.nextCPU && s.sched.cpu(g.cpu).since < s.now-1 {
			s.show(s.now-1, g, taskRunnable, noCPU) // in truth for no time, between two Ps
		}
		if g.next != taskRunning {
			s.show(s.now, g, g.next, noCPU)
			g.pending = false
			if g.next == taskDestroyed {
				s.free = append(s.free, g)
			}
		}
	}
	for _, g := range s.sched.changed {
		if g.pending {
			s.show(s.now, g, taskRunning, g.nextCPU)
			g.pending = false
		}
	}
	s.sched.changed = s.sched.changed[:0]
}

// show writes the state of g from t on, unless it is what the file already
// has: a goroutine that runs on through a syscall.
func (s *Sink) show(t convert.Time, g *goroutine, st taskState, cpu int32) {
	if st == taskRunning && (g.shown != taskRunning || g.cpu != cpu) && !s.mayRun(t, g, cpu) {
		st = taskStopped
	}
	if st == g.shown && (st != taskRunning || g.cpu == cpu) && g.blockedIn == "" && !g.closing {
		return
	}
	if g.blockedIn != "" {
		s.writeBlocked(t, g, st)
	}
	if st == taskStopped && g.shown != taskStopped {
		e := event{typ: typeInstant, track: g.track, category: catGoroutine, name: "runs, its P is not known"}
		s.w.event(t, &e)
	}
	if g.shown == taskRunning {
		s.sched.cpu(g.cpu).running = nil
	}
	if st == taskRunning {
		c := s.sched.cpu(cpu)
		c.running, c.since = g, t
		g.cpu = cpu
	}
	left := g.shown == taskRunning
	g.shown = st
	if s.o.Wakers && st == taskRunnable && !g.closing && !left && s.writeWaking(t, g) {
		return
	}
	s.writeState(t, g, left)
}

// mayRun reports whether g can be shown to run on a CPU from t on. It takes
// the CPU from another that runs there. That only happens where the trace
// contradicts itself, and so does a goroutine that changes its CPU while it
// runs.
func (s *Sink) mayRun(t convert.Time, g *goroutine, cpu int32) bool {
	if g.shown == taskRunning {
		return false
	}
	c := s.sched.cpu(cpu)
	if c.running == nil {
		return true
	}
	if c.since >= t {
		return false // it began only now
	}
	s.show(t, c.running, taskStopped, noCPU)
	return true
}

// writeState writes the state that g shows. The one that g left its CPU for
// names that: without, or with another, the CPU would stay busy.
func (s *Sink) writeState(t convert.Time, g *goroutine, left bool) {
	b, packet := s.w.openAt(t)
	mark := len(b) + 3
	b = append(b, keyTaskState0, keyTaskState1, 0, taskValue<<3, byte(g.shown))
	if g.shown == taskRunning {
		b = append(b, taskPrio<<3, priority)
	}
	if left || g.shown == taskRunning {
		b = wire.Varint(append(b, taskCPU<<3), uint64(g.cpu))
	}
	b = wire.Varint(append(b, taskTID<<3), uint64(g.tid))
	s.w.closeBoth(b, packet, mark)
}

// The key of a packet's task state, which has two bytes.
const (
	keyTaskState0 = packetTaskState<<3&0x7f | wire.TypeBytes | 0x80
	keyTaskState1 = packetTaskState >> 4
)
