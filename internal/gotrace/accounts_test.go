package gotrace_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// A wireBatch is a batch as it lies in a trace.
type wireBatch struct {
	start, end int // of the whole
	data       int // where its data begins
	thread     uint64
	gen        uint64
	typ        byte
}

// batches finds the batches of a well-formed trace.
func batches(t *testing.T, b []byte) (all []wireBatch) {
	for off := 16; off < len(b); {
		w := wireBatch{start: off, typ: b[off]}
		off++
		switch w.typ {
		case 1:
		case 49:
			off++
		case 52:
			w.end, w.data = off, off
			all = append(all, w)
			continue
		default:
			return all // what follows is no trace
		}
		var v [4]uint64
		for i := range v {
			x, n := binary.Uvarint(b[off:])
			if n <= 0 {
				return all
			}
			v[i] = x
			off += n
		}
		w.gen, w.thread, w.data, w.end = v[0], v[1], off, off+int(v[3])
		if w.end > len(b) {
			w.end = len(b)
		}
		all = append(all, w)
		off = w.end
	}
	return all
}

// eventEnds calls each with the end of every whole event in a batch. args says
// how many arguments they have, their times included.
func eventEnds(b []byte, args [256]int, each func(end int)) {
	for off := 0; off < len(b); {
		n := args[b[off]]
		if n == 0 {
			return
		}
		off++
		for range n {
			_, k := binary.Uvarint(b[off:])
			if k <= 0 {
				return
			}
			off += k
		}
		each(off)
	}
}

// wireEvents counts the whole events in a trace.
func wireEvents(t *testing.T, b []byte) (n int64) {
	args := specArgs(t)
	for _, w := range batches(t, b) {
		if w.typ != 1 || w.data == w.end || args[b[w.data]] == 0 {
			continue
		}
		eventEnds(b[w.data:w.end], args, func(int) { n++ })
	}
	return n
}

// emitted reads a trace to its end and counts the events of the wire that were
// told. It fails if reading does not end.
func emitted(t testing.TB, b []byte, o gotrace.Options) (n int64, report gotrace.Report, err error) {
	r, err := gotrace.NewReader(bytes.NewReader(b), o)
	if err != nil {
		return 0, gotrace.Report{}, err
	}
	for {
		events, err := r.Next()
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return n, r.Report(), err
		}
		for _, e := range events {
			switch e.Type {
			case gotrace.EvSync, gotrace.EvCPUSample:
				continue
			case gotrace.EvGoSwitch, gotrace.EvGoSwitchDestroy:
				n -= 2 // the other two of the three
			case gotrace.EvGoDestroySyscall:
				if e.P != gotrace.None {
					n-- // the steal before it
				}
			}
			n++
		}
	}
}

// accounts checks that all events of the wire are told, or counted as dropped.
func accounts(t *testing.T, b []byte) {
	t.Helper()
	n, report, err := emitted(t, b, gotrace.Options{})
	n += report.Dropped + report.Unknown
	// Behind an unknown type, the count knows nothing.
	if want := wireEvents(t, b); n != want && (report.Unknown == 0 || n < want) {
		t.Fatalf("of %d bytes, %d events told or counted of %d: %v, %+v", len(b), n, want, err, report)
	}
}
