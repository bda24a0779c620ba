package otlp

import (
	"crypto/sha256"
	"encoding/binary"
)

// Ids of OpenTelemetry: W3C trace-context, section 3.2.2. All zero is invalid.
type (
	traceID [16]byte
	spanID  [8]byte
)

// An ids makes ids that are the same whenever the same run is converted:
// hashes of the run's key, of what the id is for, and of what the runtime
// knows it by.
type ids struct {
	key [32]byte
	buf []byte // scratch
}

// Kinds of ids: what they are for. Numbers, once used, keep their meaning.
type idKind byte

const (
	idRun idKind = iota + 1
	idFunction
	idGoroutine
	idSyscall
	idProc
	idGC
	idCycle
	idMark
	idSTW
	idAssist
	idTask
	idRegion
	idState
)

func (g *ids) sum(kind idKind, name string, nums ...uint64) [32]byte {
	g.buf = append(g.buf[:0], g.key[:]...)
	g.buf = append(g.buf, byte(kind))
	g.buf = append(g.buf, name...)
	for _, n := range nums {
		g.buf = binary.BigEndian.AppendUint64(g.buf, n)
	}
	return sha256.Sum256(g.buf)
}

// trace returns the id of an OpenTelemetry trace.
func (g *ids) trace(kind idKind, name string, nums ...uint64) (id traceID) {
	sum := g.sum(kind, "trace "+name, nums...)
	copy(id[:], sum[:])
	if id == (traceID{}) {
		id[15] = 1
	}
	return id
}

// span returns the id of a span.
func (g *ids) span(kind idKind, name string, nums ...uint64) (id spanID) {
	sum := g.sum(kind, name, nums...)
	copy(id[:], sum[:])
	if id == (spanID{}) {
		id[7] = 1
	}
	return id
}
