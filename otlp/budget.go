package otlp

import (
	"math"

	"github.com/trace2otel/trace2otel/internal/account"
)

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

// What is set aside for a span that has begun, and whose size will show at its
// end. Tasks and regions can be open by the thousand, so they are promised little.
const (
	wholePromise = 3300 // what span.trim leaves of any but the run's
	barePromise  = 940  // what span.strip leaves
)

// open sets room aside for a span that begins, and reports whether there is any.
func (r *room) open(promise int) bool {
	if r.spans < 1 || r.bytes < promise {
		return false
	}
	r.insist(promise)
	return true
}

// insist sets room aside for a span that there must be.
func (r *room) insist(promise int) {
	r.spans--
	r.bytes -= promise
}

// fits reports whether a span of that size, for which room was set aside, can
// be written whole.
func (r *room) fits(size, promised int) bool { return size <= max(r.bytes, 0)+promised }

// close takes the true size of a span for which room was set aside.
func (r *room) close(size, promised int) { r.bytes += promised - size }

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

func (f *folded) span(ns int64) { f.spans++; account.Plus(&f.ns, ns) }

func (f *folded) add(g *folded) {
	f.spans += g.spans
	account.Plus(&f.ns, g.ns)
	f.logs += g.logs
	f.links += g.links
}

// limits bound every OpenTelemetry trace.
type limits struct{ spans, bytes int }

// The bounds by default. Those who want more spans get the bytes for them.
const (
	defaultSpans = 5000
	spanBytes    = 800
)

// bounds returns the limits that o sets.
func (o *Options) bounds() limits {
	l := limits{o.MaxSpans, o.MaxBytes}
	if l.spans <= 0 {
		l.spans = defaultSpans
	}
	l.spans = min(l.spans, math.MaxInt/spanBytes)
	if l.bytes <= 0 {
		l.bytes = max(l.spans, defaultSpans) * spanBytes
	}
	return l
}

// room returns that of an OpenTelemetry trace with nothing in it.
func (l limits) room() room { return room(l) }

// Goroutines of one function are dealt out to parts, each an OpenTelemetry
// trace, by their number alone: the first few have a part with much room for
// each, those after them less. So a function with few goroutines shows them in
// detail, one with a million shows each, and what one of them does takes nothing
// from the others.
var partSizes = [...]int{1: 5, 2: 20, 3: 100, 4: 250}

// share returns how many goroutines a part has, and the room of each. Parts
// count from 1.
func (l limits) share(part int) (size int, each room) {
	rest := room{l.spans - 1, l.bytes - wholePromise} // without the part's root
	size = partSizes[min(part, len(partSizes)-1)]
	size = max(1, min(size, rest.spans, rest.bytes/wholePromise))
	return size, room{rest.spans / size, rest.bytes / size}
}

// cycle returns the room of a GC cycle that begins in a part where so much is
// left: a fifth of the whole at the most, for it gives back what it does not
// use. It reports false if less than a hundredth is left.
func (l limits) cycle(left room) (room, bool) {
	most := room{max(1, l.spans/5), max(wholePromise, l.bytes/5)}
	least := room{max(1, l.spans/100), max(wholePromise, l.bytes/100)}
	each := room{min(most.spans, left.spans), min(most.bytes, left.bytes)}
	if each.spans < least.spans || each.bytes < least.bytes {
		return least, false
	}
	return each, true
}
