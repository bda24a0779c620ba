package otlp

import (
	"io"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
	"github.com/trace2otel/trace2otel/internal/index"
)

// A Format is an encoding of OTLP in files.
type Format uint8

const (
	// JSONL is OTLP JSON, a TracesData to a line, as the Collector's file
	// exporter writes and its receiver reads it.
	JSONL Format = iota

	// Binary is protobuf: one TracesData message.
	Binary
)

// Options say how to write. The zero value writes JSON lines.
type Options struct {
	Format Format

	// Service is the service.name of the spans. If empty, it is the input's
	// name, or "unknown_service:go" as the conventions have it.
	Service string

	// MaxSpans and MaxBytes bound each OpenTelemetry trace. If zero, they are
	// 5,000 spans, and 4,000,000 bytes in the binary encoding; if there are to be
	// more spans, 800 bytes for each. No bound goes below what roots and
	// goroutines need.
	MaxSpans int
	MaxBytes int

	// Detail is which kinds of spans to write.
	Detail Detail

	// MinWait is how long a wait, a wait for a P, a system call or a mark assist
	// must last to have a span of its own: 1 ms if zero, 1 ns at the least. Shorter ones count on
	// the goroutine, and on the task or region that they are part of.
	MinWait time.Duration

	// Attributes are added to the resource; a service.name among them counts
	// if Service is empty.
	Attributes []Attribute

	// ToolVersion is the version of the instrumentation scope.
	ToolVersion string
}

// A Detail says how much to write. Whatever it is, no time is lost: what has
// no span counts on what has one.
type Detail uint8

const (
	// DetailStates writes all kinds of spans. Running is not among them: it is
	// what lies between the waits of a goroutine.
	DetailStates Detail = iota

	// DetailGoroutines leaves out waits, and system calls.
	DetailGoroutines

	// DetailTasks writes the run, tasks, and within them regions, waits and
	// system calls.
	DetailTasks
)

// An Attribute is one of the resource, with a text.
type Attribute struct{ Key, Value string }

// module is the instrumentation scope of all spans.
const module = "github.com/trace2otel/trace2otel"

// ErrNoClock is the error of Begin for a trace without a wall clock.
var ErrNoClock error = noClock{}

type noClock struct{}

func (noClock) Error() string {
	return "the trace carries no wall clock: it was recorded before Go 1.25"
}

// Hint says how to give it one.
func (noClock) Hint() string {
	return "pass --start with the time at which the trace began (RFC 3339), or --start=mtime"
}

// A Sink is a [convert.Sink] that writes spans.
type Sink struct {
	o       Options
	minWait time.Duration
	limits  limits
	out     output
	ids     ids
	wall    convert.WallClock
	world   account.World
	stacks  stackTable

	run        run
	functions  map[string]*function
	goroutines *index.Index[convert.GoID, goroutine]
	latest     *goroutine   // asked for
	births     uint64       // of goroutines, so far
	regions    uint64       // so far
	tasked     []*goroutine // with scopes
	procs      map[convert.ProcID]*proc
	gc         collector
	stops      uint64 // so far
	scopesSeen uint64 // so far
	tasks      taskTable

	own, inclusive timeNames
	waitNames      map[string]string // by reason

	// Scratch: the span being built, and what it is made of.
	span   span
	totals account.Totals // of a goroutine that ends
	now    account.Totals // of a goroutine, at the time of the record
	waits  []namedTime
	scopes []*scope     // free
	idle   []*goroutine // free
	spare  spare
}

// New returns a sink that writes to w, in chunks of about 128 KiB, and does not
// close it.
func New(w io.Writer, o Options) *Sink {
	s := &Sink{
		o:          o,
		minWait:    o.MinWait,
		limits:     o.bounds(),
		functions:  make(map[string]*function),
		goroutines: index.New[convert.GoID, goroutine](),
		procs:      make(map[convert.ProcID]*proc),
		own:        ownTimes(),
		inclusive:  inclusiveTimes(),
		waitNames:  make(map[string]string),
	}
	switch {
	case s.minWait == 0:
		s.minWait = time.Millisecond
	case s.minWait < 0:
		s.minWait = 1 // ids tell apart only intervals that last
	}
	s.out.w = w
	s.out.enc = &jsonEncoder{}
	if o.Format == Binary {
		s.out.enc = &protoEncoder{}
	}
	s.stacks.enc = s.out.enc
	s.tasks.init()
	return s
}

// Begin returns [ErrNoClock] if nothing dates the trace.
func (s *Sink) Begin(t *convert.Trace) error {
	if t.Clock.IsZero() {
		return ErrNoClock
	}
	head := s.o.head(t)
	s.ids.key = s.idKey(t, &head)
	s.out.enc.begin(head)
	s.tasks.first = t.FirstTask
	s.beginRun(t)
	return nil
}

// consumers has a method for each kind of record that makes spans.
var consumers = [...]func(*Sink, *convert.Record){
	convert.KindSync:      (*Sink).sync,
	convert.KindGoroutine: (*Sink).goroutine,
	convert.KindState:     (*Sink).state,
	convert.KindSyscall:   (*Sink).syscall,
	convert.KindProc:      (*Sink).proc,
	convert.KindGC:        (*Sink).cycle,
	convert.KindMark:      (*Sink).mark,
	convert.KindSTW:       (*Sink).stopTheWorld,
	convert.KindAssist:    (*Sink).assist,
	convert.KindSweep:     (*Sink).sweep,
	convert.KindTask:      (*Sink).task,
	convert.KindRegion:    (*Sink).region,
	convert.KindLog:       (*Sink).log,
	convert.KindLabel:     nil, // the last
}

// Consume writes the spans that end in b.
func (s *Sink) Consume(b *convert.Batch) error {
	for i := range b.Stacks {
		s.stacks.define(&b.Stacks[i])
	}
	for i := range b.Records {
		r := &b.Records[i]
		if int(r.Kind) < len(consumers) && consumers[r.Kind] != nil {
			consumers[r.Kind](s, r)
		}
	}
	return s.out.err
}

// Finish writes the spans that last as long as the trace.
func (s *Sink) Finish(sum *convert.Summary) error {
	s.finishTasks(sum)
	s.finishFunctions()
	s.finishGC()
	s.finishProcs()
	s.finishRun(sum)
	s.out.flush()
	return s.out.err
}

func (s *Sink) sync(r *convert.Record) {
	s.wall.Sync(r)
	s.world.Add(r)
}

// date sets the times of the span being built, both ends by the same clock, so
// that spans nest as they do in the trace. No span is empty: back ends take that
// for an error.
func (s *Sink) date(start, end convert.Time) {
	s.span.start = s.at(start)
	s.span.end = max(s.at(end), s.span.start+1)
}

// at returns the time of day of t, in nanoseconds since 1970.
func (s *Sink) at(t convert.Time) uint64 {
	ns, _ := s.wall.Wall(t)
	return uint64(max(ns, 1)) // readings of damaged traces can be of any time
}
