package pprofout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
)

// A Kind says what a profile counts. The zero value is [Net].
type Kind uint8

const (
	Net     Kind = iota // waits for the network
	Sync                // waits for channels, select and package sync
	Syscall             // system calls
	Sched               // goroutines that could run and had to wait for a P
	Wait                // waits for anything
	Run                 // time on a P
	Wall                // all time of all goroutines
	Create              // goroutines created, and how long they live
	GC                  // mark assists, sweeps and stops of the world
	CPU                 // samples of the CPU profiler
)

// Kinds lists all kinds there are.
var Kinds = []Kind{Net, Sync, Syscall, Sched, Wait, Run, Wall, Create, GC, CPU}

// GoToolKinds lists those that "go tool trace -pprof" has, and that
// [Options.Compat] can count.
var GoToolKinds = Kinds[:4]

// A rule defines a kind. A new kind is a row of the table below.
type rule struct {
	name      string
	what      string // it counts, for people
	values    [2]valueType
	byDefault int // the value that pprof shows unless told otherwise

	classes classes                  // of time that it counts
	reason  func(reason string) bool // which waits; nil: any
	waits   bool                     // somebody may have ended them: --stack applies
	woken   bool                     // and by default their stack is the one that counts
}

type valueType struct{ name, unit string }

// contention are the values of "go tool trace -pprof", and of the block and
// mutex profiles of runtime/pprof.
var contention = [2]valueType{{"contentions", "count"}, {"delay", "nanoseconds"}}

var rules = [...]rule{
	Net: {
		name:      "net",
		what:      "waits for the network",
		values:    contention,
		byDefault: 1,
		classes:   classWaiting,
		reason:    func(reason string) bool { return reason == "network" },
		waits:     true,
	},
	Sync: {
		name:      "sync",
		what:      "waits for channels, select and package sync",
		values:    contention,
		byDefault: 1,
		classes:   classWaiting,
		reason:    isSync,
		waits:     true,
	},
	Syscall: {
		name:      "syscall",
		what:      "system calls",
		values:    contention,
		byDefault: 1,
		classes:   classSyscall | classBlocked,
	},
	Sched: {
		name:      "sched",
		what:      "goroutines that wait to run, by who made them runnable",
		values:    contention,
		byDefault: 1,
		classes:   classRunnable,
		waits:     true,
		woken:     true,
	},
	Wait: {
		name:      "wait",
		what:      "waits of every reason",
		values:    contention,
		byDefault: 1,
		classes:   classWaiting,
		waits:     true,
	},
	Run: {
		name:      "run",
		what:      "time on a P, by where goroutines were seen next",
		values:    [2]valueType{{"runs", "count"}, {"time", "nanoseconds"}},
		byDefault: 1,
		classes:   classRunning,
	},
	Wall: {
		name:      "wall",
		what:      "all time of all goroutines, by state and reason",
		values:    [2]valueType{{"states", "count"}, {"time", "nanoseconds"}},
		byDefault: 1,
		classes:   classRunnable | classRunning | classWaiting | classSyscall | classBlocked,
	},
	Create: {
		name:    "create",
		what:    "goroutines created, and how long they live, by who created them",
		values:  [2]valueType{{"goroutines", "count"}, {"life", "nanoseconds"}},
		classes: classLife,
	},
	GC: {
		name:      "gc",
		what:      "mark assists, sweeps and stops of the world, by who paid for them",
		values:    [2]valueType{{"ranges", "count"}, {"time", "nanoseconds"}},
		byDefault: 1,
		classes:   classGC,
	},
	CPU: {
		name:      "cpu",
		what:      "samples of the CPU profiler, if it ran",
		values:    [2]valueType{{"samples", "count"}, {"cpu", "nanoseconds"}},
		byDefault: 1,
		classes:   classSample,
	},
}

// isSync takes the words of cmd/trace/pprof.go (computePprofBlock). The
// engine's own word for coroutine switches has none of them.
func isSync(reason string) bool {
	return strings.Contains(reason, "chan") || strings.Contains(reason, "sync") || strings.Contains(reason, "select")
}

// A class is a sort of time, or of samples: the states of goroutines, which
// exclude one another, and what lies across them. classes are a set of them.
type (
	class   = classes
	classes uint16
)

const (
	classRunnable class = 1 << iota
	classRunning
	classWaiting
	classSyscall
	classBlocked // in a system call, without a P
	classLife    // of a goroutine created in the trace
	classGC      // mark assist, sweep, stop of the world
	classSample  // of the CPU profiler
)

const classStates = classRunnable | classRunning | classWaiting | classSyscall | classBlocked

// classOf has the class of each state of a goroutine.
var classOf = [...]class{
	convert.StateRunnable:       classRunnable,
	convert.StateRunning:        classRunning,
	convert.StateWaiting:        classWaiting,
	convert.StateSyscall:        classSyscall,
	convert.StateSyscallBlocked: classBlocked,
	convert.StateIdle:           0,
}

// word returns the state that c is, as the label has it, or nothing.
func (c class) word() string {
	switch c {
	case classRunnable:
		return "runnable"
	case classRunning:
		return "running"
	case classWaiting:
		return "waiting"
	case classSyscall:
		return "syscall"
	case classBlocked:
		return "syscall-blocked"
	}
	return ""
}

// String returns the name of k; those that Go's tool has are its names.
func (k Kind) String() string {
	if int(k) < len(rules) {
		return rules[k].name
	}
	return fmt.Sprintf("Kind(%d)", k)
}

// What says in a few words what k counts.
func (k Kind) What() string {
	if int(k) < len(rules) {
		return rules[k].what
	}
	return "nothing"
}

// ParseKind returns the kind called name.
func ParseKind(name string) (Kind, error) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.String() == name })
	if i < 0 {
		names := make([]string, len(Kinds))
		for i, k := range Kinds {
			names[i] = k.String()
		}
		return 0, fmt.Errorf("pprofout: no profile %q: there are %s", name, strings.Join(names, ", "))
	}
	return Kinds[i], nil
}
