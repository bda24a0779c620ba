package perfetto

import (
	"strconv"

	"github.com/trace2otel/trace2otel/convert"
)

// runtimeTracks are those of the process "Go runtime": what belongs to no
// goroutine.
type runtimeTracks struct {
	process *process
	gc      lanes
	mark    lanes
	stw     lanes
	sweeps  map[convert.ProcID]*lanes
	open    map[spanKey]*lane
}

// A spanKey tells the open slices of the runtime's and the tasks' tracks apart.
type spanKey struct {
	kind convert.Kind
	id   uint64
}

func (s *Sink) startRuntime() {
	rt := &s.runtime
	rt.process = s.newProcess("Go runtime")
	rt.gc = lanes{name: "GC cycles", parent: rt.process.track}
	rt.mark = lanes{name: "GC mark phases", parent: rt.process.track}
	rt.stw = lanes{name: "Stop the world", parent: rt.process.track}
	rt.sweeps = make(map[convert.ProcID]*lanes)
	rt.open = make(map[spanKey]*lane)
}

func (s *Sink) gcCycle(r *convert.Record) {
	e := event{category: catGC, name: "GC " + strconv.FormatUint(r.ID, 10)}
	s.span(r, r.ID, &s.runtime.gc, &e, &event{})
}

func (s *Sink) markPhase(r *convert.Record) {
	e := event{category: catGC, name: "mark " + strconv.FormatUint(r.ID, 10)}
	s.span(r, r.ID, &s.runtime.mark, &e, &event{})
}

// stopTheWorld shows a stop by its reason, and within it how long it took to
// stop the procs, which is known at its end only.
func (s *Sink) stopTheWorld(r *convert.Record) {
	e := event{category: catSTW, name: orElse(r.Name, convert.ReasonUnspecified), stack: r.Stack}
	e.goroutineArg(argGoroutine, r.G)
	var end event
	if r.Flags&convert.Stopped != 0 {
		end.arg(argStopping, int64(r.ID))
	}
	if ln := s.runtime.open[spanKey{r.Kind, uint64(r.G)}]; ln != nil && r.Phase == convert.End && r.ID > 0 {
		flags := r.Flags & convert.OpenStart
		if r.Flags&convert.Stopped == 0 {
			flags |= convert.OpenEnd // the trace ended before
		}
		s.w.event(r.Start, &event{typ: typeBegin, track: ln.track, category: catSTW, name: "stopping", flags: flags})
		s.w.end(r.Start+convert.Time(r.ID), ln.track, flags)
	}
	s.span(r, uint64(r.G), &s.runtime.stw, &e, &end)
}

// sweep shows a sweep on a track of its proc.
func (s *Sink) sweep(r *convert.Record) {
	l := s.runtime.sweeps[r.P]
	if l == nil {
		l = &lanes{name: "Sweep, P " + strconv.FormatInt(int64(r.P), 10), parent: s.runtime.process.track}
		s.runtime.sweeps[r.P] = l
	}
	begin := event{category: catSweep, name: "sweep", stack: r.Stack}
	begin.goroutineArg(argGoroutine, r.G)
	end := event{}
	end.arg(argSwept, int64(r.ID))
	end.arg(argReclaimed, int64(r.Parent))
	s.span(r, uint64(r.P), l, &begin, &end)
}

// span writes the Begin or End of a slice in a lane of l: begin has what is said
// at the Begin, end what is said at the End. An End finds its Begin's lane by
// id; one that had no Begin gets one.
func (s *Sink) span(r *convert.Record, id uint64, l *lanes, begin, end *event) {
	key := spanKey{r.Kind, id}
	switch r.Phase {
	case convert.Begin:
		s.runtime.open[key] = s.beginSpan(r, r.Time, l, begin)
	case convert.End:
		ln := s.runtime.open[key]
		if ln == nil {
			ln = s.beginSpan(r, r.Start, l, begin)
		}
		delete(s.runtime.open, key)
		end.typ, end.track, end.flags = typeEnd, ln.track, r.Flags
		s.w.event(r.Time, end)
		ln.release(r.Time)
	}
}

func (s *Sink) beginSpan(r *convert.Record, t convert.Time, l *lanes, begin *event) *lane {
	ln := s.take(l, t)
	begin.typ, begin.track, begin.flags = typeBegin, ln.track, r.Flags
	s.w.event(t, begin)
	return ln
}
