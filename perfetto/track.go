package perfetto

import (
	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of perfetto/trace/track_event/track_descriptor.proto,
// process_descriptor.proto, thread_descriptor.proto and counter_descriptor.proto.
const (
	trackUUID     = 1 // TrackDescriptor
	trackName     = 2
	trackProcess  = 3
	trackThread   = 4
	trackParent   = 5
	trackCounter  = 8
	trackDescribe = 14
	trackMerge    = 15
	trackMergeKey = 17

	processPID  = 1 // ProcessDescriptor
	processName = 6

	threadPID  = 1 // ThreadDescriptor
	threadTID  = 2
	threadName = 5

	counterUnit        = 3 // CounterDescriptor
	counterIncremental = 5
	counterUnitName    = 6

	unitBytes = 3 // CounterDescriptor.Unit

	mergeNone  = 2 // TrackDescriptor.SiblingMergeBehavior: a row of its own
	mergeByKey = 3 // one row for those of one key; else for those of one name
)

// firstPID begins the ids of the processes that are made up. Goroutines are
// numbered from 1, and one whose id is a pid would be its process's main
// thread: its end would be that of the process.
const firstPID = 2_000_000_001

// A process groups the goroutines of one start function.
type process struct {
	name  string
	pid   int64
	track uint64
}

// process returns the process of a name.
func (s *Sink) process(name string) *process {
	p := s.processes[name]
	if p == nil {
		p = s.newProcess(name)
		s.processes[name] = p
	}
	return p
}

func (s *Sink) newProcess(name string) *process {
	p := &process{name: name, pid: s.pids, track: s.newTrack()}
	s.pids++
	b, packet := s.w.open()
	b, mark := wire.Open(b, packetTrack)
	b = wire.Uint(b, trackUUID, p.track)
	b, in := wire.Open(b, trackProcess)
	b = wire.Int(b, processPID, p.pid)
	b = wire.String(b, processName, valid(name))
	b = wire.Close(b, in)
	s.w.closeBoth(b, packet, mark)
	return p
}

// describeThread writes the track of a goroutine.
func (w *writer) describeThread(track uint64, pid, tid int64, name string) {
	b, packet := w.open()
	b, mark := wire.Open(b, packetTrack)
	b = wire.Uint(b, trackUUID, track)
	b, in := wire.Open(b, trackThread)
	b = wire.Int(b, threadPID, pid)
	b = wire.Int(b, threadTID, tid)
	b = wire.String(b, threadName, name)
	b = wire.Close(b, in)
	w.closeBoth(b, packet, mark)
}

// describeLane writes a track of l.
func (w *writer) describeLane(track uint64, l *lanes) {
	b, packet := w.open()
	b, mark := wire.Open(b, packetTrack)
	b = wire.Uint(b, trackUUID, track)
	b = wire.String(b, trackName, valid(l.name))
	b = wire.Uint(b, trackParent, l.parent)
	switch {
	case l.apart:
		b = wire.Uint(b, trackMerge, mergeNone)
	case l.made >= mostMerged:
		b = wire.Uint(b, trackMerge, mergeByKey)
		b = wire.Uint(b, trackMergeKey, uint64(l.made/mostMerged))
	}
	l.made++
	w.closeBoth(b, packet, mark)
}

// mostMerged is how many lanes share a row, one below the other. For each slice
// trace_processor goes through those that are busy: with 150,000 in one row it
// would take a minute to load them.
const mostMerged = 512

// Lanes hold slices that may overlap: tracks of one name and parent, each with
// one slice at a time. The tracks are as many as the slices at once.
type lanes struct {
	name   string
	parent uint64
	apart  bool // show each lane in a row of its own, not packed with the others
	depth  int  // of tasks: how many lanes are above
	made   int  // tracks described
	free   freeLanes
}

type lane struct {
	track uint64
	group *lanes
	inner map[string]*lanes // of tasks: those of its subtasks
}

// take returns a lane that is free from t on: of several, the one that was used
// last.
func (s *Sink) take(l *lanes, t convert.Time) *lane {
	if ln := l.free.take(t); ln != nil {
		return ln
	}
	ln := &lane{track: s.newTrack(), group: l}
	s.w.describeLane(ln.track, l)
	return ln
}

// release gives a lane back whose slice ends at t.
func (ln *lane) release(t convert.Time) { ln.group.free.add(ln, t) }
