package otlp

// A ref is a span's place: its OpenTelemetry trace, and its id there. The zero
// ref is none.
type ref struct {
	trace traceID
	span  spanID
}

// A room is what an OpenTelemetry trace may still hold, or the share of it that
// a goroutine or a GC cycle has. What must be written although there is no room
// for it makes it negative.
type room struct{ spans, bytes int }

// promise is what is set aside for a span that has begun, and whose size will
// show at its end. It holds all that span.trim leaves.
const promise = 3300

// open sets room aside for a span that begins, and reports whether there is any.
func (r *room) open() bool {
	if r.spans < 1 || r.bytes < promise {
		return false
	}
	r.insist()
	return true
}

// insist sets room aside for a span that there must be.
func (r *room) insist() {
	r.spans--
	r.bytes -= promise
}

// fits reports whether a span of that size, for which room was set aside, can
// be written whole.
func (r *room) fits(size int) bool { return size <= max(r.bytes, 0)+promise }

// close takes the true size of a span for which room was set aside.
func (r *room) close(size int) { r.bytes += promise - size }

// take takes room for something of that size and so many spans, if there is any.
func (r *room) take(spans, size int) bool {
	if r.spans < spans || r.bytes < size {
		return false
	}
	r.spans -= spans
	r.bytes -= size
	return true
}

// folded counts what found no room.
type folded struct {
	spans int64
	ns    int64 // how long they lasted, in all
	logs  int64
	links int64
}

func (f *folded) span(ns int64) { f.spans++; f.ns += ns }

func (f *folded) add(g *folded) {
	f.spans += g.spans
	f.ns += g.ns
	f.logs += g.logs
	f.links += g.links
}

// limits bound every OpenTelemetry trace.
type limits struct{ spans, bytes int }

// room returns that of an OpenTelemetry trace with nothing in it.
func (l limits) room() room { return room(l) }

// Goroutines of one function, and GC cycles, are dealt out to parts, each an
// OpenTelemetry trace, by their number alone: the first few have a part with
// much room for each, those after them less. So a function with few goroutines
// shows them in detail, one with a million shows each, and what one of them
// does takes nothing from the others.
var partSizes = [...]int{1: 1000, 2: 250, 3: 50, 4: 20} // the bound over these

// share returns how many members a part has, and the room of each. Parts count
// from 1.
func (l limits) share(part int) (size int, each room) {
	divisor := partSizes[min(part, len(partSizes)-1)]
	rest := room{l.spans - 1, l.bytes - promise} // without the part's root
	size = max(1, min(l.spans/divisor, rest.spans, rest.bytes/promise))
	return size, room{rest.spans / size, rest.bytes / size}
}
