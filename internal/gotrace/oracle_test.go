package gotrace_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/exp/trace"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// A step is an event in words that both decoders can say it in. Stacks are
// numbered by their content.
type step struct {
	time    int64
	g, p, m int64
	what    string
	kind    trace.EventKind
	id      int64
	from    gotrace.Status
	to      gotrace.Status
	name    string
	text    string
	b, c    uint64
	stack   string
	own     string
}

// An oracle reads a trace by golang.org/x/exp/trace.
type oracle struct {
	r      *trace.Reader
	stacks map[trace.Stack]string
}

func newOracle(data []byte) (*oracle, error) {
	r, err := trace.NewReader(bytes.NewReader(data))
	return &oracle{r: r, stacks: make(map[trace.Stack]string)}, err
}

func (o *oracle) next() (s step, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	e, err := o.r.ReadEvent()
	if err != nil {
		return step{}, err
	}
	s = step{time: int64(e.Time()), g: int64(e.Goroutine()), p: int64(e.Proc()), m: int64(e.Thread()), kind: e.Kind()}
	s.stack = o.stack(e.Stack())
	switch e.Kind() {
	case trace.EventSync:
		clear(o.stacks)
		s.id = int64(e.Sync().N)
		if c := e.Sync().ClockSnapshot; c != nil {
			s.text = fmt.Sprint(int64(c.Trace), int64(c.Mono), c.Wall.UnixNano())
		}
	case trace.EventStateTransition:
		st := e.StateTransition()
		s.name = st.Reason
		s.own = o.stack(st.Stack)
		switch st.Resource.Kind {
		case trace.ResourceGoroutine:
			s.what, s.id = "goroutine", int64(st.Resource.Goroutine())
			from, to := st.Goroutine()
			s.from, s.to = goStatus[from], goStatus[to]
		case trace.ResourceProc:
			s.what, s.id = "proc", int64(st.Resource.Proc())
			from, to := st.Proc()
			s.from, s.to = procStatus[from], procStatus[to]
		}
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		r := e.Range()
		s.what, s.name, _ = strings.Cut(strings.TrimSuffix(r.Name, ")"), " (")
		switch r.Scope.Kind {
		case trace.ResourceGoroutine:
			s.id = int64(r.Scope.Goroutine())
		case trace.ResourceProc:
			s.id = int64(r.Scope.Proc())
		}
		if e.Kind() == trace.EventRangeEnd {
			if a := e.RangeAttributes(); len(a) == 2 {
				s.b, s.c = a[0].Value.Uint64(), a[1].Value.Uint64()
			}
		}
	case trace.EventTaskBegin, trace.EventTaskEnd:
		t := e.Task()
		s.id, s.name = int64(t.ID), t.Type
		if t.Parent != trace.NoTask {
			s.b = uint64(t.Parent)
		}
	case trace.EventRegionBegin, trace.EventRegionEnd:
		r := e.Region()
		s.id, s.name = int64(r.Task), r.Type
	case trace.EventLog:
		l := e.Log()
		s.id, s.name, s.text = int64(l.Task), l.Category, l.Message
	case trace.EventMetric:
		m := e.Metric()
		s.what, s.b = m.Name, m.Value.Uint64()
	case trace.EventLabel:
		l := e.Label()
		s.id, s.name = int64(l.Resource.Goroutine()), l.Label
	case trace.EventExperimental:
		x := e.Experimental()
		s.what, s.id = x.Name, int64(x.ArgValue(0).Uint64())
		if len(x.Args) > 1 {
			s.b = x.ArgValue(1).Uint64()
		}
		if len(x.Args) > 2 {
			s.c = x.ArgValue(2).Uint64()
		}
	}
	return s, nil
}

var goStatus = map[trace.GoState]gotrace.Status{
	trace.GoNotExist: gotrace.NotExist, trace.GoRunnable: gotrace.Runnable, trace.GoRunning: gotrace.Running,
	trace.GoWaiting: gotrace.Waiting, trace.GoSyscall: gotrace.Syscall,
}

var procStatus = map[trace.ProcState]gotrace.Status{
	trace.ProcNotExist: gotrace.NotExist, trace.ProcRunning: gotrace.Running, trace.ProcIdle: gotrace.Idle,
}

func (o *oracle) stack(h trace.Stack) string {
	if h == trace.NoStack {
		return ""
	}
	s, ok := o.stacks[h]
	if !ok {
		var b strings.Builder
		for f := range h.Frames() {
			fmt.Fprintf(&b, "%s\n%s:%d\n", f.Func, f.File, f.Line)
		}
		s = b.String()
		o.stacks[h] = s
	}
	return s
}

// A reading reads a trace by this package, an event at a time.
type reading struct {
	r      *gotrace.Reader
	events []gotrace.Event
	stacks map[uint32]string
}

func newReading(data []byte, o gotrace.Options) (*reading, error) {
	r, err := gotrace.NewReader(bytes.NewReader(data), o)
	return &reading{r: r, stacks: make(map[uint32]string)}, err
}

func (r *reading) next() (s step, e gotrace.Event, err error) {
	if len(r.events) == 0 {
		if r.events, err = r.r.Next(); err != nil {
			return step{}, e, err
		}
	}
	e = r.events[0]
	r.events = r.events[1:]
	return r.step(&e), e, nil
}

func (r *reading) step(e *gotrace.Event) step {
	k := kinds[e.Type]
	s := step{
		time: e.Time, g: e.G, p: int64(e.P), m: e.M,
		kind: k.kind, what: k.what,
		id: e.ID, from: e.From, to: e.To, name: r.r.String(e.Name), b: e.B, c: e.C,
		stack: r.stack(e.Stack),
	}
	switch e.Type {
	case gotrace.EvSync:
		if trace, mono, wall, ok := r.r.Clock(); ok {
			s.text = fmt.Sprint(trace, mono, wall)
		}
	case gotrace.EvGoCreate, gotrace.EvGoCreateBlocked:
		s.own, s.b = r.stack(uint32(e.B)), 0
	case gotrace.EvGoStop, gotrace.EvGoBlock, gotrace.EvGoSyscallBegin, gotrace.EvGoStatusStack:
		s.own = s.stack
	case gotrace.EvUserLog:
		s.text, s.b = r.r.String(uint32(e.B)), 0
	}
	return s
}

func (r *reading) stack(n uint32) string {
	s, ok := r.stacks[n]
	if !ok {
		var b strings.Builder
		for _, f := range r.r.AppendFrames(nil, n) {
			fmt.Fprintf(&b, "%s\n%s:%d\n", f.Func, f.File, f.Line)
		}
		s = b.String()
		r.stacks[n] = s
	}
	return s
}

// kinds has what the oracle calls the types of events.
var kinds = map[gotrace.Type]struct {
	kind trace.EventKind
	what string
}{
	gotrace.EvSync:                {trace.EventSync, ""},
	gotrace.EvCPUSample:           {trace.EventStackSample, ""},
	gotrace.EvProcsChange:         {trace.EventMetric, "/sched/gomaxprocs:threads"},
	gotrace.EvProcStart:           {trace.EventStateTransition, "proc"},
	gotrace.EvProcStop:            {trace.EventStateTransition, "proc"},
	gotrace.EvProcSteal:           {trace.EventStateTransition, "proc"},
	gotrace.EvProcStatus:          {trace.EventStateTransition, "proc"},
	gotrace.EvGoCreate:            {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoCreateSyscall:     {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoStart:             {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoDestroy:           {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoDestroySyscall:    {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoStop:              {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoBlock:             {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoUnblock:           {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoSyscallBegin:      {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoSyscallEnd:        {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoSyscallEndBlocked: {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoStatus:            {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoStatusStack:       {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoSwitch:            {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoSwitchDestroy:     {trace.EventStateTransition, "goroutine"},
	gotrace.EvGoCreateBlocked:     {trace.EventStateTransition, "goroutine"},
	gotrace.EvSTWBegin:            {trace.EventRangeBegin, "stop-the-world"},
	gotrace.EvSTWEnd:              {trace.EventRangeEnd, "stop-the-world"},
	gotrace.EvGCActive:            {trace.EventRangeActive, "GC concurrent mark phase"},
	gotrace.EvGCBegin:             {trace.EventRangeBegin, "GC concurrent mark phase"},
	gotrace.EvGCEnd:               {trace.EventRangeEnd, "GC concurrent mark phase"},
	gotrace.EvGCSweepActive:       {trace.EventRangeActive, "GC incremental sweep"},
	gotrace.EvGCSweepBegin:        {trace.EventRangeBegin, "GC incremental sweep"},
	gotrace.EvGCSweepEnd:          {trace.EventRangeEnd, "GC incremental sweep"},
	gotrace.EvGCMarkAssistActive:  {trace.EventRangeActive, "GC mark assist"},
	gotrace.EvGCMarkAssistBegin:   {trace.EventRangeBegin, "GC mark assist"},
	gotrace.EvGCMarkAssistEnd:     {trace.EventRangeEnd, "GC mark assist"},
	gotrace.EvHeapAlloc:           {trace.EventMetric, "/memory/classes/heap/objects:bytes"},
	gotrace.EvHeapGoal:            {trace.EventMetric, "/gc/heap/goal:bytes"},
	gotrace.EvGoLabel:             {trace.EventLabel, ""},
	gotrace.EvUserTaskBegin:       {trace.EventTaskBegin, ""},
	gotrace.EvUserTaskEnd:         {trace.EventTaskEnd, ""},
	gotrace.EvUserRegionBegin:     {trace.EventRegionBegin, ""},
	gotrace.EvUserRegionEnd:       {trace.EventRegionEnd, ""},
	gotrace.EvUserLog:             {trace.EventLog, ""},
	gotrace.EvSpan:                {trace.EventExperimental, "Span"},
	gotrace.EvSpanAlloc:           {trace.EventExperimental, "SpanAlloc"},
	gotrace.EvSpanFree:            {trace.EventExperimental, "SpanFree"},
	gotrace.EvHeapObject:          {trace.EventExperimental, "HeapObject"},
	gotrace.EvHeapObjectAlloc:     {trace.EventExperimental, "HeapObjectAlloc"},
	gotrace.EvHeapObjectFree:      {trace.EventExperimental, "HeapObjectFree"},
	gotrace.EvGoroutineStack:      {trace.EventExperimental, "GoroutineStack"},
	gotrace.EvGoroutineStackAlloc: {trace.EventExperimental, "GoroutineStackAlloc"},
	gotrace.EvGoroutineStackFree:  {trace.EventExperimental, "GoroutineStackFree"},
}

// count reads a trace to its end and returns its events.
func count(data []byte, o gotrace.Options) (n int, err error) {
	r, err := gotrace.NewReader(bytes.NewReader(data), o)
	if err != nil {
		return 0, err
	}
	for {
		events, err := r.Next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n += len(events)
	}
}
