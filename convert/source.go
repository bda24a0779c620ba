package convert

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/exp/trace"
)

// A source is the seam to the decoder: golang.org/x/exp/trace's events become
// plain events here, and nowhere else.
//
// All that an event refers to is resolved on the reading goroutine, at once:
// ReadEvent writes tables that the getters of earlier events read. A Stack is
// a handle into the table of one generation; the ids of its handles are
// dropped at each Sync, lest they pin the table.
type source struct {
	header  header
	runKey  [32]byte
	framing *framing
	stacks  *stacks

	r       *trace.Reader
	handles map[trace.Stack]StackID
	frames  []Frame // scratch

	next    trace.Event // read ahead, to see whether anything follows a Sync
	nextErr error
	pending bool

	events      int64 // read so far
	syncs       int64 // of them
	generations int64
	inside      bool // events of the current generation were read
	last        Time // of the last event
	adjusted    int64
}

// runKeySize is how much of a trace identifies the run: more than any trace
// has before its first clock reading and pseudo-random times.
const runKeySize = 64 << 10

// newSource reads the head of a trace; of a v1 trace (before Go 1.22), all.
func newSource(r io.Reader, stacks *stacks) (*source, error) {
	br := bufio.NewReaderSize(r, runKeySize)
	head, err := br.Peek(runKeySize)
	if err != nil && err != io.EOF {
		if len(head) < headerSize {
			return nil, &InputError{Err: fmt.Errorf("reading the input: %w", err)}
		}
		// The error comes up again when the decoder gets there.
	}
	h, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	s := &source{
		header:  h,
		runKey:  sha256.Sum256(head),
		framing: newFraming(br, h),
		stacks:  stacks,
		handles: make(map[trace.Stack]StackID),
	}
	if s.r, err = trace.NewReader(s.framing); err != nil {
		if s.framing.err != nil {
			err = s.framing.err
		}
		return nil, &InputError{
			Err:  fmt.Errorf("this %v trace cannot be decoded: %s", h, firstLine(err)),
			hint: "traces before Go 1.22 can only be read whole: is this one complete?",
		}
	}
	return s, nil
}

// read reads the next event into ev. It returns io.EOF after the Sync that
// ends the trace, which it reports as evEnd.
func (s *source) read(ev *event) error {
	var e trace.Event
	if s.pending {
		if s.nextErr != nil {
			return s.nextErr
		}
		e, s.pending = s.next, false
	} else {
		var err error
		if e, err = s.r.ReadEvent(); err != nil {
			return err
		}
	}
	if e.Kind() == trace.EventSync {
		s.resolveSync(ev, &e)
	} else {
		s.inside = true
		s.resolve(ev, &e)
		if s.header.generational() && ev.time == s.last+1 {
			s.adjusted++
		}
	}
	if !s.header.generational() {
		ev.time += v1Shift
	}
	s.events++
	s.last = ev.time
	return nil
}

// v1Shift moves v1 traces, whose clock begins at 0 and whose first Sync the
// decoder puts 1 ns before, to where no time is negative.
const v1Shift = 1

// resolveSync tells a Sync that begins a generation from the one that ends the
// trace: nothing follows that.
func (s *source) resolveSync(ev *event, e *trace.Event) {
	clear(s.handles)
	s.inside = false
	s.syncs++
	ev.g, ev.p, ev.m, ev.time, ev.kind, ev.clock = NoGoroutine, NoProc, NoThread, Time(e.Time()), evEnd, Clock{}
	clock := e.Sync().ClockSnapshot
	s.next, s.nextErr = s.r.ReadEvent()
	s.pending = true
	if s.nextErr != nil {
		return
	}
	s.generations++
	ev.kind = evSync
	if clock != nil {
		ev.clock = Clock{Trace: Time(clock.Trace), Mono: Time(clock.Mono), Wall: clock.Wall.UnixNano()}
	}
}

// resolve copies e, and all it refers to, into ev. It leaves alone the fields
// that the event's kind does not have.
func (s *source) resolve(ev *event, e *trace.Event) {
	ev.kind = evOther
	ev.time = Time(e.Time())
	ev.g = GoID(e.Goroutine())
	ev.p = ProcID(e.Proc())
	ev.m = ThreadID(e.Thread())
	switch e.Kind() {
	case trace.EventStateTransition:
		s.resolveTransition(ev, e)
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		s.resolveRange(ev, e)
	case trace.EventTaskBegin, trace.EventTaskEnd:
		t := e.Task()
		ev.kind = evTaskBegin
		if e.Kind() == trace.EventTaskEnd {
			ev.kind = evTaskEnd
		}
		ev.id, ev.parent, ev.name = int64(t.ID), taskID(t.Parent), t.Type
		ev.stack = s.stack(e.Stack())
	case trace.EventRegionBegin, trace.EventRegionEnd:
		r := e.Region()
		ev.kind = evRegionBegin
		if e.Kind() == trace.EventRegionEnd {
			ev.kind = evRegionEnd
		}
		ev.id, ev.name = int64(taskID(r.Task)), r.Type
		ev.stack = s.stack(e.Stack())
	case trace.EventLog:
		l := e.Log()
		ev.kind = evLog
		ev.id, ev.name, ev.text = int64(taskID(l.Task)), l.Category, l.Message
		ev.stack = s.stack(e.Stack())
	case trace.EventMetric:
		if m := e.Metric(); m.Value.Kind() == trace.ValueUint64 {
			ev.kind = evMetric
			ev.name, ev.value = m.Name, m.Value.Uint64()
		}
	case trace.EventStackSample:
		ev.kind = evSample
		ev.stack = s.stack(e.Stack())
	case trace.EventLabel:
		if l := e.Label(); l.Resource.Kind == trace.ResourceGoroutine {
			ev.kind = evLabel
			ev.id, ev.name = int64(l.Resource.Goroutine()), l.Label
		}
	}
	// Experimental events (GODEBUG=traceallocfree=1) and kinds to come stay
	// evOther.
}

func (s *source) resolveTransition(ev *event, e *trace.Event) {
	st := e.StateTransition()
	switch st.Resource.Kind {
	case trace.ResourceGoroutine:
		from, to := st.Goroutine()
		ev.kind = evGoroutine
		ev.id = int64(st.Resource.Goroutine())
		ev.from, ev.to = goStatus(from), goStatus(to)
		ev.name = st.Reason
		ev.own = s.stack(st.Stack)
		ev.stack = ev.own
		if stack := e.Stack(); stack != st.Stack {
			ev.stack = s.stack(stack)
		}
		if !s.header.generational() && from == trace.GoUndetermined && to != trace.GoRunning {
			// Statuses of v1 are written by the goroutine that starts the
			// trace, and come with its context.
			ev.p, ev.m = NoProc, NoThread
		}
		if ev.name == "" && ev.to == waiting && (ev.from == running || ev.from == notExist) && s.header.minor >= 23 {
			ev.name = ReasonCoroutine
		}
	case trace.ResourceProc:
		from, to := st.Proc()
		ev.kind = evProc
		ev.id = int64(st.Resource.Proc())
		ev.from, ev.to = procStatus(from), procStatus(to)
		if !s.header.generational() && from == trace.ProcUndetermined {
			// The first sight of a proc in v1 is its start, not its status.
			ev.from = notExist
		}
	}
}

func (s *source) resolveRange(ev *event, e *trace.Event) {
	r := e.Range()
	ev.name, ev.id = "", 0
	switch r.Name {
	case "GC concurrent mark phase":
		ev.rng = rangeMark
	case "GC mark assist":
		ev.rng = rangeAssist
	case "GC incremental sweep":
		ev.rng = rangeSweep
	default:
		reason, ok := strings.CutPrefix(r.Name, "stop-the-world (")
		if !ok {
			return // a range that this version does not know
		}
		ev.rng = rangeSTW
		ev.name = strings.TrimSuffix(reason, ")")
	}
	switch r.Scope.Kind {
	case trace.ResourceGoroutine:
		ev.id = int64(r.Scope.Goroutine())
	case trace.ResourceProc:
		ev.id = int64(r.Scope.Proc())
	}
	ev.stack = s.stack(e.Stack())
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

// stack returns the id of a stack of the current generation.
func (s *source) stack(h trace.Stack) StackID {
	if h == trace.NoStack {
		return 0
	}
	id, ok := s.handles[h]
	if !ok {
		s.frames = s.frames[:0]
		for f := range h.Frames() {
			s.frames = append(s.frames, Frame{Func: f.Func, File: f.File, Line: int(f.Line)})
		}
		id = s.stacks.intern(s.frames)
		s.handles[h] = id
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

// loss turns the error that ended the reading into what the user needs to
// know. It reads the rest of the input. start is when the trace began.
func (s *source) loss(err error, start Time) *Loss {
	s.framing.rest()
	what, hint := s.framing.tail()
	l := &Loss{Broken: s.inside}
	n := int(s.generations) // the generation that the loss begins with
	switch {
	case s.inside:
		l.Err = fmt.Errorf("after event %d (t=%v, generation %d): %s",
			s.events, s.last.Sub(start), n, firstLine(err))
	case what != "":
		n++
		l.Err, l.Hint = errors.New(what), hint
	default:
		n++
		l.Err = fmt.Errorf("generation %d cannot be decoded: %s", n, firstLine(err))
	}
	if s.header.generational() {
		l.Offset = s.framing.start(n)
		l.Bytes = s.framing.off - l.Offset
	}
	return l
}

// firstLine returns the text of a decoder's error without the dump of its
// state that may follow.
func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimSuffix(strings.TrimSpace(text), ":")
}
