package pprofout

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
)

// Options say what profiles to write, and how. The zero value is a complete
// profile of waits for the network.
type Options struct {
	// Kind of the profile that [New] makes; [NewSet] does not look at it.
	Kind Kind

	// Compat counts exactly what "go tool trace -pprof" counts, holes
	// included: nothing that was under way when the trace ended, what was
	// under way when it began from its first event on, nothing that came
	// before a goroutine's first run (of goroutines that ran), and nothing of
	// a generation that was broken off. There are no labels then, and only
	// [GoToolKinds]; the fields up to CPURate must be zero.
	Compat bool

	// Stack selects whose stack the waits of goroutines count at.
	Stack Stack

	// ReasonFrames puts a frame onto each stack, as its leaf, that says what
	// the goroutine waited for, like [chan receive]; in wall profiles, its
	// state.
	ReasonFrames bool

	// Goroutine, Task and Region restrict the profile to the time that
	// goroutines with such a start function spent in tasks and regions of such
	// types; nil is no restriction. What lies only partly within counts with
	// that part. A region includes those within it, a task its subtasks.
	Goroutine, Task, Region *regexp.Regexp

	// CPURate is how many samples a second the CPU profiler was to take of
	// each thread that runs: the trace does not say. Zero is DefaultCPURate.
	CPURate int

	// ToolVersion is noted in the profile's comments.
	ToolVersion string
}

// DefaultCPURate is that of runtime/pprof.StartCPUProfile.
const DefaultCPURate = 100

// A Stack says whose stack a wait counts at. It matters to waits that another
// goroutine ends ([Net], [Sync], [Wait]) and to [Sched]. The zero value is the
// usual: for Sched, the waker's, and for others the waiter's.
type Stack uint8

const (
	UsualStack Stack = iota
	WaiterStack
	WakerStack // that of the goroutine that ended the wait; the waiter's if nobody did
	BothStacks // the waiter's, and, as if called by it, a frame [woken by] and the waker's
)

// stackNames has the names of those that can be chosen.
var stackNames = [...]string{UsualStack: "", WaiterStack: "waiter", WakerStack: "waker", BothStacks: "both"}

func (s Stack) String() string {
	if int(s) < len(stackNames) {
		return stackNames[s]
	}
	return fmt.Sprintf("Stack(%d)", s)
}

// ParseStack returns the choice called name: waiter, waker or both.
func ParseStack(name string) (Stack, error) {
	i := slices.Index(stackNames[1:], name)
	if i < 0 {
		return 0, fmt.Errorf("pprofout: no stack %q: there are waiter, waker, both", name)
	}
	return Stack(i + 1), nil
}

// An Output is where a profile goes.
type Output struct {
	Kind Kind
	W    io.Writer
}

// check returns an error if there is no such profile.
func (o *Options) check(outs []Output) error {
	for _, out := range outs {
		if int(out.Kind) >= len(rules) {
			return fmt.Errorf("pprofout: no profile %v", out.Kind)
		}
		if o.Compat && !slices.Contains(GoToolKinds, out.Kind) {
			return fmt.Errorf("pprofout: go tool trace has no profile %v", out.Kind)
		}
	}
	switch {
	case int(o.Stack) >= len(stackNames):
		return fmt.Errorf("pprofout: no stack %v", o.Stack)
	case o.CPURate < 0 || o.CPURate > 1e9:
		return fmt.Errorf("pprofout: no rate of %d samples a second", o.CPURate)
	case o.Compat && (o.Stack != 0 || o.ReasonFrames || o.filtered() || o.CPURate != 0):
		return errors.New("pprofout: go tool trace cannot choose stacks, reasons and goroutines")
	}
	return nil
}

// filtered reports whether not all of the trace counts.
func (o *Options) filtered() bool { return o.Goroutine != nil || o.Task != nil || o.Region != nil }

// rate returns how many samples a second there were to be.
func (o *Options) rate() int { return cmp.Or(o.CPURate, DefaultCPURate) }

// period returns the time that a sample stands for.
func (o *Options) period() time.Duration { return time.Second / time.Duration(o.rate()) }
