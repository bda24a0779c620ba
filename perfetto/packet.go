package perfetto

import (
	"io"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of perfetto/trace/trace.proto and trace_packet.proto.
const (
	tracePacket = 1 // Trace

	packetClockSnapshot  = 6 // TracePacket
	packetTimestamp      = 8
	packetSequenceID     = 10
	packetTrackEvent     = 11
	packetInternedData   = 12
	packetSequenceFlags  = 13
	packetTimestampClock = 58
	packetDefaults       = 59
	packetTrack          = 60
	packetPerfSample     = 66
	packetFirst          = 87
	packetTraceUUID      = 89
	packetTaskState      = 117
	packetAttributes     = 126

	sequenceCleared   = 1 // TracePacket.SequenceFlags
	sequenceNeedState = 2
)

// The file has one sequence of packets, so that there is one set of interned
// strings and one run of small time differences.
const sequenceID = 1

// flushSize is when the buffer is written out.
const flushSize = 1 << 18

// A writer puts packets together. After an error it drops what it is given.
type writer struct {
	out io.Writer
	buf []byte
	err error

	// zero is the time that is 0 in the file: 0, unless the trace begins before.
	// trace_processor drops what lies before 0.
	zero convert.Time

	start convert.Time // of the trace
	now   convert.Time // of the last packet that does not name its clock: the next says how much later it is

	dictionaries
	stacks stackTable
}

func newWriter(out io.Writer) writer {
	return writer{
		out:          out,
		buf:          make([]byte, 0, flushSize+flushSize/8),
		dictionaries: newDictionaries(),
	}
}

// open begins a packet without a time. It returns the buffer, for the packet to
// be appended to, and what close needs. New interned strings and stacks go into
// it. One packet is open at a time.
func (w *writer) open() (b []byte, packet int) {
	b = append(w.buf, packetHead[:6]...)
	if len(w.fresh) > 0 {
		b = wire.Bytes(b, packetInternedData, w.fresh)
		w.fresh = w.fresh[:0]
	}
	return b, len(w.buf) + 2
}

// packetHead is what packets begin with: the key, the length, which close fills
// in, the sequence, that what was set up for it is needed, and the key of the
// time.
const packetHead = string(rune(tracePacket<<3|wire.TypeBytes)) + "\x00" +
	string(rune(packetSequenceID<<3)) + string(rune(sequenceID)) +
	string(rune(packetSequenceFlags<<3)) + string(rune(sequenceNeedState)) +
	string(rune(packetTimestamp<<3))

// openAt begins a packet at a time. Differences cannot be negative: a packet
// before the newest counts from the trace's start.
func (w *writer) openAt(t convert.Time) (b []byte, packet int) {
	d := t - w.now
	if d < 0 {
		return w.openBack(t)
	}
	w.now = t
	if len(w.fresh) > 0 {
		b, packet = w.open()
		return wire.Varint(append(b, packetTimestamp<<3), uint64(d)), packet
	}
	return wire.Varint(append(w.buf, packetHead...), uint64(d)), len(w.buf) + 2
}

// stamp returns t as it is in the file.
func (w *writer) stamp(t convert.Time) uint64 { return uint64(t - w.zero) }

// openBack begins a packet before the newest.
func (w *writer) openBack(t convert.Time) (b []byte, packet int) {
	if t < w.start {
		return w.openInFull(t)
	}
	b, packet = w.open()
	b = wire.Uint(b, packetTimestamp, uint64(t-w.start))
	return wire.Uint(b, packetTimestampClock, clockBack), packet
}

// openInFull begins a packet whose time is no difference.
func (w *writer) openInFull(t convert.Time) (b []byte, packet int) {
	b, packet = w.open()
	b = wire.Uint(b, packetTimestamp, w.stamp(t))
	return wire.Uint(b, packetTimestampClock, clockMonotonic), packet
}

// close ends the packet, which b ends with.
func (w *writer) close(b []byte, packet int) { w.buf = wire.Close(b, packet) }

// closeBoth ends the message that began at mark, and the packet it is in.
func (w *writer) closeBoth(b []byte, packet, mark int) {
	if n := len(b) - packet; n < 1<<7 {
		b[packet-1], b[mark-1] = byte(n), byte(len(b)-mark)
		w.buf = b
		return
	}
	w.buf = wire.Close(wire.Close(b, mark), packet)
}

// flushFull writes the buffer out if it is full.
func (w *writer) flushFull() {
	if len(w.buf) >= flushSize {
		w.flush()
	}
}

func (w *writer) flush() {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
}
