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
)

// Kinds lists all kinds there are.
var Kinds = []Kind{Net, Sync, Syscall, Sched}

// A rule defines a kind. A new kind is a row of the table below.
type rule struct {
	name   string
	what   string // it counts, for people
	values [2]valueType

	// Which records are counted: the Ends of this kind; of goroutine states,
	// those of this state; and of these those with such a reason, or any if
	// reason is nil.
	record convert.Kind
	state  convert.State
	reason func(reason string) bool

	// stack returns the stack to count under.
	stack func(r *convert.Record) convert.StackID
}

type valueType struct{ name, unit string }

// contention are the values of "go tool trace -pprof", and of the block and
// mutex profiles of runtime/pprof.
var contention = [2]valueType{{"contentions", "count"}, {"delay", "nanoseconds"}}

var rules = [...]rule{
	Net: {
		name:   "net",
		what:   "waits for the network",
		values: contention,
		record: convert.KindState,
		state:  convert.StateWaiting,
		reason: func(reason string) bool { return reason == "network" },
		stack:  waiter,
	},
	Sync: {
		name:   "sync",
		what:   "waits for channels, select and package sync",
		values: contention,
		record: convert.KindState,
		state:  convert.StateWaiting,
		reason: isSync,
		stack:  waiter,
	},
	Syscall: {
		name:   "syscall",
		what:   "system calls",
		values: contention,
		record: convert.KindSyscall,
		stack:  waiter,
	},
	Sched: {
		name:   "sched",
		what:   "goroutines that wait to run, by who made them runnable",
		values: contention,
		record: convert.KindState,
		state:  convert.StateRunnable,
		stack:  waker,
	},
}

// isSync takes the words of cmd/trace/pprof.go (computePprofBlock). The
// engine's own word for coroutine switches has none of them.
func isSync(reason string) bool {
	return strings.Contains(reason, "chan") || strings.Contains(reason, "sync") || strings.Contains(reason, "select")
}

// waiter returns the stack of the goroutine that waits.
func waiter(r *convert.Record) convert.StackID { return r.Stack }

// waker returns the stack that made the goroutine runnable, its waker's or
// creator's; of one that nobody woke, as after preemption, its own.
func waker(r *convert.Record) convert.StackID {
	if r.ByStack != 0 {
		return r.ByStack
	}
	return r.Stack
}

// matches reports whether an End is of the rule's kind and state; its reason
// is another matter.
func (u *rule) matches(r *convert.Record) bool {
	return r.Kind == u.record && (r.Kind != convert.KindState || r.State == u.state)
}

// String returns the name of k, as "go tool trace -pprof" has it.
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
