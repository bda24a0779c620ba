package convert

import (
	"io"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// An ownDecoder decodes by package gotrace.
//
// Times are the trace's own, but that each is later than the one before: events
// of the same time come 1 ns after one another, and so do the few that have an
// earlier time than others of the generation before. Statuses written at the
// end of a generation hold since its beginning, and do not count for that: it
// is they that make Go's own tools move a fifth of all events of some traces.
type ownDecoder struct {
	header header
	stacks *stacks
	r      *gotrace.Reader
	asGo   bool            // times are
	events []gotrace.Event // read, and not yet told
	ids    []StackID       // by the numbers of gotrace; 0 if not known yet
	raw    []gotrace.Frame // scratch
	frames []Frame         // scratch
	last   Time            // of the event told last
	latest int64           // of all events, as the trace has it
}

func newOwnDecoder(r io.Reader, h header, o *Options, stacks *stacks) (*ownDecoder, error) {
	reader, err := gotrace.NewReader(r, gotrace.Options{Strict: o.StrictDecode || o.AsGo, Squeeze: o.AsGo})
	if err != nil {
		return nil, err
	}
	return &ownDecoder{header: h, stacks: stacks, r: reader, asGo: o.AsGo}, nil
}

// read reads the next event into ev.
func (d *ownDecoder) read(ev *event) error {
	if len(d.events) == 0 {
		var err error
		if d.events, err = d.r.Next(); err != nil {
			return err
		}
	}
	e := &d.events[0]
	d.events = d.events[1:]

	ev.time = Time(e.Time)
	ev.moved = false
	switch {
	case d.asGo:
		ev.moved = ev.time == d.last+1
	case e.Flags&gotrace.Late != 0:
		ev.time = max(ev.time, d.last)
	case ev.time <= d.last:
		ev.time = d.last + 1
		ev.moved = e.Time < d.latest
	}
	d.last = ev.time
	d.latest = max(d.latest, e.Time)
	ev.repaired = e.Flags&gotrace.Repaired != 0
	ev.g, ev.p, ev.m = GoID(e.G), ProcID(e.P), ThreadID(e.M)
	d.resolve(ev, e)
	return nil
}

// resolve copies e, and all it refers to, into ev. It leaves alone the fields
// that the event's kind does not have.
func (d *ownDecoder) resolve(ev *event, e *gotrace.Event) {
	ev.kind = ownKinds[e.Type]
	switch ev.kind {
	case evSync:
		d.resolveSync(ev)
	case evGoroutine:
		d.resolveGoroutine(ev, e)
	case evProc:
		ev.id = e.ID
		ev.from, ev.to = ownStatus[e.From], ownStatus[e.To]
	case evRangeBegin, evRangeActive, evRangeEnd:
		ev.rng = ownRanges[e.Type]
		ev.id, ev.name = e.ID, d.r.String(e.Name)
		ev.stack = d.stack(e.Stack)
		if e.Type == gotrace.EvGCSweepEnd {
			ev.value, ev.parent = e.B, e.C
		}
	case evTaskBegin, evTaskEnd:
		ev.id, ev.parent, ev.name = e.ID, e.B, d.r.String(e.Name)
		ev.stack = d.stack(e.Stack)
	case evRegionBegin, evRegionEnd:
		ev.id, ev.name = ownTask(e.ID), d.r.String(e.Name)
		ev.stack = d.stack(e.Stack)
	case evLog:
		ev.id, ev.name, ev.text = ownTask(e.ID), d.r.String(e.Name), d.r.String(uint32(e.B))
		ev.stack = d.stack(e.Stack)
	case evMetric:
		ev.name, ev.value = ownMetrics[e.Type], e.B
	case evSample:
		ev.stack = d.stack(e.Stack)
	case evLabel:
		ev.id, ev.name = e.ID, d.r.String(e.Name)
	}
}

// resolveSync tells a Sync that begins a generation from the one that ends the
// trace.
func (d *ownDecoder) resolveSync(ev *event) {
	ev.clock, ev.moved = Clock{}, false
	if !d.r.Current() {
		ev.kind = evEnd
		return
	}
	if trace, mono, wall, ok := d.r.Clock(); ok {
		ev.clock = Clock{Trace: Time(trace), Mono: Time(mono), Wall: wall}
	}
}

func (d *ownDecoder) resolveGoroutine(ev *event, e *gotrace.Event) {
	ev.id = e.ID
	ev.from, ev.to = ownStatus[e.From], ownStatus[e.To]
	ev.name = d.r.String(e.Name)
	switch e.Type {
	case gotrace.EvGoCreate, gotrace.EvGoCreateBlocked:
		ev.own = d.stack(uint32(e.B))
		ev.stack = d.stack(e.Stack)
	case gotrace.EvGoUnblock:
		ev.own, ev.stack = 0, d.stack(e.Stack)
	default:
		ev.stack = d.stack(e.Stack)
		ev.own = ev.stack
	}
	if ev.name == "" && ev.to == waiting && (ev.from == running || ev.from == notExist) &&
		d.header.minor >= 23 && e.Flags&gotrace.Incomplete == 0 {
		ev.name = ReasonCoroutine
	}
}

// stack returns the id of a stack that gotrace has numbered.
func (d *ownDecoder) stack(n uint32) StackID {
	if n == 0 {
		return 0
	}
	if int(n) < len(d.ids) && d.ids[n] != 0 {
		return d.ids[n]
	}
	for int(n) >= len(d.ids) {
		d.ids = append(d.ids, 0)
	}
	d.raw = d.r.AppendFrames(d.raw[:0], n)
	d.frames = d.frames[:0]
	for _, f := range d.raw {
		d.frames = append(d.frames, Frame{Func: f.Func, File: f.File, Line: int(f.Line)})
	}
	d.ids[n] = d.stacks.intern(d.frames)
	return d.ids[n]
}

// repairs returns what was wrong up to now.
func (d *ownDecoder) repairs() Repairs {
	r := d.r.Report()
	return Repairs{
		Repaired:  r.Repaired,
		Dropped:   r.Dropped,
		Unknown:   r.Unknown,
		Salvaged:  r.Salvaged,
		Cut:       r.Cut,
		Misnested: r.Misnested,
		Lost:      r.Lost,
		Newer:     d.r.Newer(),
	}
}

// damage returns where reading ended.
func (d *ownDecoder) damage() (offset int64, ok bool) { return d.r.Offset(), true }

// ownTask returns the task of a region or log. Outside of any it is the
// background task, or none.
func ownTask(id int64) int64 {
	if id == -1 {
		return int64(NoTask)
	}
	return id
}

var ownKinds = [256]eventKind{
	gotrace.EvSync:      evSync,
	gotrace.EvCPUSample: evSample,

	gotrace.EvProcStart:  evProc,
	gotrace.EvProcStop:   evProc,
	gotrace.EvProcSteal:  evProc,
	gotrace.EvProcStatus: evProc,

	gotrace.EvGoCreate:            evGoroutine,
	gotrace.EvGoCreateBlocked:     evGoroutine,
	gotrace.EvGoCreateSyscall:     evGoroutine,
	gotrace.EvGoStart:             evGoroutine,
	gotrace.EvGoDestroy:           evGoroutine,
	gotrace.EvGoDestroySyscall:    evGoroutine,
	gotrace.EvGoStop:              evGoroutine,
	gotrace.EvGoBlock:             evGoroutine,
	gotrace.EvGoUnblock:           evGoroutine,
	gotrace.EvGoSwitch:            evGoroutine,
	gotrace.EvGoSwitchDestroy:     evGoroutine,
	gotrace.EvGoSyscallBegin:      evGoroutine,
	gotrace.EvGoSyscallEnd:        evGoroutine,
	gotrace.EvGoSyscallEndBlocked: evGoroutine,
	gotrace.EvGoStatus:            evGoroutine,
	gotrace.EvGoStatusStack:       evGoroutine,

	gotrace.EvSTWBegin:           evRangeBegin,
	gotrace.EvSTWEnd:             evRangeEnd,
	gotrace.EvGCActive:           evRangeActive,
	gotrace.EvGCBegin:            evRangeBegin,
	gotrace.EvGCEnd:              evRangeEnd,
	gotrace.EvGCSweepActive:      evRangeActive,
	gotrace.EvGCSweepBegin:       evRangeBegin,
	gotrace.EvGCSweepEnd:         evRangeEnd,
	gotrace.EvGCMarkAssistActive: evRangeActive,
	gotrace.EvGCMarkAssistBegin:  evRangeBegin,
	gotrace.EvGCMarkAssistEnd:    evRangeEnd,

	gotrace.EvProcsChange: evMetric,
	gotrace.EvHeapAlloc:   evMetric,
	gotrace.EvHeapGoal:    evMetric,

	gotrace.EvGoLabel:         evLabel,
	gotrace.EvUserTaskBegin:   evTaskBegin,
	gotrace.EvUserTaskEnd:     evTaskEnd,
	gotrace.EvUserRegionBegin: evRegionBegin,
	gotrace.EvUserRegionEnd:   evRegionEnd,
	gotrace.EvUserLog:         evLog,
}

var ownRanges = [256]rangeKind{
	gotrace.EvSTWBegin:           rangeSTW,
	gotrace.EvSTWEnd:             rangeSTW,
	gotrace.EvGCActive:           rangeMark,
	gotrace.EvGCBegin:            rangeMark,
	gotrace.EvGCEnd:              rangeMark,
	gotrace.EvGCSweepActive:      rangeSweep,
	gotrace.EvGCSweepBegin:       rangeSweep,
	gotrace.EvGCSweepEnd:         rangeSweep,
	gotrace.EvGCMarkAssistActive: rangeAssist,
	gotrace.EvGCMarkAssistBegin:  rangeAssist,
	gotrace.EvGCMarkAssistEnd:    rangeAssist,
}

var ownMetrics = [256]string{
	gotrace.EvProcsChange: "/sched/gomaxprocs:threads",
	gotrace.EvHeapAlloc:   "/memory/classes/heap/objects:bytes",
	gotrace.EvHeapGoal:    "/gc/heap/goal:bytes",
}

var ownStatus = [...]status{
	gotrace.Undetermined: undetermined,
	gotrace.NotExist:     notExist,
	gotrace.Runnable:     runnable,
	gotrace.Running:      running,
	gotrace.Waiting:      waiting,
	gotrace.Syscall:      syscall,
	gotrace.Idle:         idle,
}
