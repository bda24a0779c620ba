package otlp

// An otelTrace is an OpenTelemetry trace that is being written, and what it
// may still hold.
type otelTrace struct {
	id       traceID
	spans    int // written, and promised
	bytes    int // written, at the most
	promised int // spans that are open
}

// A ref is a span's place: its trace, and its id there. The zero ref is none.
type ref struct {
	trace *otelTrace
	id    spanID
}

// folded counts what found no room.
type folded struct {
	spans int64
	ns    int64 // how long they lasted, in all
	logs  int64
}

func (f *folded) span(ns int64) { f.spans++; f.ns += ns }

// promise is what is set aside for a span that has begun, and whose size will
// show at its end. It holds all that span.trim leaves.
const promise = 2000

// limits bound every OpenTelemetry trace.
type limits struct{ spans, bytes int }

// open sets room aside for a span, and reports whether there is any.
func (l limits) open(t *otelTrace) bool {
	if t.spans >= l.spans || t.bytes+(t.promised+1)*promise > l.bytes {
		return false
	}
	l.insist(t)
	return true
}

// insist sets room aside for a span that there must be.
func (limits) insist(t *otelTrace) {
	t.spans++
	t.promised++
}

// fits reports whether a span of that size, for which room was set aside, can
// be written whole.
func (l limits) fits(t *otelTrace, size int) bool {
	return t.bytes+(t.promised-1)*promise+size <= l.bytes
}

// room reports whether an open span of the trace may grow by so many bytes.
func (l limits) room(t *otelTrace, size int) bool {
	return t.bytes+t.promised*promise+size <= l.bytes
}
