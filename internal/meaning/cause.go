package meaning

import "fmt"

// A Cause is what a goroutine waits for, told from the runtime's reason and the
// stack. The zero Cause is [UnknownCause].
type Cause uint8

// The causes. Comments name those whose word does not say all.
const (
	UnknownCause Cause = iota

	Mutex
	CondMutex // the mutex, again after a Cond.Wait
	ReadLock
	WriteLock
	Once
	WaitGroup
	Cond
	Semaphore
	FileLock  // another read or write of the same file
	FileClose // Close waits for readers and writers to let go
	Sync      // one of the above: the stack does not say which

	GCStart
	GCEnd
	GCAssist
	StopTheWorld
	StackScan // the GC scans the goroutine's stack: it is parked, not runnable

	NetworkRead
	NetworkWrite
	Accept
	Dial
	Network // one of the above: the stack does not say which
	PipeRead
	PipeWrite // of an os.File that can be polled: a pipe or a terminal
	NameLookup
	HTTPReply
	HTTPConnection // a dial, or no connection is free
	HTTPHandBack   // a client hands its connection back
	DatabaseConnection

	ChanReceive
	ChanSend
	Select
	Channel // one of the three: known from the waker alone
	NilChannel
	SelectForever
	MemoryPipe // io.Pipe, net.Pipe
	Timer      // a timer or ticker, known at the end of the wait
	Sleep
	Iterator        // the body of an iterator, or its user, runs instead
	IteratorPending // the iterator's body has not begun
	Unpolled        // network, timer or sleep: it was woken by no goroutine

	Subtest
	TestTurn // a slot for parallel tests
	ParallelSubtests
	Synctest

	SystemCall
	CCall
	FileRead
	FileWrite
	FileSync
	ChildProcess
	Signal
	JSEvent
	Debugger

	Deadline // ended by a deadline or the end of a context, known at the end
	Closed   // ended by a Close in the program, known at the end

	Tracer
	Profiler
	RuntimeIdle

	numCauses = iota
)

var causeWords = [numCauses]string{
	UnknownCause: "unknown",

	Mutex:     "mutex",
	CondMutex: "mutex after cond",
	ReadLock:  "read lock",
	WriteLock: "write lock",
	Once:      "once",
	WaitGroup: "wait group",
	Cond:      "cond",
	Semaphore: "semaphore",
	FileLock:  "file lock",
	FileClose: "file close",
	Sync:      "sync",

	GCStart:      "GC start",
	GCEnd:        "GC end",
	GCAssist:     "GC assist",
	StopTheWorld: "stop the world",
	StackScan:    "stack scan",

	NetworkRead:        "network read",
	NetworkWrite:       "network write",
	Accept:             "accept",
	Dial:               "dial",
	Network:            "network",
	PipeRead:           "pipe read",
	PipeWrite:          "pipe write",
	NameLookup:         "name lookup",
	HTTPReply:          "HTTP reply",
	HTTPConnection:     "HTTP connection",
	HTTPHandBack:       "HTTP hand-back",
	DatabaseConnection: "database connection",

	ChanReceive:     "chan receive",
	ChanSend:        "chan send",
	Select:          "select",
	Channel:         "channel",
	NilChannel:      "nil channel",
	SelectForever:   "select forever",
	MemoryPipe:      "pipe in memory",
	Timer:           "timer",
	Sleep:           "sleep",
	Iterator:        "iterator",
	IteratorPending: "iterator not begun",
	Unpolled:        "network, timer or sleep",

	Subtest:          "subtest",
	TestTurn:         "test turn",
	ParallelSubtests: "parallel subtests",
	Synctest:         "synctest",

	SystemCall:   "system call",
	CCall:        "C call",
	FileRead:     "file read",
	FileWrite:    "file write",
	FileSync:     "file sync",
	ChildProcess: "child process",
	Signal:       "signal",
	JSEvent:      "JavaScript event",
	Debugger:     "debugger",

	Deadline: "deadline",
	Closed:   "close",

	Tracer:      "tracer",
	Profiler:    "profiler",
	RuntimeIdle: "runtime idle",
}

// String returns the cause in plain words: never "".
func (c Cause) String() string {
	if int(c) >= numCauses {
		return causeWords[UnknownCause]
	}
	return causeWords[c]
}

// Word returns the cause in plain words, or the reason's own if the cause is
// unknown: reasons of later versions of Go are.
func (c Cause) Word(reason string) string {
	if c == UnknownCause && !unsaid[reason] {
		return reason
	}
	return c.String()
}

// unsaid are the words that stand for the lack of a reason.
var unsaid = map[string]bool{"": true, "unspecified": true, "unknown (waiting since start)": true}

// Causes returns all causes, in the order of their declaration.
func Causes() []Cause {
	all := make([]Cause, numCauses)
	for i := range all {
		all[i] = Cause(i)
	}
	return all
}

// ParseCause returns the cause that String names so.
func ParseCause(word string) (Cause, error) {
	for c, w := range causeWords {
		if w == word {
			return Cause(c), nil
		}
	}
	return UnknownCause, fmt.Errorf("unknown cause %q", word)
}

// A family is a set of reasons that share their table of frames. A stack's
// cause counts only for a reason of its family.
type family uint8

const (
	noFamily family = iota
	syncFamily
	condFamily
	networkFamily
	channelFamily
	foreverFamily
	sleepFamily
	systemFamily
	otherFamily // the reason alone decides
)

// reasons holds the runtime's reasons, which are the same from Go 1.22 to 1.27,
// with the cause that holds where no frame says more.
var reasons = map[string]struct {
	family family
	cause  Cause
}{
	"sync":              {syncFamily, Sync},
	"sync.(*Cond).Wait": {condFamily, Cond},
	"network":           {networkFamily, Network},
	"select":            {channelFamily, Select},
	"chan receive":      {channelFamily, ChanReceive},
	"chan send":         {channelFamily, ChanSend},
	"forever":           {foreverFamily, SelectForever},
	"sleep":             {sleepFamily, Sleep},

	"system goroutine wait":      {systemFamily, RuntimeIdle},
	"GC background sweeper wait": {systemFamily, RuntimeIdle},

	"GC mark assist wait for work": {otherFamily, GCAssist}, // runtime.gcParkAssist, 3,867 waits
	"wait until GC ends":           {otherFamily, GCEnd},    // asked for by runtime.GC, 434
	"GC weak to strong wait":       {otherFamily, GCEnd},    // of a weak pointer, 29, up to 199 ms each
	"preempted":                    {otherFamily, StackScan},
	"synctest":                     {otherFamily, Synctest},
	"wait for debug call":          {otherFamily, Debugger}, // read
	"coroutine switch":             {otherFamily, Iterator}, // the engine's word: the runtime gives none
}

// Cause returns what a wait is for that has this reason, as the runtime or the
// engine words it, and began at the stack of f. f may be nil: the stack is not
// known. It is [UnknownCause] if neither tells; [Cause.Word] has the reason then.
func (f *Facts) Cause(reason string) Cause {
	r, ok := reasons[reason]
	if f == nil {
		return r.cause
	}
	if !ok {
		if unsaid[reason] {
			return f.initial()
		}
		return UnknownCause
	}
	switch {
	case r.family == otherFamily:
		return r.cause
	case r.family == systemFamily && f.Class == TracerClass:
		return Tracer
	case r.family == syncFamily && f.advance:
		return Tracer // runtime.traceAdvance stops and starts the world, 1,821 waits
	case r.family == foreverFamily && f.family == channelFamily && f.plain != Select:
		return NilChannel // 21 waits
	case f.family != r.family:
		return r.cause
	case f.refined != UnknownCause:
		return f.refined
	}
	return r.cause
}

// initial returns the cause of a wait without a reason: one that began before
// the trace, or the runtime's own to Go 1.21.
func (f *Facts) initial() Cause {
	switch {
	case f.advance:
		return Tracer
	case f.refined != UnknownCause:
		return f.refined
	case f.plain != UnknownCause:
		return f.plain
	case f.Class == RuntimeClass:
		return RuntimeIdle
	case f.Class == TracerClass:
		return Tracer
	}
	return UnknownCause
}
