package sinktest

import (
	"math"
	"strconv"

	"github.com/trace2otel/trace2otel/convert"
)

// The words of a record's line, for [Printer] to write and [Parse] to read.

// A subject is whom a record's line begins with.
type subject uint8

const (
	nobody subject = iota
	ofG
	ofP
)

// kinds has the word of each kind, and whom its lines begin with. A state's
// word is its own.
var kinds = [...]struct {
	word string
	of   subject
}{
	convert.KindSync:      {"sync", nobody},
	convert.KindGoroutine: {"goroutine", ofG},
	convert.KindState:     {"state", ofG},
	convert.KindSyscall:   {"call", ofG},
	convert.KindProc:      {"proc", ofP},
	convert.KindGC:        {"gc", nobody},
	convert.KindMark:      {"mark", nobody},
	convert.KindSTW:       {"stw", ofG},
	convert.KindAssist:    {"assist", ofG},
	convert.KindSweep:     {"sweep", ofP},
	convert.KindTask:      {"task", ofG},
	convert.KindRegion:    {"region", ofG},
	convert.KindLog:       {"log", ofG},
	convert.KindMetric:    {"metric", nobody},
	convert.KindSample:    {"sample", ofG},
	convert.KindLabel:     {"label", ofG},
}

// kindOf returns what is said of kind k, also if it is no kind at all.
func kindOf(k convert.Kind) (word string, of subject) {
	if int(k) < len(kinds) && kinds[k].word != "" {
		return kinds[k].word, kinds[k].of
	}
	return "kind-" + strconv.Itoa(int(k)), nobody
}

var states = [...]string{
	convert.StateNone:           "none",
	convert.StateRunnable:       "runnable",
	convert.StateRunning:        "running",
	convert.StateWaiting:        "waiting",
	convert.StateSyscall:        "syscall",
	convert.StateSyscallBlocked: "syscall-blocked",
	convert.StateIdle:           "idle",
}

// stateOf returns the word of s, also if it is no state at all.
func stateOf(s convert.State) string {
	if int(s) < len(states) {
		return states[s]
	}
	return "state-" + strconv.Itoa(int(s))
}

var flags = []struct {
	flag convert.Flags
	word string
}{
	{convert.OpenStart, "open-start"},
	{convert.OpenEnd, "open-end"},
	{convert.Unseen, "unseen"},
	{convert.Exited, "exited"},
	{convert.Stopped, "stopped"},
	{convert.Repaired, "repaired"},
}

// noClock in Record.Start marks a Sync without a clock reading, as package
// convert has it.
const noClock = convert.Time(math.MinInt64)

// A field is a number of a record that its line shows as key=value.
type field struct {
	key  string
	get  func(r *convert.Record) int64
	set  func(r *convert.Record, v int64)
	show func(r *convert.Record) bool
}

// fields are in the order in which a line has them.
var fields = []field{
	{
		"start",
		func(r *convert.Record) int64 { return int64(r.Start) },
		func(r *convert.Record, v int64) { r.Start = convert.Time(v) },
		func(r *convert.Record) bool {
			return r.Kind != convert.KindSync && (r.Phase == convert.End || r.Start != r.Time)
		},
	},
	{
		"id",
		func(r *convert.Record) int64 { return int64(r.ID) },
		func(r *convert.Record, v int64) { r.ID = uint64(v) },
		func(r *convert.Record) bool { return r.ID != 0 },
	},
	{
		"parent",
		func(r *convert.Record) int64 { return int64(r.Parent) },
		func(r *convert.Record, v int64) { r.Parent = uint64(v) },
		func(r *convert.Record) bool { return r.Kind != convert.KindSync && r.Parent != 0 },
	},
	{
		"stack",
		func(r *convert.Record) int64 { return int64(r.Stack) },
		func(r *convert.Record, v int64) { r.Stack = convert.StackID(v) },
		func(r *convert.Record) bool { return r.Stack != 0 },
	},
	{
		"by",
		func(r *convert.Record) int64 { return int64(r.By) },
		func(r *convert.Record, v int64) { r.By = convert.GoID(v) },
		func(r *convert.Record) bool { return r.Kind != convert.KindSync && r.By != convert.NoGoroutine },
	},
	{
		"bystack",
		func(r *convert.Record) int64 { return int64(r.ByStack) },
		func(r *convert.Record, v int64) { r.ByStack = convert.StackID(v) },
		func(r *convert.Record) bool { return r.ByStack != 0 },
	},
	{
		"endstack",
		func(r *convert.Record) int64 { return int64(r.EndStack) },
		func(r *convert.Record, v int64) { r.EndStack = convert.StackID(v) },
		func(r *convert.Record) bool { return r.EndStack != 0 },
	},
}
