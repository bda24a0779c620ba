package otlp

// Names of attributes. Those of the OpenTelemetry semantic conventions are
// used where they mean what a trace can tell; ours are under one prefix.
// docs/otlp-schema.md explains each, and a test holds the two together.
const (
	attrServiceName    = "service.name"
	attrRuntimeName    = "process.runtime.name"
	attrFunction       = "code.function.name"
	attrFile           = "code.file.path"
	attrLine           = "code.line.number"
	attrStack          = "code.stacktrace"
	attrKind           = "gotrace.kind"
	attrOpenStart      = "gotrace.open_start"
	attrOpenEnd        = "gotrace.open_end"
	attrExited         = "gotrace.exited"
	attrFoldedSpans    = "gotrace.folded.spans"
	attrFoldedDuration = "gotrace.folded.duration_ns"
	attrFoldedLogs     = "gotrace.folded.logs"

	attrGoroutine      = "gotrace.goroutine.id"
	attrCreator        = "gotrace.goroutine.creator"
	attrRunning        = "gotrace.time.running_ns"
	attrRunnable       = "gotrace.time.runnable_ns"
	attrWaiting        = "gotrace.time.waiting_ns"
	attrSyscall        = "gotrace.time.syscall_ns"
	attrSyscallBlocked = "gotrace.time.syscall_blocked_ns"
	attrRuns           = "gotrace.count.running"
	attrWaits          = "gotrace.count.waiting"
	attrSyscalls       = "gotrace.count.syscalls"
	attrWaitPrefix     = "gotrace.wait."
	attrWaitSuffix     = "_ns"
	attrGoroutines     = "gotrace.goroutines"
	attrPart           = "gotrace.part"

	attrProc        = "gotrace.proc.id"
	attrProcRunning = "gotrace.proc.running_ns"
	attrProcIdle    = "gotrace.proc.idle_ns"
	attrProcSyscall = "gotrace.proc.syscall_ns"
	attrLongestIdle = "gotrace.proc.longest_idle_ns"

	attrThread            = "thread.id"
	attrSyscallBlockedFor = "gotrace.syscall.blocked_ns"

	attrCycle          = "gotrace.gc.cycle"
	attrCycles         = "gotrace.gc.cycles"
	attrAssists        = "gotrace.gc.assists"
	attrAssistTime     = "gotrace.gc.assist_ns"
	attrSweeps         = "gotrace.gc.sweeps"
	attrSweepTime      = "gotrace.gc.sweep_ns"
	attrSweptBytes     = "gotrace.gc.swept_bytes"
	attrReclaimedBytes = "gotrace.gc.reclaimed_bytes"
	attrReason         = "gotrace.stw.reason"

	attrTask    = "gotrace.task.id"
	attrParent  = "gotrace.task.parent"
	attrEnder   = "gotrace.task.ender"
	attrMessage = "gotrace.log.message"

	attrFormat      = "gotrace.format"
	attrInput       = "gotrace.input"
	attrEvents      = "gotrace.events"
	attrGenerations = "gotrace.generations"
	attrAdjusted    = "gotrace.adjusted_events"
	attrLoss        = "gotrace.loss"
	attrLossBytes   = "gotrace.loss_bytes"
)

// Values of attrKind.
const (
	kindRun       = "run"
	kindFunction  = "function"
	kindGoroutine = "goroutine"
	kindSyscall   = "syscall"
	kindProc      = "proc"
	kindGC        = "gc"
	kindCycle     = "gc_cycle"
	kindMark      = "gc_mark"
	kindSTW       = "stw"
	kindAssist    = "gc_assist"
	kindTask      = "task"
	kindRegion    = "region"
)

// waitAttr returns the name of the attribute with the time waited for a
// reason: "gotrace.wait.chan_receive_ns".
func waitAttr(reason string) string {
	b := make([]byte, 0, len(attrWaitPrefix)+len(reason)+len(attrWaitSuffix))
	b = append(b, attrWaitPrefix...)
	gap := false
	for i := range len(reason) {
		switch c := reason[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b, gap = append(b, c), false
		case c >= 'A' && c <= 'Z':
			b, gap = append(b, c|0x20), false
		case !gap && len(b) > len(attrWaitPrefix):
			b, gap = append(b, '_'), true
		}
	}
	if gap {
		b = b[:len(b)-1]
	}
	return string(append(b, attrWaitSuffix...))
}
