package perfetto

import (
	"io"
	"math"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/index"
)

// Options say how to write. The zero value is fine.
type Options struct {
	// ToolVersion is the program's, named in the file's metadata. Empty leaves
	// it out.
	ToolVersion string

	// Layout is how goroutines and Ps show.
	Layout Layout

	// NoThreads leaves out what each OS thread did.
	NoThreads bool

	// Wakers fills the columns waker_utid and blocked_function of the table
	// thread_state, for Perfetto's critical path and other queries. It makes
	// the file larger, and the UI show tracks of ftrace events.
	Wakers bool

	// Only selects the goroutines to show; nil is all.
	Only *Selection

	// Flows are the arrows to draw; none are if zero.
	Flows Flows

	// CounterStep is the time within which a counter has two values at most;
	// zero writes every change. Changes that come sooner wait for one another,
	// and the last of them is written, with its own time: what the counters
	// show is late by CounterStep at most, and right again when things calm
	// down.
	CounterStep time.Duration
}

// A Sink is a [convert.Sink] that writes one Perfetto trace.
type Sink struct {
	o Options
	w writer

	// now is the time of the newest record. States and counters that change at
	// now are written when it passes: what counts is what they end up as.
	now convert.Time

	goroutines *index.Index[convert.GoID, goroutine]
	free       []*goroutine // that ended, to be used again

	spareRegions []*region // that ended, to be used again

	processes map[string]*process // by start function
	procs     procRoles
	hidden    map[convert.GoID]role // goroutines that Options.Only leaves out
	tracks    uint64                // handed out
	pids      int64                 // handed out
	flows     uint64                // handed out

	sched      scheduler
	runtime    runtimeTracks
	tasks      taskTracks
	threads    threadTracks
	laneTracks laneTracks
	counters   counters
	metrics    []metric
	clocks     snapshots
}

// New returns a sink that writes to w, in pieces of about 256 KiB, and does not
// close it.
func New(w io.Writer, o Options) *Sink {
	return &Sink{
		o:          o,
		w:          newWriter(w),
		goroutines: index.New[convert.GoID, goroutine](),
		processes:  make(map[string]*process),
		hidden:     make(map[convert.GoID]role),
		pids:       firstPID,
	}
}

// Begin writes the file's head.
func (s *Sink) Begin(t *convert.Trace) error {
	s.now = t.Start
	s.startClocks(t)
	s.startSequence()
	s.describe(t)
	s.startRuntime()
	s.startTasks(t)
	s.startThreads()
	s.startLanes()
	s.startCounters(t.Start)
	return s.w.err
}

// Consume writes what the records of b say, except for what may still change.
func (s *Sink) Consume(b *convert.Batch) error {
	for i := range b.Stacks {
		s.w.stacks.define(&b.Stacks[i])
	}
	for i := range b.Records {
		r := &b.Records[i]
		if r.Time > s.now {
			s.settle(r.Time)
			s.now = r.Time
			s.w.flushFull()
			if r.Time >= s.clocks.due {
				s.snapshot(s.clocks.clock, r.Time)
			}
		}
		consume := consumers[r.Kind]
		switch {
		case consume == nil:
		case s.o.Only != nil && s.o.Only.hides(r):
			s.countHidden(r)
		default:
			consume(s, r)
		}
	}
	return s.w.err
}

// Finish writes what waits and what is known only now.
func (s *Sink) Finish(sum *convert.Summary) error {
	s.settle(sum.End)
	s.finishCounters(sum.End)
	s.finishMetrics()
	s.finishTasks(sum.End)
	s.describeLast()
	s.showDamage(sum)
	s.summarize(sum)
	s.w.flush()
	return s.w.err
}

// consumers has a method for each kind of record. Procs are but counted: CPUs
// show what runs on a P.
var consumers = [math.MaxUint8 + 1]func(*Sink, *convert.Record){
	convert.KindSync:      (*Sink).sync,
	convert.KindGoroutine: (*Sink).goroutineLife,
	convert.KindState:     (*Sink).state,
	convert.KindSyscall:   (*Sink).syscall,
	convert.KindProc:      (*Sink).countProc,
	convert.KindGC:        (*Sink).gcCycle,
	convert.KindMark:      (*Sink).markPhase,
	convert.KindSTW:       (*Sink).stopTheWorld,
	convert.KindAssist:    (*Sink).slice,
	convert.KindSweep:     (*Sink).sweep,
	convert.KindTask:      (*Sink).task,
	convert.KindRegion:    (*Sink).region,
	convert.KindLog:       (*Sink).log,
	convert.KindMetric:    (*Sink).metric,
	convert.KindSample:    (*Sink).sample,
	convert.KindLabel:     (*Sink).label,
}

// settle writes the states and counters as they are at now, before time goes
// on to next.
func (s *Sink) settle(next convert.Time) {
	if len(s.sched.changed) > 0 {
		s.settleStates()
	}
	if len(s.laneTracks.ending) > 0 {
		s.settleLanes()
	}
	if c := &s.counters; c.changed || c.pending {
		s.settleCounters(next)
	}
}

// newTrack returns the uuid of a new track. Small numbers make small files.
func (s *Sink) newTrack() uint64 {
	s.tracks++
	return s.tracks
}

// describeLast describes, as the last of all threads, one that never ends. To
// trace_processor the last that a sequence describes is the one that writes it:
// each event of a track that is no thread's makes it a thread again if it has
// ended, in a second row of its table.
func (s *Sink) describeLast() {
	p := s.runtime.process
	track := uint64(0)
	if g := s.goroutines.Get(convert.NoGoroutine); g != nil {
		track = g.track
	} else {
		track = s.newTrack()
	}
	s.w.describeThread(track, p.pid, p.pid, noGoroutine)
}
