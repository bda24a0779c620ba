package gotrace

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// A bound says which times the events of a generation can have. Damage to a
// single bit of a time can put all that follows in its batch years ahead, and
// with it the end of the trace. The format has no checksum; but the runtime
// writes the tables of strings and stacks when no thread is in the generation any
// more, and the batches of a thread one after the other.
type bound struct {
	written  uint64 // when the last table was written, in ticks; 0 if there is none
	next     uint64 // when the next generation begins, in ticks; 0 if not known
	limit    int64  // no time is later, ns
	refuse   bool   // events of later times are malformed; else they are counted
	off      bool   // all times can be
	guessed  bool   // the frequency cannot be: another was assumed
	misdated int64  // events and samples, counted
}

// maxTime is later than any clock that begins when a machine does will ever be,
// in ns: 146 years.
const maxTime = 1 << 62

// maxOverlap is by how much an event may be later than the tables of its
// generation or the next batch of its thread, in ns. The runtime lets none be; but
// clocks of cores can differ where there is no better one.
const maxOverlap = 1e9

// maxLag is by how much the last events of a generation without tables may be
// later than the beginning of the next, in ns. The statuses of very many
// goroutines can take a second to write.
const maxLag = 10e9

// maxTick is the longest time, in ns, between two ticks of a clock that can be:
// those of the runtime last 64 ns to 26 µs.
const maxTick = 1e6

// strictness is how a reader takes times that cannot be.
type strictness uint8

const (
	asGo strictness = iota // as they are
	lenient
	strict
)

// bounds returns how the reader takes times.
func (r *Reader) bounds() strictness {
	switch {
	case r.order.squeeze:
		return asGo
	case r.order.lenient:
		return lenient
	}
	return strict
}

// setBound finds out the limits of a generation that has been read.
func (g *generation) setBound(s strictness) {
	b := &g.bound
	b.misdated = 0
	b.limit = maxTime
	b.off, b.refuse = s == asGo, s == strict
	if b.off {
		b.limit = math.MaxInt64
		return
	}
	c := &g.clock
	if c.snap { // dates must fit into ns
		wall, trace := int64(c.sec)*1e9+int64(c.ns), c.nanoseconds(c.trace)
		if c.sec > 1<<32 || c.ns >= 1e9 || trace < 0 || trace > maxTime {
			c.snap = false
			b.misdated++
		} else if left := math.MaxInt64 - wall; left < maxTime-trace {
			b.limit = trace + left
		}
	}
	if s == strict && c.freq > maxTick {
		b.misdated++
	}
	last, spare := b.written, int64(maxOverlap)
	if last == 0 {
		last, spare = b.next, maxLag
	}
	if t := c.nanoseconds(last); last >= g.minTime && t >= 0 && t < b.limit-spare && g.trusts(t+spare) {
		b.limit = t + spare
	}
}

// trusts reports whether limit, by what is written after the events, is to be
// believed: unless several threads begin batches later.
func (g *generation) trusts(limit int64) bool {
	later := 0
	for i := range g.lanes {
		l := &g.lanes[i]
		if n := len(l.batches); n > 0 && g.clock.nanoseconds(l.batches[n-1].time) > limit {
			later++
		}
	}
	return later <= 1
}

// boundSamples leaves out CPU samples whose times cannot be.
func (g *generation) boundSamples() {
	b := &g.bound
	if b.off {
		return
	}
	n := len(g.samples)
	g.samples = slices.DeleteFunc(g.samples, func(s sample) bool { return s.time < 0 || s.time > b.limit })
	b.misdated += int64(n - len(g.samples))
}

// enter sets the time at which c's next batch begins, and the limit of its events.
// It reports false if that cannot be, and is refused.
func (c *cursor) enter(b *batch) bool {
	g := c.gen
	t := g.clock.nanoseconds(b.time)
	before := c.base
	c.base, c.limit = t, g.bound.limit
	if g.bound.off {
		return true
	}
	after := int64(-1) // when the next batch begins, if it is not the one that is wrong
	if len(c.rest) > 0 {
		if next := g.clock.nanoseconds(c.rest[0].time); next >= before && next <= c.limit {
			after = next
		}
	}
	if after >= 0 && t >= 0 && (t <= after || t > after+maxOverlap) {
		c.limit = min(c.limit, after+maxOverlap)
	}
	if t >= 0 && t <= c.limit && t >= before-maxOverlap {
		return true
	}
	c.base = max(before, g.clock.nanoseconds(g.minTime))
	return c.misdated()
}

// pass moves c's time on by dt. If that cannot be, it stays, or what comes is
// malformed.
func (c *cursor) pass(dt int64) stop {
	b := &c.gen.bound
	if t := c.base + dt; dt >= 0 && t >= c.base && t <= c.limit || b.off {
		c.base = t
	} else if !c.misdated() {
		return atMalformed
	}
	return atEvent
}

// misdated takes note of a time that cannot be. It reports false if such are
// refused.
func (c *cursor) misdated() bool {
	c.gen.bound.misdated++
	return !c.gen.bound.refuse
}

var errClock = errors.New("a generation has a clock reading or a CPU sample at a time that cannot be")

// noEvent returns the error of what a thread has in the place of an event.
func (g *generation) noEvent(t *thread) error {
	if g.bound.misdated > 0 {
		return fmt.Errorf("thread %d has an event at a time that cannot be", t.id)
	}
	return fmt.Errorf("thread %d has what is no event", t.id)
}
