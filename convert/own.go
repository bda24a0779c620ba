package convert

import (
	"io"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// An ownDecoder decodes by package gotrace.
//
// Times are the trace's own, but that none is earlier than the one before: events
// with an earlier time than others of the generation before, of which there are
// a few in ten million, Syncs apart, are moved to the time of those. Statuses
// written at the end of a generation hold since its beginning, and do not count
// for that: it is they that make Go's own tools move a fifth of all events of
// some traces.
type ownDecoder struct {
	header header
	stacks *stacks
	r      *gotrace.Reader
	asGo   bool            // times are
	events []gotrace.Event // read
	told   int             // of them
	ids    []StackID       // by the numbers of gotrace; 0 if not known yet
	raw    []gotrace.Frame // scratch
	room   []Frame         // for the stacks to come
	last   Time            // of the event told last

	cut   bool // a generation is, since cutAt
	cutAt Time
}

func newOwnDecoder(r io.Reader, h header, o *Options, stacks *stacks) (*ownDecoder, error) {
	reader, err := gotrace.NewReader(r, gotrace.Options{
		Strict: o.StrictDecode || o.AsGo, Squeeze: o.AsGo, MaxGeneration: o.MaxGeneration,
	})
	if err != nil {
		return nil, err
	}
	return &ownDecoder{header: h, stacks: stacks, r: reader, asGo: o.AsGo}, nil
}

// ownExtent returns when the first and the last event are that an ownDecoder would
// tell. It reports false if that takes reading the trace.
func ownExtent(r sized) (first, last Time, ok bool) {
	f, l, err := gotrace.Extent(r, r.Size())
	return Time(f), Time(l), err == nil
}

// read reads the next event into ev.
func (d *ownDecoder) read(ev *event) error {
	if d.told == len(d.events) {
		var err error
		if d.events, err = d.r.Next(); err != nil {
			return err
		}
		d.told = 0
	}
	e := &d.events[d.told]
	d.told++

	ev.moved, ev.repaired = false, false
	ev.time = Time(e.Time)
	if ev.time < d.last || e.Flags != 0 || d.asGo {
		d.adjust(ev, e)
	}
	d.last = ev.time
	ev.g, ev.p, ev.m = GoID(e.G), ProcID(e.P), ThreadID(e.M)
	if ev.kind = ownKinds[e.Type]; ev.kind == evGoroutine {
		d.resolveGoroutine(ev, e)
	} else {
		d.resolve(ev, e)
	}
	return nil
}

// skip passes the transitions of known goroutines that come next on to gs, up
// to any other event, or one that is not before until. It returns how many there
// were. Most events of a trace are such transitions; before a window they take
// half the time this way. It uses ev.
func (d *ownDecoder) skip(gs *goroutines, until Time, ev *event) (n int) {
	if d.asGo {
		return 0
	}
	events := d.events[d.told:]
	last := d.last
	for ; n < len(events); n++ {
		e := &events[n]
		t := Time(e.Time)
		if e.From <= gotrace.NotExist || e.To <= gotrace.NotExist || e.Flags != 0 || t < last || t >= until ||
			ownKinds[e.Type] != evGoroutine {
			break
		}
		g := gs.live.find(GoID(e.ID))
		if g == nil {
			break
		}
		last = t
		if e.From == e.To {
			continue
		}
		ev.time, ev.to = t, status(e.To)
		ev.g, ev.p, ev.m = GoID(e.G), ProcID(e.P), ThreadID(e.M)
		if ev.name = ""; e.Name != 0 || e.To == gotrace.Waiting {
			ev.name = d.reason(e)
		}
		ev.stack = d.stack(e.Stack)
		if ev.own = ev.stack; e.Type == gotrace.EvGoUnblock {
			ev.own = 0
		}
		gs.change(g, ev)
	}
	d.told += n
	d.last = last
	return n
}

// adjust sets the time of an event that is not simply the next one, or of which
// there is more to tell.
func (d *ownDecoder) adjust(ev *event, e *gotrace.Event) {
	switch {
	case d.asGo:
		ev.moved = ev.time == d.last+1
	case e.Flags&gotrace.Late != 0:
		ev.time = max(ev.time, d.last)
	case ev.time < d.last:
		ev.time = d.last
		ev.moved = true
	}
	ev.repaired = e.Flags&gotrace.Repaired != 0
	if e.Flags&gotrace.Salvaged != 0 && !d.cut {
		d.cut, d.cutAt = true, ev.time
	}
}

// resolve copies e, and all it refers to, into ev. It leaves alone the fields
// that the event's kind does not have.
func (d *ownDecoder) resolve(ev *event, e *gotrace.Event) {
	switch ev.kind {
	case evSync:
		d.resolveSync(ev)
	case evProc:
		ev.id = e.ID
		ev.from, ev.to = status(e.From), status(e.To)
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
	if trace, _, wall, ok := d.r.Clock(); ok {
		ev.clock = Clock{Trace: Time(trace), Wall: wall}
	}
}

func (d *ownDecoder) resolveGoroutine(ev *event, e *gotrace.Event) {
	ev.id = e.ID
	ev.from, ev.to = status(e.From), status(e.To)
	if ev.name = ""; e.Name != 0 || e.To == gotrace.Waiting {
		ev.name = d.reason(e)
	}
	switch e.Type {
	case gotrace.EvGoUnblock:
		ev.own, ev.stack = 0, d.stack(e.Stack)
	case gotrace.EvGoCreate, gotrace.EvGoCreateBlocked:
		ev.own = d.stack(uint32(e.B)) // it is numbered first
		ev.stack = d.stack(e.Stack)
	default:
		ev.stack = d.stack(e.Stack)
		ev.own = ev.stack
	}
	if e.From <= gotrace.NotExist {
		d.resolveRoot(ev)
	}
}

// resolveRoot finds the start function of a new goroutine that has no stack: in
// the stacks that the generation has of it.
func (d *ownDecoder) resolveRoot(ev *event) {
	if ev.root = ""; d.stacks.root(ev.own) == "" {
		ev.root = d.r.Root(d.r.Naming(ev.id))
	}
}

// prelude appends what was there when the trace began.
func (d *ownDecoder) prelude(to []event) []event {
	for _, e := range d.r.Prelude() {
		ev := event{kind: ownKinds[e.Type], g: GoID(e.G), p: ProcID(e.P), m: ThreadID(e.M)}
		if ev.kind == evGoroutine {
			d.resolveGoroutine(&ev, &e)
		} else {
			d.resolve(&ev, &e)
		}
		to = append(to, ev)
	}
	return to
}

// reason returns the reason of the state that a transition begins, "" if it has
// none.
func (d *ownDecoder) reason(e *gotrace.Event) string {
	if e.Name != 0 {
		return d.r.String(e.Name)
	}
	if e.To == gotrace.Waiting && (e.From == gotrace.Running || e.From == gotrace.NotExist) &&
		d.header.minor >= 23 && e.Flags&gotrace.Incomplete == 0 {
		return ReasonCoroutine
	}
	return ""
}

// stack returns the id of a stack that gotrace has numbered.
func (d *ownDecoder) stack(n uint32) StackID {
	if int(n) < len(d.ids) && d.ids[n] != 0 {
		return d.ids[n]
	}
	return d.newStack(n)
}

func (d *ownDecoder) newStack(n uint32) StackID {
	if n == 0 {
		return 0
	}
	for int(n) >= len(d.ids) {
		d.ids = append(d.ids, 0)
	}
	d.raw = d.r.AppendFrames(d.raw[:0], n)
	if len(d.room) < len(d.raw) {
		d.room = make([]Frame, max(roomSize, len(d.raw)))
	}
	frames := d.room[:len(d.raw):len(d.raw)]
	d.room = d.room[len(d.raw):]
	for i, f := range d.raw {
		frames[i] = Frame{Func: f.Func, File: f.File, Line: int(f.Line)}
	}
	d.ids[n] = d.stacks.add(frames)
	return d.ids[n]
}

// roomSize is for how many frames memory is taken at a time. Stacks have ten or
// so, and there can be one for every few events.
const roomSize = 512

// repairs returns what was wrong up to now.
func (d *ownDecoder) repairs() Repairs {
	r := d.r.Report()
	return Repairs{
		Repaired: r.Repaired,
		Dropped:  r.Dropped,
		Unknown:  r.Unknown,
		Misdated: r.Misdated,
		Tables:   r.Tables,
		Salvaged: r.Salvaged,
		Cut:      r.Cut,
		CutAt:    d.cutAt,
		Lost:     r.Lost,
		Text:     r.Text,
		Newer:    d.r.Newer(),
	}
}

// factor returns what times were multiplied by, 0 if they were not.
func (d *ownDecoder) factor() int64 { return d.r.Factor() }

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

// The statuses of gotrace have the same numbers as those of events.
var _ = [1]struct{}{}[gotrace.Idle-gotrace.Status(idle)]
