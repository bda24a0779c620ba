package convert

import (
	"fmt"
	"time"
)

// Time is a point on the trace's own clock, in nanoseconds. Only differences
// between times of one trace mean anything; a [WallClock] dates them.
type Time int64

// Sub returns t − u.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// GoID, ProcID and ThreadID name a goroutine (G), a proc (P) and an OS thread
// (M) as the runtime does (runtime2.go: g.goid, p.id, m.procid or m.id).
type (
	GoID     int64
	ProcID   int64
	ThreadID int64
)

// The absent goroutine, proc and thread. Ids of hostile traces may be any
// other number.
const (
	NoGoroutine = GoID(-1)
	NoProc      = ProcID(-1)
	NoThread    = ThreadID(-1)
)

// NoTask is the absent task: a task without a parent, and regions and logs
// outside of any task.
const NoTask = uint64(0)

// Kind says what a record is about, and with it which fields it fills.
// Fields that a kind does not name are zero (ids: absent).
type Kind uint8

const (
	// KindSync (Instant) starts a generation; the first record of every trace
	// is one. ID counts them from 1; Clock dates what comes from there on.
	KindSync Kind = iota + 1

	// KindGoroutine is the observed life of G. Begin: By created it at ByStack
	// (Stack holds its first frames); NoGoroutine for initial goroutines, cgo
	// callbacks and goroutines of the runtime's making. Name is the start
	// function; empty if the generation in which it begins does not tell.
	KindGoroutine

	// KindState is one state of G; the states of a goroutine tile its life.
	// State is the state, Prev the one before it (StateNone after creation, or
	// if unknown). Name is the reason, in the runtime's words, of a Waiting or
	// Runnable state; see [Record.Reason]. Stack is G's stack when the state
	// began; a goroutine that does not run keeps its stack, so a Runnable
	// state has that of the wait or syscall before it. P and M are where it
	// runs (Running, Syscall; M also for SyscallBlocked). By and ByStack say
	// who made it runnable and from where: on both records of a Runnable state
	// and on the End of a Waiting one. EndStack, on the End of a Running
	// state, is where it stopped.
	KindState

	// KindSyscall is a system call of G from its start to its return, across
	// the states Syscall and SyscallBlocked. Stack is where, P the proc held
	// at its beginning, M the thread. On the End, ID is for how many
	// nanoseconds it kept P.
	KindSyscall

	// KindProc is a proc P running on thread M, or idle. A proc whose
	// goroutine is in a syscall runs until it stops or is stolen.
	KindProc

	// KindGC is a GC cycle, from the start of its mark phase or of the
	// sweep-termination stop, which comes microseconds later, to the end of the
	// mark-termination stop. ID numbers the cycles of the trace from 1.
	KindGC

	// KindMark is the concurrent mark phase of a GC cycle; ID is its number.
	KindMark

	// KindSTW stops the world, from the request by G on P to the restart, for
	// the reason Name ("GC mark termination", "read mem stats"…). On the End,
	// ID is for how many nanoseconds it was stopping: until the last other proc
	// that ran went idle. It is known if the End has the flag Stopped; in a
	// window that ends before, it is up to there, without the flag.
	KindSTW

	// KindAssist is a mark assist of G; G may block within.
	KindAssist

	// KindSweep is an incremental sweep on proc P, by goroutine G if one ran.
	// On the End, ID is the bytes swept and Parent the bytes reclaimed.
	KindSweep

	// KindTask is a runtime/trace task. ID is its id, Parent its parent's or
	// NoTask, Name its type, G the goroutine that began it, at Stack. On the
	// End, By is the goroutine that ended it, at ByStack. The End of a task
	// begun before the trace has no type, parent or G.
	KindTask

	// KindRegion is a runtime/trace region of G: Name is its type, Parent its task
	// or NoTask. ID numbers the regions of the trace from 1, in the order in
	// which they are told. Regions of a goroutine mostly nest, but may overlap:
	// see [RegionMistakes]. If another goroutine ended it, By is that one on the
	// End, at ByStack. An End of a region begun before the trace has no Begin.
	KindRegion

	// KindLog (Instant) is a runtime/trace log: Name is its category, Text its
	// message (any bytes), ID its task or NoTask, G, P, M and Stack its place.
	KindLog

	// KindMetric (Instant) is a value, ID, of the metric Name, as runtime/metrics
	// names it.
	KindMetric

	// KindSample (Instant) is a CPU profile sample at Stack, with G, P and M
	// where known. It may contradict the states.
	KindSample

	// KindLabel (Instant) gives G the label Name: the mode of a GC worker.
	KindLabel
)

// Phase tells the two ends of an interval from a point in time.
type Phase uint8

const (
	Begin   Phase = iota + 1 // what it says holds from Start on
	End                      // it held from Start to Time
	Instant                  // it is so, or happens, at Time
)

// State is the state of a goroutine, or of a proc (Running and Idle alone).
type State uint8

const (
	StateNone           State = iota // no state before this one, or it is not known
	StateRunnable                    // waits for a P
	StateRunning                     // runs on a P
	StateWaiting                     // blocked; the reason says on what
	StateSyscall                     // in a system call, its P still its own
	StateSyscallBlocked              // in a system call, without a P
	StateIdle                        // of a proc: runs nothing
)

// Flags qualify a record.
type Flags uint8

const (
	// OpenStart marks an interval that was under way when observation of it
	// began: Start is the time from which it is known to hold, not when it
	// began. That is when the trace or the window begins; in a damaged trace it
	// may be later. It also marks an Instant of a window's start: what it says
	// has been so for some time.
	OpenStart Flags = 1 << iota

	// OpenEnd marks an interval that was still under way when the trace, or
	// what could be read of it, ended. Only Ends have it.
	OpenEnd

	// Exited marks the End of a region that its goroutine's exit ended.
	Exited

	// Stopped marks the End of a KindSTW whose procs were all seen to stop:
	// not if it was under way at the start.
	Stopped

	// Unseen marks, with Options.AsGo, the part of a goroutine's first state, and of
	// a syscall then, that lies before its status in the trace: Go's profiles leave
	// it out. What follows is an interval of its own.
	Unseen

	// Repaired marks the End of an interval that was not measured: the trace
	// is damaged, and its end, or what it was, had to be guessed from what
	// comes next. It is no number to calculate with.
	Repaired
)

// StackID names a stack by its content, for one run: equal stacks have equal
// ids. Zero is no stack. Ids are dense, in the order of first use.
type StackID uint32

// A Record is one thing that happened, resolved: it needs nothing from other
// records but the definitions of stacks (see [Batch]). Records come in order
// of Time; at one Time, an End comes before the Begin that follows it.
//
// Every Begin is followed by exactly one End of the same Kind and identity (G
// for goroutines, states, syscalls, STW and assists; P for procs and sweeps;
// ID for GC cycles, mark phases, tasks and regions), whose Start, Stack, Name
// and ids repeat the Begin's. Intervals begun before the trace whose kind is
// not announced at its start (tasks, regions) have an End alone.
type Record struct {
	Time  Time // when
	Start Time // of an interval's Begin and End: since when it holds

	G  GoID     // whom it is about
	By GoID     // who did it to G: waker, creator, ender
	P  ProcID   // where
	M  ThreadID // where

	ID     uint64 // task, metric value, number: see Kind
	Parent uint64 // parent task, task of a region: see Kind

	Stack    StackID // G's stack at Start
	ByStack  StackID // By's stack
	EndStack StackID // G's stack at the End

	Kind  Kind
	Phase Phase
	State State
	Prev  State
	Flags Flags

	Name string // reason, function, type, category, metric: see Kind
	Text string // log message
}

// Duration returns the length of an End's interval, zero for other phases.
func (r *Record) Duration() time.Duration {
	if r.Phase != End {
		return 0
	}
	return r.Time.Sub(r.Start)
}

// Words for reasons that the trace does not give.
const (
	// ReasonUnknown is the reason of a wait that was under way when the trace
	// began: a status carries none.
	ReasonUnknown = "unknown (waiting since start)"

	// ReasonCoroutine is the reason of a goroutine that gave way to another by
	// a coroutine switch (iter.Pull). The trace has no word for it: only
	// switches block without a reason in Go 1.23 and later.
	ReasonCoroutine = "coroutine switch"

	// ReasonUnspecified stands for any other empty reason, and for empty types.
	ReasonUnspecified = "unspecified"
)

// Reason returns the reason of a Waiting state for display: never empty.
func (r *Record) Reason() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Flags&OpenStart != 0:
		return ReasonUnknown
	}
	return ReasonUnspecified
}

// TaskUnknown is the type of a task of which the trace does not have the
// beginning: it was begun before, or that was lost.
const TaskUnknown = "unknown task"

// TaskType returns the type of a task's record for display: never empty.
func (r *Record) TaskType() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.G == NoGoroutine:
		return TaskUnknown
	}
	return ReasonUnspecified
}

// Clock returns the Clock that dates the trace from a KindSync record on. It
// reports false for other kinds, for traces recorded before Go 1.25 unless
// Options.Start dates them, and where a damaged generation has no reading: the
// Clock before goes on.
func (r *Record) Clock() (Clock, bool) {
	if r.Kind != KindSync || r.Start == noClock {
		return Clock{}, false
	}
	return Clock{Trace: r.Start, Rate: int64(r.By), Wall: int64(r.Parent)}, true
}

// setClock puts a Clock into a KindSync record, in fields that are free in one.
func (r *Record) setClock(c Clock) {
	if c.IsZero() {
		r.Start = noClock
		return
	}
	r.Start, r.By, r.Parent = c.Trace, GoID(c.Rate), uint64(c.Wall)
}

// A Frame is one function of a stack.
type Frame struct {
	Func string // fully qualified, as the runtime has it
	File string
	Line int
}

// A Stack is the definition of a StackID.
type Stack struct {
	ID     StackID
	Frames []Frame // leaf first
}

// A Batch carries records to the sinks. Sinks share it: they must not change
// it, nor keep it or a slice of it after Consume returns; strings and the
// Frames of a Stack may be kept.
//
// The sizes of batches mean nothing, and what a sink writes must not depend on
// them: a stack is to be written when a record first needs it, not when its
// definition arrives.
type Batch struct {
	Records []Record
	Stacks  []Stack // definitions of the ids first used in this batch, ascending
}

// A Trace is what is known before the first record.
type Trace struct {
	Name       string   // of the input, from Options.Name
	Version    string   // of the trace's format, as its header has it: "go 1.26"
	Start      Time     // of the first event
	Clock      Clock    // dates Start; zero if nothing does
	ClockGiven bool     // Clock is by Options.Start, not by the trace
	RunKey     [32]byte // identifies the run traced: see Options.RunKey

	// From and To are the part of the trace that is converted, as Options has
	// it; both are zero if that is all.
	From, To time.Duration

	// FirstTask is the lowest id of a task begun in the trace before From, or
	// NoTask: one that has it, or a higher id, and is not told at the beginning,
	// has ended.
	FirstTask uint64

	// Decoder says how the trace is decoded: "own", "own, strict" or "x". Of a
	// trace that is damaged, each tells other things.
	Decoder string

	// Factor is what all times of the trace were multiplied by, since they were
	// written too short: see [FactorNote]. It is 0 if they were not.
	Factor int64
}

// FactorNote says in words what Trace.Factor does. Such traces are corrected
// unless they are read as Go does, or by [DecoderX].
const FactorNote = "recorded by Go 1.22.0 on Windows, which writes times 256 times too short (golang/go#65997): all were multiplied by 256"

// Window says in words what part of the trace is converted: "from 1s to 2s of
// the trace". It is empty if that is all.
func (t *Trace) Window() string {
	switch {
	case t.To != 0:
		return fmt.Sprintf("from %v to %v of the trace", t.From, t.To)
	case t.From != 0:
		return fmt.Sprintf("from %v of the trace", t.From)
	}
	return ""
}

// A Summary is what is known after the last record.
type Summary struct {
	Trace
	End         Time  // of the last event, or of the window
	Last        Time  // of the last event that was read: after End if the window ended before
	Events      int64 // events read, Syncs included
	Generations int64 // generations of which events were read
	Adjusted    int64 // events that the decoder moved, so that times are in order
	Goroutines  int64 // goroutines seen, in the window if there is one
	Bytes       int64 // size of the input, decompressed, as far as it was read
	Loss        *Loss // nil if all of the input was converted
	Repairs     Repairs
	Regions     RegionMistakes // of the program
	ClockSteps  ClockSteps     // none if Options.Start dates the trace

	// Next is where another trace follows in the decompressed input; 0 if none
	// does. It is lost, unless Options.Series is set.
	Next int64

	// Unstopped is set if the trace is whole, but seems not to have been
	// stopped: see [UnstoppedNote].
	Unstopped bool
}

// UnstoppedNote says in words what Summary.Unstopped does. Once a second, a
// goroutine of the runtime (runtime.(*traceAdvancerState).start) ends a
// generation; trace.Stop ends the last one from the goroutine that calls it,
// and so does a flight recorder. Of a program that is killed, or exits without
// trace.Stop, nothing follows on a generation that ended by the clock.
const UnstoppedNote = "the trace ends as if it went on: up to a second after it may be missing"

// advancer is the start function of that goroutine (runtime/trace.go).
const advancer = "runtime.(*traceAdvancerState).start.func1"

// Loss says what of an input could not be converted.
type Loss struct {
	Err    error  // what is wrong, and where
	Hint   string // what the user might do about it, or nothing
	Bytes  int64  // bytes known not to be converted; 0 if it cannot be told
	Offset int64  // where in the decompressed input the first of them lies

	// Broken is set if the last generation was broken off: some of its events
	// came before the damage and were converted, the rest is lost.
	Broken bool
}

// A Sink is an output format: it turns records into bytes somewhere. Run calls
// its methods in this order, all from one goroutine:
//
//	Begin, Consume any number of times, Finish
//
// An error from any of them is the last call that the sink gets; the other
// sinks go on. When the input turns out to be unusable, or the context ends,
// Run calls neither Consume nor Finish again, and what the sink wrote is to be
// thrown away by the caller.
//
// A sink must be deterministic: the same records give the same bytes.
type Sink interface {
	// Begin prepares for a trace. t is read-only.
	Begin(t *Trace) error

	// Consume takes the records of b, which it may not keep.
	Consume(b *Batch) error

	// Finish completes and flushes the output, but does not close what the
	// caller opened. Every interval has had its End by then.
	Finish(s *Summary) error
}
