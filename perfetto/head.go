package perfetto

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of perfetto/trace/clock_snapshot.proto,
// trace_packet_defaults.proto, trace_uuid.proto and trace_attributes.proto.
const (
	snapshotClock   = 1 // ClockSnapshot
	snapshotPrimary = 2

	clockID          = 1 // ClockSnapshot.Clock
	clockTimestamp   = 2
	clockIncremental = 3

	defaultsPerfSample     = 12 // TracePacketDefaults
	defaultsTimestampClock = 58

	uuidMSB = 1 // TraceUuid
	uuidLSB = 2

	attributesItem  = 1 // TraceAttributes
	attributeKey    = 1 // TraceAttributes.Attribute
	attributeLong   = 2
	attributeString = 3
)

// Ids of clocks (builtin_clock.proto); 64 to 127 are the sequence's own.
const (
	clockRealtime  = 1
	clockMonotonic = 3
	clockBoottime  = 6
	clockMain      = 64
	clockBack      = 66 // counts from the trace's start
)

// snapshots are the pairs of times that date the file. trace_processor dates
// what comes after one as if the wall clock ran like the trace's from there on.
type snapshots struct {
	clock convert.Clock // what holds
	due   convert.Time  // when the next pair is, if there is a record by then
}

// maxAstray is by how many nanoseconds to_realtime may differ from the dates of
// other outputs.
const maxAstray = 100_000

// startClocks writes the first packet: it makes the trace's clock the one that
// others follow, and starts those that count in differences.
func (s *Sink) startClocks(t *convert.Trace) {
	s.w.zero = min(t.Start, 0)
	s.w.start, s.w.now = t.Start, t.Start
	start := s.w.stamp(t.Start)
	b, packet := wire.Open(s.w.buf, tracePacket)
	b = wire.Uint(b, packetSequenceID, sequenceID)
	b = wire.Uint(b, packetTimestamp, start)
	b = wire.Uint(b, packetTimestampClock, clockMonotonic)
	b, mark := wire.Open(b, packetClockSnapshot)
	b = appendClock(b, clockMonotonic, start, false)
	if s.o.Wakers {
		b = appendClock(b, clockBoottime, start, false) // of ftrace events
	}
	b = appendClock(b, clockMain, start, true)
	b = appendClock(b, clockBack, 0, false)
	b = wire.Uint(b, snapshotPrimary, clockMonotonic)
	b = wire.Close(b, mark)
	s.w.buf = wire.Close(b, packet)
	s.clocks.set(t.Clock, t.Start)
	if !t.Clock.IsZero() {
		s.snapshot(t.Clock, t.Start)
	}
}

func appendClock(b []byte, id, at uint64, incremental bool) []byte {
	b, mark := wire.Open(b, snapshotClock)
	b = wire.Uint(b, clockID, id)
	b = wire.Uint(b, clockTimestamp, at)
	if incremental {
		b = wire.Bool(b, clockIncremental, true)
	}
	return wire.Close(b, mark)
}

// set takes note of a pair written at t.
func (s *snapshots) set(c convert.Clock, t convert.Time) {
	s.clock, s.due = c, math.MaxInt64
	if c.Rate != 0 {
		s.due = t + convert.Time(maxAstray*1e9/max(c.Rate, -c.Rate))
	}
}

// sync takes the Clock of a generation. Most go on as the one before did.
func (s *Sink) sync(r *convert.Record) {
	if c, ok := r.Clock(); ok && c != s.clocks.clock {
		s.snapshot(c, r.Time)
	}
}

// snapshot dates t. trace_processor finds a path between clocks through packets
// that list both. So all snapshots list the same clocks. A packet that sets clocks
// does not advance the main clock: its time is absolute.
func (s *Sink) snapshot(c convert.Clock, t convert.Time) {
	s.clocks.set(c, t)
	b, packet := wire.Open(s.w.buf, tracePacket)
	b = wire.Uint(b, packetSequenceID, sequenceID)
	b = wire.Uint(b, packetTimestamp, s.w.stamp(t))
	b = wire.Uint(b, packetTimestampClock, clockMonotonic)
	b, mark := wire.Open(b, packetClockSnapshot)
	b = appendClock(b, clockRealtime, uint64(c.At(t)), false)
	b = appendClock(b, clockMonotonic, s.w.stamp(t), false)
	s.w.buf = wire.Close(wire.Close(b, mark), packet)
}

// startSequence writes the packet that sets up what the others need: their
// clock, and the strings that are known beforehand.
func (s *Sink) startSequence() {
	b, packet := wire.Open(s.w.buf, tracePacket)
	b = wire.Uint(b, packetSequenceID, sequenceID)
	b = wire.Uint(b, packetSequenceFlags, sequenceCleared|sequenceNeedState)
	b = wire.Bool(b, packetFirst, true)

	b, mark := wire.Open(b, packetDefaults)
	b = wire.Uint(b, defaultsTimestampClock, clockMain)
	b, in := wire.Open(b, defaultsPerfSample)
	b = appendSampleDefaults(b)
	b = wire.Close(b, in)
	b = wire.Close(b, mark)

	b, mark = wire.Open(b, packetInternedData)
	for id, s := range categories {
		if s != "" {
			b = appendInterned(b, internedCategories, uint64(id), s)
		}
	}
	for id, s := range argNames {
		if s != "" {
			b = appendInterned(b, internedArgNames, uint64(id), s)
		}
	}
	b = wire.Close(b, mark)
	s.w.buf = wire.Close(b, packet)
}

// uuid identifies the file: by the run, and what of it is shown, and how. The UI
// keeps files by their uuid.
func (s *Sink) uuid(t *convert.Trace) [32]byte {
	o := s.o
	only := ""
	if o.Only != nil {
		only, o.Only = o.Only.Text, nil
	}
	return sha256.Sum256(fmt.Appendf(nil, "%x %q %q %d %d %v %v %q", t.RunKey, t.Name, t.Decoder, t.From, t.To, t.Clock, o, only))
}

// describe writes what is known of the trace beforehand.
func (s *Sink) describe(t *convert.Trace) {
	b, packet := s.w.open()
	b, mark := wire.Open(b, packetTraceUUID)
	id := s.uuid(t)
	b = wire.Uint(b, uuidMSB, binary.BigEndian.Uint64(id[0:8]))
	b = wire.Uint(b, uuidLSB, binary.BigEndian.Uint64(id[8:16]))
	s.w.closeBoth(b, packet, mark)

	b, packet = s.w.open()
	b, mark = wire.Open(b, packetAttributes)
	tool := "trace2otel"
	if s.o.ToolVersion != "" {
		tool += " " + s.o.ToolVersion
	}
	b = appendText(b, "converted_by", tool)
	b = appendText(b, "go_trace_format", t.Version)
	if t.Name != "" {
		b = appendText(b, "input", t.Name)
	}
	if part := t.Window(); part != "" {
		b = appendText(b, "window", part)
	}
	if s.o.Only != nil {
		b = appendText(b, "goroutines_shown", s.o.Only.Text)
	}
	s.w.closeBoth(b, packet, mark)
}

// summarize writes what is known of the trace afterwards.
func (s *Sink) summarize(sum *convert.Summary) {
	b, packet := s.w.open()
	b, mark := wire.Open(b, packetAttributes)
	b = appendLong(b, "duration_ns", int64(sum.End.Sub(sum.Start)))
	b = appendLong(b, "events", sum.Events)
	b = appendLong(b, "generations", sum.Generations)
	b = appendLong(b, "goroutines", sum.Goroutines)
	b = appendLong(b, "adjusted_events", sum.Adjusted)
	if l := sum.Loss; l != nil {
		loss := "the rest of the trace could not be read"
		if l.Err != nil {
			loss = l.Err.Error()
		}
		b = appendText(b, "loss", loss)
		b = appendLong(b, "loss_bytes", l.Bytes)
	}
	if sum.Repairs.Any() {
		b = appendText(b, "repairs", sum.Repairs.String())
	}
	if steps := sum.ClockSteps.String(); steps != "" {
		b = appendText(b, "clock_steps", steps)
	}
	if sum.Regions.Any() {
		b = appendText(b, "nesting", sum.Regions.String())
	}
	if sum.Factor != 0 {
		b = appendText(b, "times", convert.FactorNote)
	}
	if sum.Unstopped {
		b = appendText(b, "note", convert.UnstoppedNote)
	}
	s.w.closeBoth(b, packet, mark)
}

func appendText(b []byte, key, value string) []byte {
	b, mark := wire.Open(b, attributesItem)
	b = wire.String(b, attributeKey, key)
	b = wire.String(b, attributeString, valid(value))
	return wire.Close(b, mark)
}

func appendLong(b []byte, key string, value int64) []byte {
	b, mark := wire.Open(b, attributesItem)
	b = wire.String(b, attributeKey, key)
	b = wire.Int(b, attributeLong, value)
	return wire.Close(b, mark)
}
