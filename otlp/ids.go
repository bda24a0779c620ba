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
	idWait
	idRunnable
	idTaskWait
	idTaskRunnable
	idTaskSyscall
)

// sum takes as many numbers as any id of that kind has. Short as they are, most
// ids are a hash of one block.
func (g *ids) sum(kind idKind, name string, nums ...uint64) [32]byte {
	g.buf = append(g.buf[:0], g.key[:]...)
	g.buf = append(g.buf, byte(kind))
	for _, n := range nums {
		g.buf = binary.AppendUvarint(g.buf, n)
	}
	g.buf = append(g.buf, name...)
	return sha256.Sum256(g.buf)
}

// root returns the ids of an OpenTelemetry trace and of its root, which share a
// hash.
func (g *ids) root(kind idKind, name string, nums ...uint64) (at ref) {
	sum := g.sum(kind, name, nums...)
	copy(at.trace[:], sum[:16])
	copy(at.span[:], sum[16:])
	if at.trace == (traceID{}) {
		at.trace[15] = 1
	}
	if at.span == (spanID{}) {
		at.span[7] = 1
	}
	return at
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
