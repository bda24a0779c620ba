package perfetto

import (
	"cmp"
	"slices"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// What is counted at every moment.
const (
	countRunnable = iota
	countRunning
	countWaiting
	countSyscall
	countThreadsGo
	countThreadsSyscall
	numCounts
)

var countTracks = [numCounts]struct{ name, unit, description string }{
	countRunnable:       {"Goroutines runnable", "goroutines", "ready to run, without a P"},
	countRunning:        {"Goroutines running", "goroutines", "on a P, not in a system call"},
	countWaiting:        {"Goroutines waiting", "goroutines", "blocked"},
	countSyscall:        {"Goroutines in syscalls", "goroutines", "in a system call, with or without a P"},
	countThreadsGo:      {"OS threads in Go", "threads", "with a P, and not in a system call"},
	countThreadsSyscall: {"OS threads in syscalls", "threads", "in a system call, with or without a P"},
}

// A role is what a goroutine or a proc counts as: the goroutine's State, or one
// of those below.
type role uint8

const (
	noRole   = role(convert.StateNone)
	procRuns = role(convert.StateIdle) + 1 // of a proc; else it has no role
)

// A census has how many there are in each role.
type census [procRuns + 1]int64

// counts returns what is shown. A goroutine in a system call that keeps its P
// takes that P's thread from those in Go.
func (c *census) counts() [numCounts]int64 {
	inSyscalls := c[convert.StateSyscall] + c[convert.StateSyscallBlocked]
	return [numCounts]int64{
		countRunnable:       c[convert.StateRunnable],
		countRunning:        c[convert.StateRunning],
		countWaiting:        c[convert.StateWaiting],
		countSyscall:        inSyscalls,
		countThreadsGo:      c[procRuns] - c[convert.StateSyscall],
		countThreadsSyscall: inSyscalls,
	}
}

// counters counts goroutines and threads.
type counters struct {
	tracks [numCounts]uint64
	now    census
	shown  [numCounts]int64

	// What is shown is as it was at written, and is not shown again before
	// step has passed: changes until then wait as one, the last, in pending.
	step    time.Duration
	written convert.Time
	pending bool
	at      convert.Time // of the last change
	changed bool         // at the sink's now
}

func (s *Sink) startCounters(start convert.Time) {
	c := &s.counters
	c.step, c.written = s.o.CounterStep, start-convert.Time(s.o.CounterStep)
	c.changed = true // all have a value from the start on
	for i, t := range countTracks {
		c.tracks[i] = s.newTrack()
		s.describeCounter(c.tracks[i], counter{name: t.name, description: t.description, unit: t.unit})
		c.shown[i] = -1
	}
}

// A counter is what describes the track of one. Zero fields are left out.
type counter struct {
	name, description string
	unit              string
	incremental       bool // values are differences
}

// describeCounter writes a counter track of the runtime's process. A unit that
// Perfetto has no word for goes by its name, alone: where there are both, the
// name is not shown.
func (s *Sink) describeCounter(track uint64, c counter) {
	b, packet := s.w.open()
	b, mark := wire.Open(b, packetTrack)
	b = wire.Uint(b, trackUUID, track)
	b = wire.String(b, trackName, valid(c.name))
	b = wire.Uint(b, trackParent, s.runtime.process.track)
	if c.description != "" {
		b = wire.String(b, trackDescribe, valid(c.description))
	}
	b, in := wire.Open(b, trackCounter)
	if c.incremental {
		b = wire.Bool(b, counterIncremental, true)
	}
	switch c.unit {
	case "":
	case "bytes":
		b = wire.Uint(b, counterUnit, unitBytes)
	default:
		b = wire.String(b, counterUnitName, valid(c.unit))
	}
	b = wire.Close(b, in)
	s.w.closeBoth(b, packet, mark)
}

// count moves a goroutine or a proc from the role in which it was counted to
// another.
func (s *Sink) count(counted *role, to role) {
	if *counted == to {
		return
	}
	c := &s.counters
	c.now[*counted]--
	c.now[to]++
	c.changed = true
	*counted = to
}

// countProc counts the procs that run, each on a thread.
func (s *Sink) countProc(r *convert.Record) {
	if r.Phase != convert.Begin {
		return
	}
	to := noRole
	if r.State == convert.StateRunning {
		to = procRuns
	}
	s.count(s.procs.of(r.P), to)
}

// procRoles has the roles of procs: small numbers, but for odd traces.
type procRoles struct {
	byP   []role
	other map[convert.ProcID]*role
}

func (pr *procRoles) of(p convert.ProcID) *role {
	if p >= 0 && p < maxCPU {
		for int(p) >= len(pr.byP) {
			pr.byP = append(pr.byP, noRole)
		}
		return &pr.byP[p]
	}
	if pr.other == nil {
		pr.other = make(map[convert.ProcID]*role)
	}
	if pr.other[p] == nil {
		pr.other[p] = new(role)
	}
	return pr.other[p]
}

// countHidden counts a goroutine that is not shown.
func (s *Sink) countHidden(r *convert.Record) {
	to := noRole
	switch {
	case r.Kind == convert.KindState && r.Phase == convert.Begin:
		to = role(r.State)
	case r.Kind == convert.KindGoroutine && r.Phase == convert.End:
		if r.Flags&convert.OpenEnd != 0 {
			return // it lives on
		}
	default:
		return
	}
	counted := s.hidden[r.G]
	s.count(&counted, to)
	if to == noRole {
		delete(s.hidden, r.G)
	} else {
		s.hidden[r.G] = counted
	}
}

// settleCounters writes the counters as they are at now, before time goes on
// to next.
func (s *Sink) settleCounters(next convert.Time) {
	c := &s.counters
	if c.changed {
		c.changed, c.pending, c.at = false, true, s.now
	}
	if c.pending && next.Sub(c.written) >= c.step {
		s.writePending()
	}
}

// writePending writes the change that waits.
func (s *Sink) writePending() {
	c := &s.counters
	c.pending, c.written = false, c.at
	s.writeCounts(c.at)
}

// finishCounters writes what waits, and all counters once more: the trace lasts
// until then.
func (s *Sink) finishCounters(end convert.Time) {
	if s.counters.pending {
		s.writePending()
	}
	for i := range s.counters.shown {
		s.counters.shown[i] = -1
	}
	s.writeCounts(end)
}

// writeCounts writes the counters that changed, in one packet: one as the
// event's own value, the others as extra ones.
func (s *Sink) writeCounts(t convert.Time) {
	c := &s.counters
	values := c.now.counts()
	var changed [numCounts]int
	n := 0
	for i := range values {
		if values[i] != c.shown[i] {
			changed[n] = i
			n++
		}
	}
	if n == 0 {
		return
	}
	c.shown = values
	// trace_processor reads extra values up to the first zero, and takes those
	// behind it for zeros too: these come last.
	extra := changed[1:n]
	slices.SortStableFunc(extra, func(i, j int) int { return cmp.Compare(min(values[j], 1), min(values[i], 1)) })

	b, packet := s.w.openAt(t)
	b, mark := wire.Open(b, packetTrackEvent)
	b = wire.Uint(b, eventType, typeCounter)
	b = wire.Uint(b, eventTrack, c.tracks[changed[0]])
	b = wire.Int(b, eventCounterValue, values[changed[0]])
	for _, i := range extra {
		b = wire.Uint(b, eventExtraTracks, c.tracks[i])
	}
	for _, i := range extra {
		b = wire.Int(b, eventExtraValues, values[i])
	}
	s.w.closeBoth(b, packet, mark)
}
