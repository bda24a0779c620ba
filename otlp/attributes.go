package otlp

// Names of attributes. Those of the OpenTelemetry semantic conventions are
// used where they mean what a trace can tell; ours are under one prefix.
// docs/otlp-schema.md explains each, and a test holds the two together.
const (
	attrServiceName    = "service.name"
	attrRuntimeName    = "process.runtime.name"
	attrRuntimeVersion = "process.runtime.version"
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
	attrLink           = "gotrace.link"
	attrFoldedSpans    = "gotrace.folded.spans"
	attrFoldedDuration = "gotrace.folded.duration_ns"
	attrFoldedLogs     = "gotrace.folded.logs"
	attrFoldedLinks    = "gotrace.folded.links"

	attrRunning        = "gotrace.time.running_ns"
	attrAssist         = "gotrace.time.gc_assist_ns"
	attrRunnable       = "gotrace.time.runnable_ns"
	attrStopped        = "gotrace.time.stopped_ns"
	attrWaiting        = "gotrace.time.waiting_ns"
	attrSyscall        = "gotrace.time.syscall_ns"
	attrSyscallBlocked = "gotrace.time.syscall_blocked_ns"
	attrWaitPrefix     = "gotrace.wait."

	attrAllRunning        = "gotrace.inclusive.running_ns"
	attrAllAssist         = "gotrace.inclusive.gc_assist_ns"
	attrAllRunnable       = "gotrace.inclusive.runnable_ns"
	attrAllStopped        = "gotrace.inclusive.stopped_ns"
	attrAllWaiting        = "gotrace.inclusive.waiting_ns"
	attrAllSyscall        = "gotrace.inclusive.syscall_ns"
	attrAllSyscallBlocked = "gotrace.inclusive.syscall_blocked_ns"
	attrAllWaitPrefix     = "gotrace.inclusive.wait."

	attrGoroutine  = "gotrace.goroutine.id"
	attrCreator    = "gotrace.goroutine.creator"
	attrRuns       = "gotrace.count.running"
	attrReadies    = "gotrace.count.runnable"
	attrWaits      = "gotrace.count.waiting"
	attrSyscalls   = "gotrace.count.syscalls"
	attrGoroutines = "gotrace.goroutines"
	attrPart       = "gotrace.part"

	attrWaitReason = "gotrace.wait.reason"
	attrWaker      = "gotrace.waker.goroutine.id"

	attrProc        = "gotrace.proc.id"
	attrProcBusy    = "gotrace.proc.busy_ns"
	attrProcIdle    = "gotrace.proc.idle_ns"
	attrProcSyscall = "gotrace.proc.syscall_ns"
	attrLongestIdle = "gotrace.proc.longest_idle_ns"

	attrThread            = "thread.id"
	attrSyscallBlockedFor = "gotrace.syscall.blocked_ns"
	attrProcLost          = "gotrace.syscall.proc_lost"

	attrCycle          = "gotrace.gc.cycle"
	attrCycles         = "gotrace.gc.cycles"
	attrAssists        = "gotrace.gc.assists"
	attrAssistTime     = "gotrace.gc.assist_ns"
	attrSweeps         = "gotrace.gc.sweeps"
	attrSweepTime      = "gotrace.gc.sweep_ns"
	attrSweptBytes     = "gotrace.gc.swept_bytes"
	attrReclaimedBytes = "gotrace.gc.reclaimed_bytes"
	attrTasksAssisted  = "gotrace.gc.tasks_assisted"
	attrTasksStopped   = "gotrace.stw.tasks_stopped"
	attrReason         = "gotrace.stw.reason"
	attrSTWStopping    = "gotrace.stw.stopping_ns"
	attrSTWStopped     = "gotrace.stw.stopped_ns"

	attrTask      = "gotrace.task.id"
	attrParent    = "gotrace.task.parent"
	attrEnder     = "gotrace.task.ender"
	attrEndedBy   = "gotrace.region.ender"
	attrSubtasks  = "gotrace.task.subtasks"
	attrSource    = "gotrace.task.source"
	attrOtelTrace = "gotrace.otel.trace_id"
	attrOtelSpan  = "gotrace.otel.span_id"
	attrDatadog   = "gotrace.datadog.span_id"
	attrMessage   = "gotrace.log.message"

	attrFormat      = "gotrace.format"
	attrInput       = "gotrace.input"
	attrWindow      = "gotrace.window"
	attrEvents      = "gotrace.events"
	attrGenerations = "gotrace.generations"
	attrDuration    = "gotrace.duration_ns"
	attrAdjusted    = "gotrace.adjusted_events"
	attrLoss        = "gotrace.loss"
	attrLossBytes   = "gotrace.loss_bytes"
	attrRepairs     = "gotrace.repairs"
	attrNesting     = "gotrace.nesting"
	attrClockSteps  = "gotrace.clock_steps"
	attrUnstopped   = "gotrace.unstopped"
	attrFactor      = "gotrace.time_factor"
	attrSpans       = "gotrace.spans"
	attrTraces      = "gotrace.traces"
	attrAllFolded   = "gotrace.run.folded.spans"
	attrAllFoldTime = "gotrace.run.folded.duration_ns"
	attrAllLogs     = "gotrace.run.folded.logs"
	attrAllLinks    = "gotrace.run.folded.links"
)

// Names of metrics: of the semantic conventions where these mean what a trace
// tells, else ours. The page explains them, too.
const (
	metricHeap       = "gotrace.heap.live"
	metricGoal       = "go.memory.gc.goal"
	metricProcs      = "go.processor.limit"
	metricGoroutines = "gotrace.goroutine.count"
	metricLatency    = "go.schedule.duration"

	attrGoroutineState = "gotrace.goroutine.state"
)

// Values of attrKind.
const (
	kindRun       = "run"
	kindFunction  = "function"
	kindGoroutine = "goroutine"
	kindWait      = "wait"
	kindRunnable  = "runnable"
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

// Values of attrLink: what a span that is linked to is for the one that links.
const (
	linkRun      = "run"       // of roots: the run
	linkPart     = "part"      // of the run: the roots
	linkCreator  = "creator"   // of a goroutine: that which created it
	linkTask     = "task"      // of a goroutine: the task in which that was
	linkWaker    = "waker"     // of a state: the goroutine that ended the wait
	linkAssisted = "assisted"  // of a GC cycle: a task
	linkStopped  = "stopped"   // of a GC cycle or a stop: a task
	linkDoer     = "goroutine" // of an assist: whose it is

	maxLinkWord = len(linkDoer)
)

// A timeNames has the names of the parts of some time: of what was spent
// oneself, or with one's subtasks.
type timeNames struct {
	running, assist, runnable, stopped, waiting, syscall, syscallBlocked string
	wait                                                                 map[string]string // by reason
	waitPrefix                                                           string
}

func ownTimes() timeNames {
	return timeNames{
		attrRunning, attrAssist, attrRunnable, attrStopped, attrWaiting, attrSyscall, attrSyscallBlocked,
		make(map[string]string), attrWaitPrefix,
	}
}

func inclusiveTimes() timeNames {
	return timeNames{
		attrAllRunning, attrAllAssist, attrAllRunnable, attrAllStopped, attrAllWaiting, attrAllSyscall, attrAllSyscallBlocked,
		make(map[string]string), attrAllWaitPrefix,
	}
}

// of returns the name of the time waited for a reason.
func (n *timeNames) of(reason string) string {
	name := n.wait[reason]
	if name == "" {
		name = waitAttr(n.waitPrefix, reason)
		if len(n.wait) < maxNames {
			n.wait[reason] = name
		}
	}
	return name
}

const (
	waitSuffix = "_ns"
	maxNames   = 1000 // remembered: the runtime has some 40 reasons
	maxReason  = 48   // bytes of one in a name
)

// waitAttr returns the name of the attribute with the time waited for a
// reason: "gotrace.wait.chan_receive_ns".
func waitAttr(prefix, reason string) string {
	b := append(make([]byte, 0, len(prefix)+len(reason)+len(waitSuffix)), prefix...)
	reason = reason[:min(len(reason), maxReason)]
	gap := false
	for i := range len(reason) {
		switch c := reason[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b, gap = append(b, c), false
		case c >= 'A' && c <= 'Z':
			b, gap = append(b, c|0x20), false
		case !gap && len(b) > len(prefix):
			b, gap = append(b, '_'), true
		}
	}
	if gap {
		b = b[:len(b)-1]
	}
	return string(append(b, waitSuffix...))
}
