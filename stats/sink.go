package stats

import (
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
	"github.com/trace2otel/trace2otel/internal/index"
)

// Format is how a report is written.
type Format int

const (
	Text Format = iota // tables, for a terminal
	JSON               // see Schema
	HTML               // one page with tables and charts, for a browser
)

// Options for [New]. The zero value is ready.
type Options struct {
	Format      Format
	ToolVersion string // goes into the report; empty: none

	// Goroutine has the report list the single goroutines whose start function
	// it matches or, if it is nothing but a number, the one of that id. Nil: it
	// lists none.
	Goroutine *regexp.Regexp
}

// A Sink analyses a trace, and writes the report. The report is there once the
// sink has been finished.
type Sink struct {
	w io.Writer
	o Options

	trace convert.Trace
	start convert.Time
	world account.World
	now   account.Totals // scratch

	goroutines *index.Index[convert.GoID, goroutine] // that live
	free       []*goroutine
	functions  map[string]*function
	list       list

	histogram [64]int64
	procs     map[convert.ProcID]*proc

	places       places
	stacks       [][]convert.Frame // by StackID
	gc           collector
	tasks        map[uint64]*task // under way
	spareRegions []*region        // for use again
	taskTypes    scopes
	regionTypes  scopes
	timeline     timeline

	samples  int64
	repaired int64
	damaged  bool // something was lost or repaired
	report   Report
}

// A proc is a P.
type proc struct {
	level         level
	running, idle time.Duration
	starts        int64
}

// New returns a sink that writes the report of a trace to w. If w is nil, it
// writes nothing, and is there for its [Sink.Report].
func New(w io.Writer, o Options) *Sink { return &Sink{w: w, o: o} }

// Report returns the report of the trace, after Finish; before that, it is
// empty. It belongs to the caller.
func (s *Sink) Report() *Report { return &s.report }

// Begin resets s.
func (s *Sink) Begin(t *convert.Trace) error {
	*s = Sink{
		w: s.w, o: s.o, trace: *t, start: t.Start,
		goroutines:  index.New[convert.GoID, goroutine](),
		functions:   make(map[string]*function),
		list:        newList(s.o.Goroutine),
		procs:       make(map[convert.ProcID]*proc),
		tasks:       make(map[uint64]*task),
		taskTypes:   make(scopes),
		regionTypes: make(scopes),
	}
	s.timeline.begin(t.Start)
	return nil
}

// Consume takes the records of b.
func (s *Sink) Consume(b *convert.Batch) error {
	s.define(b.Stacks)
	for i := range b.Records {
		s.record(&b.Records[i])
	}
	return nil
}

func (s *Sink) record(r *convert.Record) {
	switch r.Kind {
	case convert.KindState:
		s.state(r)
	case convert.KindProc:
		s.proc(r)
	case convert.KindGoroutine:
		s.goroutine(r)
	case convert.KindSyscall:
		if r.Phase == convert.End {
			s.places.syscall(r)
		}
	case convert.KindSTW:
		s.world.Add(r)
		s.stw(r)
	case convert.KindAssist:
		s.assist(r)
	case convert.KindLabel:
		s.label(r)
	case convert.KindMetric:
		s.metric(r)
	case convert.KindTask:
		s.task(r)
	case convert.KindRegion:
		s.region(r)
	case convert.KindGC:
		s.gc.gcCycle(r, s.start)
	case convert.KindMark:
		if r.Phase == convert.End {
			s.gc.mark(r)
		}
	case convert.KindSweep:
		if r.Phase == convert.End {
			account.Plus(&s.gc.sweep, r.Duration())
			account.PlusUnsigned(&s.gc.swept, r.ID)
			account.PlusUnsigned(&s.gc.reclaimed, r.Parent)
		}
	case convert.KindSample:
		s.samples++
	}
}

// Finish writes the report.
func (s *Sink) Finish(sum *convert.Summary) error {
	s.timeline.finish(sum.End)
	s.damaged = sum.Loss != nil || sum.Repairs.Any()
	s.compose(sum)
	if s.w == nil {
		return nil
	}
	switch s.o.Format {
	case JSON:
		return s.report.WriteJSON(s.w)
	case HTML:
		return s.report.WriteHTML(s.w)
	default:
		return s.report.WriteText(s.w)
	}
}

// functionNames returns the names of functions, in order.
func (s *Sink) functionNames() []string {
	names := make([]string, 0, len(s.functions))
	for name := range s.functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
