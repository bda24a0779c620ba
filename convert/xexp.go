package convert

import (
	"io"
	"strings"

	"golang.org/x/exp/trace"
)

// An xDecoder decodes by golang.org/x/exp/trace: its events become plain events
// here, and nowhere else. It reads all formats, and is as strict as the Go
// project's own tools.
//
// All that an event refers to is resolved on the reading goroutine, at once:
// ReadEvent writes tables that the getters of earlier events read. A Stack is
// a handle into the table of one generation; the ids of its handles are
// dropped at each Sync, lest they pin the table.
type xDecoder struct {
	header  header
	stacks  *interner
	r       *trace.Reader
	handles map[trace.Stack]StackID
	frames  []Frame // scratch

	ties    *ties  // of a trace before Go 1.22; else nil
	next    xEvent // read ahead, to see whether anything follows a Sync
	nextErr error
	pending bool
	last    Time // of the last event, before any shift
}

func newXDecoder(r io.Reader, h header, stacks *interner) (*xDecoder, error) {
	reader, err := trace.NewReader(r)
	if err != nil {
		return nil, err
	}
	d := &xDecoder{header: h, stacks: stacks, r: reader, handles: make(map[trace.Stack]StackID)}
	if !h.generational() {
		d.ties = &ties{r: reader}
	}
	return d, nil
}

// readEvent reads the next event of the reference decoder.
func (d *xDecoder) readEvent() (xEvent, error) {
	if d.ties != nil {
		return d.ties.read()
	}
	e, err := d.r.ReadEvent()
	return xEvent{e, Time(e.Time())}, err
}

// read reads the next event into ev.
func (d *xDecoder) read(ev *event) error {
	var e xEvent
	if d.pending {
		if d.nextErr != nil {
			return d.nextErr
		}
		e, d.pending = d.next, false
	} else {
		var err error
		if e, err = d.readEvent(); err != nil {
			return err
		}
	}
	ev.moved = false
	if e.Kind() == trace.EventSync {
		d.resolveSync(ev, &e)
	} else {
		ev.time = e.at
		d.resolve(ev, &e.Event)
		ev.moved = d.header.generational() && ev.time == d.last+1
	}
	d.last = ev.time
	if !d.header.generational() {
		ev.time += v1Shift
	}
	return nil
}

// v1Shift moves v1 traces, whose clock begins at 0 and whose first Sync the
// decoder puts 1 ns before, to where no time is negative.
const v1Shift = 1

// resolveSync tells a Sync that begins a generation from the one that ends the
// trace: nothing follows that.
func (d *xDecoder) resolveSync(ev *event, e *xEvent) {
	clear(d.handles)
	ev.g, ev.p, ev.m, ev.time, ev.kind, ev.clock = NoGoroutine, NoProc, NoThread, e.at, evEnd, Clock{}
	clock := e.Sync().ClockSnapshot
	d.next, d.nextErr = d.readEvent()
	d.pending = true
	if d.nextErr != nil {
		return
	}
	ev.kind = evSync
	if clock != nil {
		ev.clock = Clock{Trace: Time(clock.Trace), Wall: clock.Wall.UnixNano()}
	}
}

// resolve copies e, and all it refers to, into ev. It leaves alone the fields
// that the event's kind does not have.
func (d *xDecoder) resolve(ev *event, e *trace.Event) {
	ev.kind = evOther
	ev.g = GoID(e.Goroutine())
	ev.p = ProcID(e.Proc())
	ev.m = ThreadID(e.Thread())
	switch e.Kind() {
	case trace.EventStateTransition:
		d.resolveTransition(ev, e)
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		d.resolveRange(ev, e)
	case trace.EventTaskBegin, trace.EventTaskEnd:
		t := e.Task()
		ev.kind = evTaskBegin
		if e.Kind() == trace.EventTaskEnd {
			ev.kind = evTaskEnd
		}
		ev.id, ev.parent, ev.name = int64(t.ID), taskID(t.Parent), t.Type
		ev.stack = d.stack(e.Stack())
	case trace.EventRegionBegin, trace.EventRegionEnd:
		r := e.Region()
		ev.kind = evRegionBegin
		if e.Kind() == trace.EventRegionEnd {
			ev.kind = evRegionEnd
		}
		ev.id, ev.name = int64(taskID(r.Task)), r.Type
		ev.stack = d.stack(e.Stack())
	case trace.EventLog:
		l := e.Log()
		ev.kind = evLog
		ev.id, ev.name, ev.text = int64(taskID(l.Task)), l.Category, l.Message
		ev.stack = d.stack(e.Stack())
	case trace.EventMetric:
		if m := e.Metric(); m.Value.Kind() == trace.ValueUint64 {
			ev.kind = evMetric
			ev.name, ev.value = m.Name, m.Value.Uint64()
		}
	case trace.EventStackSample:
		ev.kind = evSample
		ev.stack = d.stack(e.Stack())
	case trace.EventLabel:
		if l := e.Label(); l.Resource.Kind == trace.ResourceGoroutine {
			ev.kind = evLabel
			ev.id, ev.name = int64(l.Resource.Goroutine()), l.Label
		}
	}
	// Experimental events (GODEBUG=traceallocfree=1) and kinds to come stay
	// evOther.
}

func (d *xDecoder) resolveTransition(ev *event, e *trace.Event) {
	st := e.StateTransition()
	switch st.Resource.Kind {
	case trace.ResourceGoroutine:
		from, to := st.Goroutine()
		ev.kind = evGoroutine
		ev.id = int64(st.Resource.Goroutine())
		ev.from, ev.to = goStatus(from), goStatus(to)
		ev.name = st.Reason
		ev.own = d.stack(st.Stack)
		ev.stack = ev.own
		if stack := e.Stack(); stack != st.Stack {
			ev.stack = d.stack(stack)
		}
		if !d.header.generational() && from == trace.GoUndetermined && to != trace.GoRunning {
			// Statuses of v1 are written by the goroutine that starts the
			// trace, and come with its context.
			ev.p, ev.m = NoProc, NoThread
		}
		if ev.name == "" && ev.to == waiting && (ev.from == running || ev.from == notExist) && d.header.minor >= 23 {
			ev.name = ReasonCoroutine
		}
	case trace.ResourceProc:
		from, to := st.Proc()
		ev.kind = evProc
		ev.id = int64(st.Resource.Proc())
		ev.from, ev.to = procStatus(from), procStatus(to)
		if !d.header.generational() && from == trace.ProcUndetermined {
			// The first sight of a proc in v1 is its start, not its status.
			ev.from = notExist
		}
	}
}

func (d *xDecoder) resolveRange(ev *event, e *trace.Event) {
	r := e.Range()
	ev.name, ev.id = "", 0
	switch ev.rng = rangeOf(r.Name); ev.rng {
	case rangeOther:
		return // a range that this version does not know
	case rangeSTW:
		ev.name = strings.TrimSuffix(r.Name[len(stwPrefix):], ")")
	}
	switch r.Scope.Kind {
	case trace.ResourceGoroutine:
		ev.id = int64(r.Scope.Goroutine())
	case trace.ResourceProc:
		ev.id = int64(r.Scope.Proc())
	}
	ev.stack = d.stack(e.Stack())
	switch e.Kind() {
	case trace.EventRangeBegin:
		ev.kind = evRangeBegin
	case trace.EventRangeActive:
		ev.kind = evRangeActive
	case trace.EventRangeEnd:
		ev.kind = evRangeEnd
		if a := e.RangeAttributes(); len(a) == 2 {
			// "bytes swept", "bytes reclaimed"
			ev.value, ev.parent = a[0].Value.Uint64(), a[1].Value.Uint64()
		}
	}
}

// stwPrefix begins the names of stops of the world, with the reason.
const stwPrefix = "stop-the-world ("

func rangeOf(name string) rangeKind {
	switch name {
	case "GC concurrent mark phase":
		return rangeMark
	case "GC mark assist":
		return rangeAssist
	case "GC incremental sweep":
		return rangeSweep
	}
	if strings.HasPrefix(name, stwPrefix) {
		return rangeSTW
	}
	return rangeOther
}

// stack returns the id of a stack of the current generation.
func (d *xDecoder) stack(h trace.Stack) StackID {
	if h == trace.NoStack {
		return 0
	}
	id, ok := d.handles[h]
	if !ok {
		d.frames = d.frames[:0]
		for f := range h.Frames() {
			d.frames = append(d.frames, Frame{Func: f.Func, File: f.File, Line: int(f.Line)})
		}
		id = d.stacks.intern(d.frames)
		d.handles[h] = id
	}
	return id
}

// taskID folds the decoder's two words for "none" into one. A root task's
// parent is NoTask, a region's and a log's task BackgroundTask.
func taskID(id trace.TaskID) uint64 {
	if id == trace.NoTask || id == trace.BackgroundTask {
		return NoTask
	}
	return uint64(id)
}

func goStatus(s trace.GoState) status {
	switch s {
	case trace.GoNotExist:
		return notExist
	case trace.GoRunnable:
		return runnable
	case trace.GoRunning:
		return running
	case trace.GoWaiting:
		return waiting
	case trace.GoSyscall:
		return syscall
	}
	return undetermined
}

func procStatus(s trace.ProcState) status {
	switch s {
	case trace.ProcNotExist:
		return notExist
	case trace.ProcRunning:
		return running
	case trace.ProcIdle:
		return idle
	}
	return undetermined
}
