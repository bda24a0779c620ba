package stats

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// Schema names the layout of a [Report] as JSON. It changes when a field
// changes its meaning or goes; new fields leave it as it is.
const Schema = "trace2otel/stats/v1"

// A Report is what is known of a trace. Durations are nanoseconds, and points
// in time nanoseconds since the start of the trace, also in its JSON.
//
// Sums of time are exact, and hold all there is: intervals that the trace's
// start or end cuts with the part that was seen. Percentiles and extremes are
// of whole intervals alone; see [Spread].
type Report struct {
	Schema    string   `json:"schema"`         // [Schema]
	Tool      string   `json:"tool,omitempty"` // version of trace2otel
	Trace     About    `json:"trace"`
	Warnings  []string `json:"warnings,omitempty"` // what to know before one believes the rest
	Totals    Totals   `json:"totals"`
	Scheduler Sched    `json:"scheduler"`

	// Functions are goroutines by start function: those that spent most time
	// otherwise than blocked first, the runtime's own last.
	Functions []Function `json:"functions"`

	// Goroutines are the single goroutines that Options.Goroutine matches, the
	// longest-lived first. Unlisted is how many more there are.
	Goroutines []Goroutine `json:"goroutines,omitempty"`
	Unlisted   int64       `json:"goroutines_unlisted,omitempty"`

	Waits    Places   `json:"waits"`    // blocking, but on the network: by reason and stack
	Network  Places   `json:"network"`  // blocking on the network: by stack
	Syscalls Places   `json:"syscalls"` // system calls: by stack
	GC       GC       `json:"gc"`
	Tasks    []Scope  `json:"tasks,omitempty"`   // by type, most time first
	Regions  []Scope  `json:"regions,omitempty"` // by type, most time first
	Nesting  *Nesting `json:"nesting,omitempty"` // if regions do not nest

	Timeline Timeline `json:"timeline"`
}

// About is the trace itself.
type About struct {
	Name        string        `json:"name,omitempty"` // of the input
	Version     string        `json:"version"`        // of the trace's format: "go 1.26"
	Start       string        `json:"start,omitempty"`
	Duration    time.Duration `json:"duration_ns"`
	Events      int64         `json:"events"`
	Generations int64         `json:"generations"`
	Goroutines  int64         `json:"goroutines"`
	CPUSamples  int64         `json:"cpu_samples"`
	Bytes       int64         `json:"bytes"`
	Adjusted    int64         `json:"events_moved"` // in time, by the decoder; see convert.Summary
	Loss        *Loss         `json:"loss,omitempty"`
	Repairs     string        `json:"repairs,omitempty"`  // what the decoder had to guess
	Repaired    int64         `json:"repaired,omitempty"` // intervals that were guessed: in sums, not in spreads
	ClockSteps  []Step        `json:"clock_steps,omitempty"`
}

// A Step is one of the wall clock, which Start and the dates of other outputs
// do not follow: see [convert.ClockSteps], of which these are those listed.
type Step struct {
	After  time.Duration `json:"after_ns"`  // the trace's start; it came between
	Before time.Duration `json:"before_ns"` // these two
	By     time.Duration `json:"by_ns"`     // back if negative
}

// StepsOf returns the steps of the wall clock that s lists.
func StepsOf(s *convert.Summary) (all []Step) {
	for _, step := range s.ClockSteps.List {
		all = append(all, Step(step))
	}
	return all
}

// Loss is what of the input could not be read.
type Loss struct {
	Error  string `json:"error"`
	Bytes  int64  `json:"bytes"`  // 0 if it cannot be told
	Offset int64  `json:"offset"` // of the first of them
}

// Times divide the time of goroutines: each nanosecond counts once.
type Times struct {
	Total          time.Duration `json:"total_ns"`
	Running        time.Duration `json:"running_ns"`         // on a P, not in a mark assist
	Assist         time.Duration `json:"assist_ns"`          // on a P, in a mark assist
	Runnable       time.Duration `json:"runnable_ns"`        // waiting for a P
	Stopped        time.Duration `json:"stopped_ns"`         // waiting for a P while the world was stopped
	Syscall        time.Duration `json:"syscall_ns"`         // in system calls, with the P
	SyscallBlocked time.Duration `json:"syscall_blocked_ns"` // in system calls, without
	Waiting        time.Duration `json:"waiting_ns"`         // blocked: the sum of Waits
	Waits          []Wait        `json:"waits,omitempty"`    // by reason, most time first
}

// Totals are of all goroutines but the runtime's own.
type Totals struct {
	Times
	Latency Spread `json:"latency"` // scheduling latency: each time from runnable to running
}

// A Wait is the time that goroutines were blocked for one reason.
type Wait struct {
	Reason string        `json:"reason"` // see convert.Record.Reason
	Time   time.Duration `json:"time_ns"`
	Each   *Spread       `json:"each,omitempty"`
}

// A Spread tells how long intervals were, each on its own. It is of whole ones:
// of an interval under way at the start or the end of the trace only a part is
// known. Percentiles are off by no more than 1 %; all else is exact.
type Spread struct {
	Count  int64         `json:"count"`
	Sum    time.Duration `json:"sum_ns"`
	P50    time.Duration `json:"p50_ns"`
	P90    time.Duration `json:"p90_ns"`
	P95    time.Duration `json:"p95_ns"`
	P99    time.Duration `json:"p99_ns"`
	P999   time.Duration `json:"p999_ns"`
	Max    time.Duration `json:"max_ns"`
	Worst  *Moment       `json:"worst,omitempty"`      // the first interval as long as Max
	Cut    int64         `json:"cut"`                  // intervals more, not counted, that an edge of the trace cut
	CutMax time.Duration `json:"cut_max_ns,omitempty"` // the longest of these, as far as it was seen
}

// A Moment is where to look: a goroutine at a time.
type Moment struct {
	Goroutine convert.GoID  `json:"goroutine"`
	Start     time.Duration `json:"start_ns"`
	Task      uint64        `json:"task,omitempty"` // of a spread over tasks: which one
}

// A Function is all goroutines that started in one function.
type Function struct {
	Name    string `json:"name"` // empty: not known
	System  bool   `json:"system"`
	Count   int64  `json:"count"`
	Created int64  `json:"created"` // of these, in the trace
	Exited  int64  `json:"exited"`  // of these, in the trace
	Times
	Latency Spread `json:"latency"` // scheduling latency: each time from runnable to running
}

// A Goroutine is a single one.
type Goroutine struct {
	ID        convert.GoID  `json:"id"`
	Function  string        `json:"function"`
	Start     time.Duration `json:"start_ns"`
	Began     bool          `json:"began"`                // in the trace
	Ended     bool          `json:"ended"`                // in the trace
	Creator   *Peer         `json:"creator,omitempty"`    // whose Count is 1
	CreatedAt []Frame       `json:"created_at,omitempty"` // leaf first
	Times
	WokenBy []Peer `json:"woken_by,omitempty"`           // most often first
	Poller  int64  `json:"woken_by_scheduler,omitempty"` // woken by no goroutine: timers, the network
	Woke    []Peer `json:"woke,omitempty"`               // most often first
}

// A Peer is another goroutine, and how often it had to do with this one.
type Peer struct {
	Goroutine convert.GoID `json:"goroutine"` // -1 stands for all of the function that are not told apart
	Function  string       `json:"function,omitempty"`
	Count     int64        `json:"count"`
}

// Sched is the scheduler's work.
type Sched struct {
	Latency   Spread   `json:"latency"`   // each time from runnable to running, of all goroutines
	Histogram []Bucket `json:"histogram"` // of the same, empty ones left out

	Procs       int64   `json:"gomaxprocs"`  // most, where it changes; 0: not known
	Utilization float64 `json:"utilization"` // of GOMAXPROCS: time that procs ran, on average
	Proc        []Proc  `json:"procs"`       // by id

	Goroutines   int64         `json:"goroutines_max"` // most at a time, the runtime's own included
	GoroutinesAt time.Duration `json:"goroutines_max_at_ns"`

	QueueMean  float64       `json:"queue_mean"` // goroutines runnable at a time
	QueueMax   int64         `json:"queue_max"`
	QueueMaxAt time.Duration `json:"queue_max_at_ns"`

	// Time with a goroutine runnable and a proc idle, the world not stopped.
	Wasted      time.Duration `json:"wasted_ns"`
	WastedMax   time.Duration `json:"wasted_max_ns"`
	WastedMaxAt time.Duration `json:"wasted_max_at_ns"`
}

// A Bucket counts intervals of at least From and less than twice that.
type Bucket struct {
	From  time.Duration `json:"from_ns"`
	Count int64         `json:"count"`
}

// A Proc is a P.
type Proc struct {
	ID      convert.ProcID `json:"id"`
	Running time.Duration  `json:"running_ns"`
	Idle    time.Duration  `json:"idle_ns"`
	Starts  int64          `json:"starts"` // times it began to run
}

// Places are the stacks at which most time went.
type Places struct {
	Each   Spread        `json:"each"`          // of all places, but the runtime's own
	Top    []Place       `json:"top,omitempty"` // most time first, the runtime's own last
	Others int64         `json:"others"`        // places more
	Rest   time.Duration `json:"others_ns"`     // their time
}

// A Place is a stack at which goroutines waited.
type Place struct {
	Reason string        `json:"reason,omitempty"`
	Stack  []Frame       `json:"stack"` // leaf first, the first frames of it
	Time   time.Duration `json:"time_ns"`
	Kept   time.Duration `json:"with_proc_ns,omitempty"` // of a system call: while it kept its P
	Each   Spread        `json:"each"`
	System bool          `json:"system"` // the runtime's own goroutines wait there
}

// A Frame is one function of a stack.
type Frame struct {
	Func string `json:"func"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// GC is the garbage collector's work.
type GC struct {
	Each       Spread        `json:"cycle"` // how long a cycle took
	Cycles     []Cycle       `json:"cycles,omitempty"`
	Stops      []Stop        `json:"stops,omitempty"`
	Stop       Spread        `json:"stop"`                      // how long the world was stopped, for any reason
	GCStop     Spread        `json:"gc_stop"`                   // likewise, for the collector
	ByReason   []StopReason  `json:"stops_by_reason,omitempty"` // of all stops of the world
	Unlisted   int64         `json:"stops_unlisted,omitempty"`  // shorter stops that Stops leaves out
	CyclesMore int64         `json:"cycles_unlisted,omitempty"` // shorter cycles that Cycles leaves out
	Assist     time.Duration `json:"assist_ns"`                 // running in mark assists, of all goroutines
	Workers    time.Duration `json:"workers_ns"`                // dedicated and fractional workers' running time
	IdleMark   time.Duration `json:"idle_workers_ns"`           // idle workers' running time
	Sweep      time.Duration `json:"sweep_ns"`                  // sweeping on procs
	Swept      uint64        `json:"swept_bytes"`
	Reclaimed  uint64        `json:"reclaimed_bytes"`
	HeapMax    uint64        `json:"heap_max_bytes"` // most live heap seen
	MMU        []MMU         `json:"mmu,omitempty"`
}

// A Cycle is one of the collector.
type Cycle struct {
	Number    uint64        `json:"number"` // within the trace
	Start     time.Duration `json:"start_ns"`
	Time      time.Duration `json:"time_ns"`
	Mark      time.Duration `json:"mark_ns"` // of its mark phase
	HeapStart uint64        `json:"heap_start_bytes"`
	HeapEnd   uint64        `json:"heap_end_bytes"`
	Goal      uint64        `json:"heap_goal_bytes"`
	Cut       bool          `json:"cut,omitempty"` // by an edge of the trace
}

// A Stop is one of the world.
type Stop struct {
	Reason    string        `json:"reason"`
	Goroutine convert.GoID  `json:"goroutine"`
	Start     time.Duration `json:"start_ns"`
	Time      time.Duration `json:"time_ns"`               // from the request to the restart
	Stopping  time.Duration `json:"stopping_ns,omitempty"` // of this, until the last proc had stopped
	Known     bool          `json:"stopping_known"`
	Cut       bool          `json:"cut,omitempty"`
}

// A StopReason is all stops for one reason.
type StopReason struct {
	Reason   string        `json:"reason"`
	Stopping time.Duration `json:"stopping_ns"`
	Each     Spread        `json:"each"`
}

// MMU is the minimum mutator utilization: the least share of the procs that
// the program got in any window of that length, the rest having gone to stops,
// dedicated and fractional workers, and assists.
type MMU struct {
	Window time.Duration `json:"window_ns"`
	All    float64       `json:"all_stops"` // counting every stop of the world
	GC     float64       `json:"gc_stops"`  // counting the collector's alone, as go tool trace does
	Short  bool          `json:"short,omitempty"`
}

// A Scope is all tasks or regions of one type.
type Scope struct {
	Type string `json:"type"`
	Each Spread `json:"each"` // how long they took

	// Where the time went: of goroutines while they were in such a region; or,
	// for a task, of the goroutine that began it up to its end, if it ended
	// there, and of the others while they were in regions of it.
	Times

	// Begun before the trace, or not ended in it; the same are in Each.Cut.
	Incomplete int64 `json:"incomplete"`
}

// A Timeline is what was the case at a time, as means over steps.
type Timeline struct {
	Step     time.Duration `json:"step_ns"`
	Running  []float64     `json:"running"`
	Runnable []float64     `json:"runnable"`
	Most     []int64       `json:"runnable_max"`
	Waiting  []float64     `json:"waiting"`
	Syscall  []float64     `json:"syscall"`
	Procs    []float64     `json:"procs_running"`
	MaxProcs []float64     `json:"gomaxprocs"`
	Heap     []uint64      `json:"heap_bytes"`      // the most in the step, or the last before it
	Goal     []uint64      `json:"heap_goal_bytes"` // the last up to the end of the step
}
