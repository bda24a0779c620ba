package perfetto

import (
	"strconv"

	"github.com/trace2otel/trace2otel/convert"
)

// createdBefore names the instant at the start of a window, or of the trace, that
// tells by whom and where a goroutine was created that lives then.
const createdBefore = "created before"

// unknownFunction names the process of goroutines whose start function is not
// known.
const unknownFunction = "unknown"

// noGoroutine names the thread of what belongs to none.
const noGoroutine = "no goroutine"

// A goroutine is what is kept of one that lives.
type goroutine struct {
	tid     int64
	name    string   // of its thread
	track   uint64   // of its thread, or its lane
	process *process // nil with LayoutProcs
	lane    *lane    // with LayoutProcs, while it lives

	counted role

	// The state that the file has last, and the one that is to follow it if
	// nothing else does at the same time: see settleStates.
	shown     taskState
	next      taskState
	nextCPU   int32
	pending   bool
	closing   bool         // next only ends what is shown
	flow      uint64       // of the arrow to its next run, or 0
	waker     convert.GoID // of a runnable goroutine, with Options.Wakers
	blockedIn string       // with Options.Wakers: why it was in the state that is shown, which has ended
	cpu       int32        // last run on, or noCPU

	open    []openSlice  // waits, system calls and assists, on its track or in lanes, outermost first
	regions *openRegions // nil: it had none yet
	before  *lanes       // for what began before the trace: nil if there is nothing
	over    *lanes       // for regions that do not nest: nil if there are none
}

// An openSlice is one that began on a goroutine's track, or in a lane.
type openSlice struct {
	kind     convert.Kind
	category uint8
	stack    convert.StackID
	lane     *lane // nil on the track itself
	begin    convert.Time
	name     string
}

// event returns the beginning of what is left of a slice that was cut in two.
func (o *openSlice) event(track uint64) event {
	return event{typ: typeBegin, track: track, category: o.category, name: o.name, stack: o.stack}
}

// goroutine returns the one that a record is about. For NoGoroutine it is the
// main thread of the runtime's process. Samples may be of goroutines that do not
// live.
func (s *Sink) goroutine(id convert.GoID) *goroutine {
	if g := s.goroutines.Get(id); g != nil {
		return g
	}
	return s.newGoroutine(id, unknownFunction)
}

// newGoroutine puts a goroutine into the process of its start function.
func (s *Sink) newGoroutine(id convert.GoID, function string) *goroutine {
	var g *goroutine
	if n := len(s.free); n > 0 {
		g, s.free = s.free[n-1], s.free[:n-1]
	} else {
		g = new(goroutine)
	}
	*g = goroutine{track: s.newTrack(), cpu: noCPU, open: g.open[:0], regions: g.regions}
	s.goroutines.Set(id, g)
	g.tid, g.name = thread(id)
	switch {
	case id == convert.NoGoroutine:
		g.tid, g.name, g.process = s.runtime.process.pid, noGoroutine, s.runtime.process
	case s.o.Layout == LayoutProcs:
		return g
	default:
		g.process = s.process(function)
	}
	s.w.describeThread(g.track, g.process.pid, g.tid, g.name)
	return g
}

// thread returns the id and the name of a goroutine's thread. The UI shows the
// id behind the name. Ids that cannot be a thread's (0 is the idle thread,
// some are pids) are moved to where no others are, and named.
func thread(id convert.GoID) (tid int64, name string) {
	const far = 1 << 52
	if id > 0 && id < firstPID || id >= 1<<31 && id < far {
		return int64(id), "goroutine"
	}
	return far + int64(uint64(id)%far), "goroutine " + strconv.FormatInt(int64(id), 10) + " as"
}

// function returns the start function of g.
func (g *goroutine) function() string {
	switch {
	case g.process != nil:
		return g.process.name
	case g.lane != nil:
		return g.lane.group.name
	}
	return unknownFunction
}

// goroutineLife shows goroutines, marks their creation, and ends them.
func (s *Sink) goroutineLife(r *convert.Record) {
	if r.G == convert.NoGoroutine {
		return
	}
	switch r.Phase {
	case convert.Begin:
		g := s.newGoroutine(r.G, orElse(r.Name, unknownFunction))
		if s.o.Layout == LayoutProcs {
			s.beginLife(r, g)
		}
		if r.By != convert.NoGoroutine {
			e := event{typ: typeInstant, track: g.track, category: catGoroutine, name: "created", stack: r.ByStack}
			if r.Flags&convert.OpenStart != 0 {
				e.name = createdBefore
			}
			e.goroutineArg(argCreator, r.By)
			s.w.event(r.Time, &e)
		}
	case convert.End:
		g := s.goroutine(r.G)
		if g.lane != nil {
			s.endLife(r, g)
		}
		if r.Flags&convert.OpenEnd == 0 {
			s.count(&g.counted, noRole)
			s.follow(g, taskDestroyed, noCPU)
		}
		s.goroutines.Delete(r.G)
	}
}

// syscall shows a system call, whatever the goroutine's states within.
func (s *Sink) syscall(r *convert.Record) {
	s.slice(r)
	s.onThread(r, nil)
}

// label marks a change of a GC worker's mode, or which it has at a window's start.
func (s *Sink) label(r *convert.Record) {
	g := s.goroutine(r.G)
	e := event{typ: typeInstant, track: g.track, category: catLabel, name: orElse(r.Name, "label"), stack: r.Stack, flags: r.Flags}
	s.w.event(r.Time, &e)
}

// slice writes the Begin or End of a slice of r's goroutine that is no region. What
// begins during a wait does not nest, and goes to a lane below the track: a mark
// assist that was under way at the start, whose goroutine waited.
func (s *Sink) slice(r *convert.Record) {
	g := s.goroutine(r.G)
	switch r.Phase {
	case convert.Begin:
		e := sliceBegin(r)
		e.track = g.track
		var ln *lane
		if n := len(g.open); n > 0 && g.open[n-1].kind == convert.KindState {
			ln = s.take(s.lanesBefore(g), r.Time)
			e.track = ln.track
		} else {
			s.beginTogether(g, r.Time)
		}
		s.w.event(r.Time, &e)
		g.open = append(g.open, openSlice{r.Kind, e.category, e.stack, ln, r.Time, e.name})
	case convert.End:
		track := g.track
		if ln := g.close(r.Kind); ln != nil {
			track = ln.track
			ln.release(r.Time)
		} else {
			g.endAround(r.Start)
		}
		if r.Kind != convert.KindState || r.State != convert.StateWaiting {
			s.w.end(r.Time, track, r.Flags)
			return
		}
		e := event{typ: typeEnd, track: track, flags: r.Flags, stack: r.ByStack}
		e.goroutineArg(argWaker, r.By)
		s.w.event(r.Time, &e)
	}
}

// sliceBegin returns what is said at the beginning of a goroutine's slice.
func sliceBegin(r *convert.Record) event {
	e := event{typ: typeBegin, flags: r.Flags, stack: r.Stack}
	switch r.Kind {
	case convert.KindState:
		e.category, e.name = catWait, r.Reason()
		if r.State == convert.StateRunnable {
			e.category, e.name, e.stack = catRunnable, "runnable", r.ByStack
		}
	case convert.KindSyscall:
		e.category, e.name = catSyscall, "syscall"
	case convert.KindAssist:
		e.category, e.name = catAssist, "GC mark assist"
	case convert.KindRegion:
		e.category, e.name = catRegion, orElse(r.Name, "region")
		if r.Parent != convert.NoTask {
			e.correlation = r.Parent
		}
	}
	return e
}

// close removes the innermost open slice of a kind, and returns its lane, nil if it
// is on the track itself. Where it is not the innermost of all, both end at the
// same time: when the goroutine or the trace ends.
func (g *goroutine) close(k convert.Kind) *lane {
	for i := len(g.open) - 1; i >= 0; i-- {
		if o := g.open[i]; o.kind == k {
			g.open = append(g.open[:i], g.open[i+1:]...)
			return o.lane
		}
	}
	return nil
}

// orElse returns s, or other if s is empty.
func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
