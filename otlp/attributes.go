package otlp

// Names of attributes. Those of the OpenTelemetry semantic conventions are
// used where they mean what a trace can tell; ours are under one prefix.
// docs/otlp-schema.md explains each, and a test holds the two together.
const (
	attrServiceName    = "service.name"
	attrRuntimeName    = "process.runtime.name"
	attrHost           = "host.name"
	attrIP             = "ip"
	attrFunction       = "code.function.name"
	attrFile           = "code.file.path"
	attrLine           = "code.line.number"
	attrStack          = "code.stacktrace"
	attrKind           = "gotrace.kind"
	attrOpenStart      = "gotrace.open_start"
	attrOpenEnd        = "gotrace.open_end"
	attrExited         = "gotrace.exited"
	attrRepaired       = "gotrace.repaired"
	attrFoldedSpans    = "gotrace.folded.spans"
	attrFoldedDuration = "gotrace.folded.duration_ns"
	attrFoldedLogs     = "gotrace.folded.logs"

	attrGoroutine      = "gotrace.goroutine.id"
	attrCreator        = "gotrace.goroutine.creator"
	attrRunning        = "gotrace.time.running_ns"
	attrAssist         = "gotrace.time.gc_assist_ns"
	attrRunnable       = "gotrace.time.runnable_ns"
	attrStopped        = "gotrace.time.stopped_ns"
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

	attrAllRunning        = "gotrace.inclusive.running_ns"
	attrAllAssist         = "gotrace.inclusive.gc_assist_ns"
	attrAllRunnable       = "gotrace.inclusive.runnable_ns"
	attrAllStopped        = "gotrace.inclusive.stopped_ns"
	attrAllWaiting        = "gotrace.inclusive.waiting_ns"
	attrAllSyscall        = "gotrace.inclusive.syscall_ns"
	attrAllSyscallBlocked = "gotrace.inclusive.syscall_blocked_ns"
	attrSubtasks          = "gotrace.task.subtasks"

	attrWaitReason = "gotrace.wait.reason"
	attrWaker      = "gotrace.waker.goroutine.id"

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
	attrStopping       = "gotrace.stw.stopping_ns"
	attrStood          = "gotrace.stw.stopped_ns"

	attrTask    = "gotrace.task.id"
	attrParent  = "gotrace.task.parent"
	attrEnder   = "gotrace.task.ender"
	attrMessage = "gotrace.log.message"
	attrSource  = "gotrace.task.source"
	attrDatadog = "gotrace.datadog.span_id"

	attrLink = "gotrace.link"

	attrFormat      = "gotrace.format"
	attrInput       = "gotrace.input"
	attrEvents      = "gotrace.events"
	attrGenerations = "gotrace.generations"
	attrDuration    = "gotrace.duration_ns"
	attrAllFolded   = "gotrace.run.folded.spans"
	attrAllLogs     = "gotrace.run.folded.logs"
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
	kindWait      = "wait"
	kindRunnable  = "runnable"
	kindTask      = "task"
	kindRegion    = "region"
)

// Values of attrLink: what the span linked to is.
const (
	linkCreator = "creator"
	linkTask    = "task"
	linkWaker   = "waker"
	linkRun     = "run"
	linkPart    = "part"
	linkAssist  = "assisted"
	linkStopped = "stopped"
	linkG       = "goroutine"
)

// Values of attrSource: who made a task of a span.
const (
	sourceOTel    = "opentelemetry"
	sourceDatadog = "datadog"
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
