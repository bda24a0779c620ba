// Package forge writes traces that no runtime would, for tests: batch by batch,
// with any bytes. What they mean is in internal/gotrace and in the runtime's
// traceruntime.go.
package forge

import (
	"bytes"
	"encoding/binary"
	"time"
)

// A Trace is one of Go 1.26, as far as it is written. The zero value is not
// ready; see [New].
type Trace struct{ bytes.Buffer }

// New returns a trace that has a header.
func New() *Trace {
	t := new(Trace)
	t.WriteString("go 1.26 trace\x00\x00\x00")
	return t
}

// Batch appends a batch of generation gen, written by thread at a time in
// ticks of 64 ns.
func (t *Trace) Batch(gen, thread, time uint64, data []byte) {
	head := []byte{1}
	for _, v := range []uint64{gen, thread, time, uint64(len(data))} {
		head = binary.AppendUvarint(head, v)
	}
	t.Write(head)
	t.Write(data)
}

// Sync appends the clock of a generation.
func (t *Trace) Sync(gen uint64) {
	data := []byte{50, 8}
	data = binary.AppendUvarint(data, 1e9/64)
	t.Batch(gen, ^uint64(0), 1, append(data, 51, 1, 1, 1, 1))
}

// Reading appends the clock of a generation, read at a time in ticks.
func (t *Trace) Reading(gen, ticks uint64, wall time.Time) {
	data := []byte{50, 8}
	data = binary.AppendUvarint(data, 1e9/64)
	data = append(data, 51)
	for _, v := range []uint64{0, ticks * 64, uint64(wall.Unix()), uint64(wall.Nanosecond())} {
		data = binary.AppendUvarint(data, v)
	}
	t.Batch(gen, ^uint64(0), ticks, data)
}

// End appends the end of a generation.
func (t *Trace) End() { t.WriteByte(52) }

// Event appends an event to the data of a batch.
func Event[T ~uint8](data []byte, typ T, args ...uint64) []byte {
	data = append(data, byte(typ))
	for _, a := range args {
		data = binary.AppendUvarint(data, a)
	}
	return data
}

// Number appends a number to the data of a batch.
func Number(data []byte, v uint64) []byte { return binary.AppendUvarint(data, v) }
