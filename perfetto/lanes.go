package perfetto

import (
	"strconv"

	"github.com/trace2otel/trace2otel/convert"
)

// A Layout is how goroutines and Ps show.
type Layout uint8

const (
	// LayoutSched shows goroutines as threads and Ps as CPUs: see the package's
	// documentation.
	LayoutSched Layout = iota

	// LayoutProcs uses plain tracks alone, for traces of more goroutines than
	// a user interface can show as threads: a track for each P with what it
	// ran, and for the goroutines of one start function as many rows as lived
	// at once, each life a slice with its waits, system calls and regions in
	// it. There are no thread states.
	LayoutProcs
)

// laneTracks are those of LayoutProcs.
type laneTracks struct {
	procs      *process
	byP        map[convert.ProcID]*procLane
	ending     []*procLane // their slices end now, unless what they run goes on
	goroutines *process
	functions  map[string]*lanes
}

// A procLane is the track of a P.
type procLane struct {
	track  uint64
	busy   bool
	ending bool
	flags  convert.Flags
	g      convert.GoID // what it runs, while busy
}

func (s *Sink) startLanes() {
	if s.o.Layout != LayoutProcs {
		return
	}
	l := &s.laneTracks
	l.procs, l.byP = s.newProcess("Procs"), make(map[convert.ProcID]*procLane)
	l.goroutines, l.functions = s.newProcess("Goroutines"), make(map[string]*lanes)
}

// functionLanes returns the lanes of a start function.
func (s *Sink) functionLanes(name string) *lanes {
	l := s.laneTracks.functions[name]
	if l == nil {
		l = &lanes{name: name, parent: s.laneTracks.goroutines.track}
		s.laneTracks.functions[name] = l
	}
	return l
}

// beginLife gives a goroutine a lane, and begins its slice there.
func (s *Sink) beginLife(r *convert.Record, g *goroutine) {
	g.lane = s.take(s.functionLanes(orElse(r.Name, unknownFunction)), r.Time)
	g.track = g.lane.track
	e := event{
		typ: typeBegin, track: g.track, category: catGoroutine,
		name: "G" + strconv.FormatInt(int64(r.G), 10), stack: r.Stack, flags: r.Flags,
	}
	e.arg(argGoroutine, int64(r.G))
	e.goroutineArg(argCreator, r.By)
	s.w.event(r.Time, &e)
}

// endLife ends the slice of a goroutine.
func (s *Sink) endLife(r *convert.Record, g *goroutine) {
	s.w.end(r.Time, g.track, r.Flags)
	g.lane.release(r.Time)
}

// onProc shows a state on the P that it took. A system call does not end what
// its P runs, until it loses the P.
func (s *Sink) onProc(r *convert.Record, g *goroutine) {
	if r.P == convert.NoProc {
		return
	}
	l := s.laneTracks.byP[r.P]
	if l == nil {
		l = &procLane{track: s.newTrack()}
		s.laneTracks.byP[r.P] = l
		s.w.describeLane(l.track, &lanes{name: "P " + strconv.FormatInt(int64(r.P), 10), parent: s.laneTracks.procs.track})
	}
	if r.Phase == convert.End {
		if l.busy && l.g == r.G && !l.ending {
			l.ending, l.flags = true, r.Flags
			s.laneTracks.ending = append(s.laneTracks.ending, l)
		}
		return
	}
	if l.busy && l.g == r.G {
		l.ending = false
		return
	}
	if l.busy {
		l.ending = true // or the trace contradicts itself
		s.endOnProc(l, r.Time)
	}
	e := event{typ: typeBegin, track: l.track, category: catProc, name: g.function(), flags: r.Flags}
	e.arg(argGoroutine, int64(r.G))
	s.w.event(r.Time, &e)
	l.busy, l.g = true, r.G
}

func (s *Sink) endOnProc(l *procLane, t convert.Time) {
	if l.ending {
		s.w.end(t, l.track, l.flags&convert.OpenEnd)
		l.busy, l.ending = false, false
	}
}

// settleLanes ends the slices of Ps that do not go on.
func (s *Sink) settleLanes() {
	for _, l := range s.laneTracks.ending {
		s.endOnProc(l, s.now)
	}
	s.laneTracks.ending = s.laneTracks.ending[:0]
}
