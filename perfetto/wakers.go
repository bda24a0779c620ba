package perfetto

import (
	"math"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of perfetto/trace/ftrace/ftrace_event_bundle.proto,
// ftrace_event.proto and sched.proto, and of interned_data.proto.
const (
	packetFtrace = 1 // TracePacket

	bundleCPU   = 1 // FtraceEventBundle
	bundleEvent = 2

	ftraceTimestamp     = 1 // FtraceEvent
	ftracePID           = 2
	ftraceBlockedReason = 18
	ftraceWaking        = 20

	wakingPID     = 2 // SchedWakingFtraceEvent
	wakingPrio    = 3
	wakingSuccess = 4

	blockedPID    = 1 // SchedBlockedReasonFtraceEvent
	blockedCaller = 2

	internedKernelSymbols = 26 // InternedData
)

// The tables of thread states have columns for who woke a thread and for what
// it was blocked in; generic task states cannot fill them. With
// Options.Wakers, a goroutine that another makes runnable gets a sched_waking
// event in place of the state R, unless it leaves a CPU, which takes a state (it
// waited for no time), and one that was blocked a sched_blocked_reason
// event when that ends: trace_processor gives it to the thread's last blocked
// state, and of two packets of one time may read that of ftrace first. Ids of
// threads have 32 bits there: goroutines beyond keep the plain states.

// inFtrace reports whether a thread id fits into an ftrace event.
func inFtrace(tid int64) bool { return tid <= math.MaxInt32 }

// openFtrace begins a packet with one ftrace event at t, caused by a thread.
func (w *writer) openFtrace(t convert.Time, cpu int32, pid int64) (b []byte, marks [3]int) {
	b, packet := w.open()
	b, bundle := wire.Open(b, packetFtrace)
	b = wire.Uint(b, bundleCPU, uint64(max(cpu, 0)))
	b, event := wire.Open(b, bundleEvent)
	b = wire.Uint(b, ftraceTimestamp, w.stamp(t))
	return wire.Int(b, ftracePID, pid), [3]int{packet, bundle, event}
}

func (w *writer) closeFtrace(b []byte, marks [3]int) {
	w.close(wire.Close(wire.Close(b, marks[2]), marks[1]), marks[0])
}

// writeWaking writes that g's waker made it runnable at t, and reports whether it
// could. One that ends at that time is dead to trace_processor, which would make
// it a thread again.
func (s *Sink) writeWaking(t convert.Time, g *goroutine) bool {
	if g.waker == convert.NoGoroutine || !s.o.Only.shows(g.waker) {
		return false
	}
	by := s.goroutines.Get(g.waker)
	if by == nil || !inFtrace(g.tid) || !inFtrace(by.tid) {
		return false
	}
	b, marks := s.w.openFtrace(t, by.cpu, by.tid)
	b, mark := wire.Open(b, ftraceWaking)
	b = wire.Int(b, wakingPID, g.tid)
	b = wire.Uint(b, wakingPrio, priority)
	b = wire.Uint(b, wakingSuccess, 1)
	s.w.closeFtrace(wire.Close(b, mark), marks)
	return true
}

// blocked notes, at the end of a state in which g was blocked, what in.
func (g *goroutine) blocked(end *convert.Record) {
	switch {
	case g.pending || end.Time == end.Start: // it did not show
	case end.State == convert.StateWaiting && g.shown == taskInterruptible:
		g.blockedIn = end.Reason()
	case end.State == convert.StateSyscallBlocked && g.shown == taskUninterruptible:
		g.blockedIn = "syscall"
	}
}

// writeBlocked writes what g was blocked in until t. A state that is not to be
// runnable, or has no length, may be read before: it comes at the time before.
func (s *Sink) writeBlocked(t convert.Time, g *goroutine, next taskState) {
	reason := g.blockedIn
	g.blockedIn = ""
	if !inFtrace(g.tid) {
		return
	}
	if next != taskRunnable || g.closing {
		t--
	}
	caller := s.w.symbol(reason)
	b, marks := s.w.openFtrace(t, g.cpu, g.tid)
	b, mark := wire.Open(b, ftraceBlockedReason)
	b = wire.Int(b, blockedPID, g.tid)
	b = wire.Uint(b, blockedCaller, caller)
	s.w.closeFtrace(wire.Close(b, mark), marks)
}
