package otlp

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/trace2otel/trace2otel/convert"
)

// Ids of OpenTelemetry: W3C trace-context, section 3.2.2. All zero is invalid.
type (
	traceID [16]byte
	spanID  [8]byte
)

// An ids makes ids that are the same whenever the same run is converted:
// hashes of the run's key, of what the id is for, and of what the runtime
// knows it by. Those of traces and their roots, which are few, are SHA-256: they
// must be unique among all traces that a back end has. Within a trace, 64 bits
// of a hash that takes a tenth of the time do: with SHA-256, the ids of spans
// took a tenth of all the time of writing them.
type ids struct {
	key [32]byte
	buf []byte // scratch
}

// idKey returns the key of the ids: of all that is known beforehand and makes
// spans what they are. A back end keeps what it gets, and would make one muddle of
// two conversions whose spans share ids and nothing else. All formats and ways of
// delivery have the same.
func (s *Sink) idKey(t *convert.Trace, h *head) (key [32]byte) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%x %q %q %d %d %v\n", t.RunKey, t.Name, t.Decoder, t.From, t.To, t.Clock)
	fmt.Fprintln(hash, s.limits, int64(s.minWait), s.o.Detail)
	for i := range h.resource {
		fmt.Fprintf(hash, "%q=%q\n", h.resource[i].key, h.resource[i].text)
	}
	hash.Sum(key[:0])
	return key
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
	idEarlyTask
)

// root returns the ids of an OpenTelemetry trace and of its root, which share a
// hash.
func (g *ids) root(kind idKind, name string, nums ...uint64) (at ref) {
	g.buf = append(g.buf[:0], g.key[:]...)
	g.buf = append(g.buf, byte(kind))
	for _, n := range nums { // of one kind, always as many
		g.buf = binary.AppendUvarint(g.buf, n)
	}
	g.buf = append(g.buf, name...)
	sum := sha256.Sum256(g.buf)
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

// span returns the id of a span. Spans that differ in one number alone never
// share an id.
func (g *ids) span(kind idKind, nums ...uint64) (id spanID) {
	h := mix(binary.BigEndian.Uint64(g.key[:8]) ^ uint64(kind))
	for _, n := range nums {
		h = mix(h ^ n)
	}
	binary.BigEndian.PutUint64(id[:], max(h, 1))
	return id
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable
// Pseudorandom Number Generators, 2014): one to one, and each bit of x changes
// half of those of the result.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
