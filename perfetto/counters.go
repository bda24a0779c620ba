package perfetto

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Counters of goroutines by state.
const (
	countRunnable = iota
	countRunning
	countWaiting
	countSyscall
	numCounts
	notCounted = numCounts
)

var countNames = [numCounts]string{
	countRunnable: "Goroutines runnable",
	countRunning:  "Goroutines running",
	countWaiting:  "Goroutines waiting",
	countSyscall:  "Goroutines in syscalls",
}

// counterOf returns the counter of a state.
func counterOf(s convert.State) uint8 {
	switch s {
	case convert.StateRunnable:
		return countRunnable
	case convert.StateRunning:
		return countRunning
	case convert.StateWaiting:
		return countWaiting
	case convert.StateSyscall, convert.StateSyscallBlocked:
		return countSyscall
	}
	return notCounted
}

// counters counts goroutines by state, and has the tracks of metrics.
//
// How many goroutines there were at first is known only after the first
// generation: each shows at its first event, or at the generation's end. So
// the changes of the first generation are held back (16 bytes each), put in
// order of time, and written when the second begins.
type counters struct {
	tracks [numCounts]uint64
	values [numCounts]int64
	shown  [numCounts]int64

	generations int
	held        [][]change // of the first generation, in order of time
	late        []change   // likewise, but not in order
	changed     bool       // since shown, later

	metrics map[string]uint64 // tracks by name
}

// A change of one goroutine's state.
type change struct {
	at       convert.Time
	from, to uint8
}

// heldChunk is how many changes are held in one piece. In one growing slice
// they would be copied again and again.
const heldChunk = 8192

func (s *Sink) startCounters(start convert.Time) {
	c := &s.counters
	c.metrics = make(map[string]uint64)
	c.hold(change{at: start, from: notCounted, to: notCounted})
	for i, name := range countNames {
		c.tracks[i] = s.newTrack()
		s.describeCounter(c.tracks[i], name, "", unitCount, "goroutines")
		c.shown[i] = -1
	}
}

// describeCounter writes a counter track of the runtime's process.
func (s *Sink) describeCounter(track uint64, name, description string, unit uint64, unitName string) {
	packet := s.w.open()
	b, mark := wire.Open(s.w.buf, packetTrack)
	b = wire.Uint(b, trackUUID, track)
	b = wire.String(b, trackName, valid(name))
	b = wire.Uint(b, trackParent, s.runtime.process.track)
	if description != "" {
		b = wire.String(b, trackDescribe, valid(description))
	}
	b, in := wire.Open(b, trackCounter)
	if unit != 0 {
		b = wire.Uint(b, counterUnit, unit)
	}
	if unitName != "" {
		b = wire.String(b, counterUnitName, unitName)
	}
	b = wire.Close(b, in)
	s.w.buf = wire.Close(b, mark)
	s.w.close(packet)
}

// count moves g from the state in which it was counted to another.
func (s *Sink) count(t convert.Time, g *goroutine, to convert.State) {
	c := &s.counters
	ch := change{at: t, from: counterOf(g.state), to: counterOf(to)}
	g.state = to
	if ch.from == ch.to {
		return
	}
	if c.generations < 2 {
		c.hold(ch)
		return
	}
	c.apply(ch)
	c.changed = true
}

// hold keeps a change for writeHeld.
func (c *counters) hold(ch change) {
	n := len(c.held)
	if n > 0 && ch.at < c.held[n-1][len(c.held[n-1])-1].at {
		c.late = append(c.late, ch)
		return
	}
	if n == 0 || len(c.held[n-1]) == heldChunk {
		c.held = append(c.held, make([]change, 0, heldChunk))
		n++
	}
	c.held[n-1] = append(c.held[n-1], ch)
}

func (c *counters) apply(ch change) {
	if ch.from != notCounted {
		c.values[ch.from]--
	}
	if ch.to != notCounted {
		c.values[ch.to]++
	}
}

// countGeneration takes note of a new generation.
func (s *Sink) countGeneration() {
	s.counters.generations++
	if s.counters.generations == 2 {
		s.writeHeld()
	}
}

// settleCounters writes the counters as they are at now.
func (s *Sink) settleCounters() {
	if s.counters.changed {
		s.counters.changed = false
		s.writeCounts(&s.w.main, s.now)
	}
}

// finishCounters writes what is held of a trace of one generation, and all
// counters once more: the trace lasts until then.
func (s *Sink) finishCounters(end convert.Time) {
	s.writeHeld()
	for i := range s.counters.shown {
		s.counters.shown[i] = -1
	}
	s.writeCounts(&s.w.main, end)
}

// writeHeld writes what is held back, once for each time.
func (s *Sink) writeHeld() {
	c := &s.counters
	slices.SortStableFunc(c.late, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	var at convert.Time
	pending := false
	take := func(ch change) {
		if pending && ch.at != at {
			s.writeCounts(&s.w.count, at)
			s.w.flushFull()
		}
		c.apply(ch)
		at, pending = ch.at, true
	}
	late := c.late
	for _, chunk := range c.held {
		for _, ch := range chunk {
			for len(late) > 0 && late[0].at < ch.at {
				take(late[0])
				late = late[1:]
			}
			take(ch)
		}
	}
	for _, ch := range late {
		take(ch)
	}
	if pending {
		s.writeCounts(&s.w.count, at)
	}
	c.held, c.late = nil, nil
}

// writeCounts writes the counters that changed, in one packet: one as the
// event's own value, the others as extra ones.
func (s *Sink) writeCounts(clock *deltaClock, t convert.Time) {
	c := &s.counters
	var changed [numCounts]int
	n := 0
	for i := range c.values {
		if c.values[i] != c.shown[i] {
			changed[n] = i
			n++
		}
	}
	if n == 0 {
		return
	}
	c.shown = c.values
	// trace_processor reads extra values up to the first zero, and takes those
	// behind it for zeros too: these come last.
	extra := changed[1:n]
	slices.SortStableFunc(extra, func(i, j int) int { return cmp.Compare(min(c.values[j], 1), min(c.values[i], 1)) })

	var packet int
	if clock == &s.w.main {
		packet = s.w.openAt(t)
	} else {
		packet = s.w.openOn(clock, t)
	}
	b, mark := wire.Open(s.w.buf, packetTrackEvent)
	b = wire.Uint(b, eventType, typeCounter)
	b = wire.Uint(b, eventTrack, c.tracks[changed[0]])
	b = wire.Int(b, eventCounterValue, c.values[changed[0]])
	for _, i := range extra {
		b = wire.Uint(b, eventExtraTracks, c.tracks[i])
	}
	for _, i := range extra {
		b = wire.Int(b, eventExtraValues, c.values[i])
	}
	s.w.buf = wire.Close(b, mark)
	s.w.close(packet)
}

// metricNames are the plain names of the metrics that traces have.
var metricNames = map[string]string{
	"/memory/classes/heap/objects:bytes": "Heap live",
	"/gc/heap/goal:bytes":                "Heap goal",
	"/sched/gomaxprocs:threads":          "GOMAXPROCS",
}

// metric shows a metric's value as a counter.
func (s *Sink) metric(r *convert.Record) {
	track, ok := s.counters.metrics[r.Name]
	if !ok {
		track = s.newTrack()
		s.counters.metrics[r.Name] = track
		_, suffix, _ := strings.Cut(r.Name, ":")
		unit := uint64(unitCount)
		if suffix == "bytes" {
			unit = unitBytes
		}
		s.describeCounter(track, orElse(metricNames[r.Name], r.Name), r.Name, unit, "")
	}
	packet := s.w.openAt(r.Time)
	b, mark := wire.Open(s.w.buf, packetTrackEvent)
	b = wire.Uint(b, eventType, typeCounter)
	b = wire.Uint(b, eventTrack, track)
	b = wire.Int(b, eventCounterValue, int64(min(r.ID, math.MaxInt64)))
	s.w.buf = wire.Close(b, mark)
	s.w.close(packet)
}
