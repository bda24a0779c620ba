package gotrace

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// merge puts out the events of the generation, until the buffer is full or the
// generation ends.
func (r *Reader) merge() {
	o := &r.order
	for o.n < maxEvents {
		switch {
		case len(r.samples) > 0 && (len(r.frontier) == 0 || r.samples[0].time < r.frontier[0].time):
			if v := o.putSample(&r.samples[0]); v != accepted {
				r.fail(fmt.Errorf("CPU sample: %s", ruleTexts[v]))
				return
			}
			o.flags = o.allFlags
			r.samples = r.samples[1:]
		case len(r.frontier) == 0:
			r.inside = false
			return
		case !r.run(&r.cursors[r.frontier[0].cursor], r.next()):
			return
		}
	}
}

// next returns when the first of the others in the frontier has its event, or
// the next CPU sample comes: up to then, the earliest thread remains that.
func (r *Reader) next() int64 {
	t := int64(math.MaxInt64)
	if len(r.samples) > 0 {
		t = r.samples[0].time
	}
	for _, h := range r.frontier[1:min(3, len(r.frontier))] {
		t = min(t, h.time)
	}
	return t
}

// run puts out the events of c, the first in the frontier, as long as they are
// the earliest. It reports false if the reading is to stop.
func (r *Reader) run(c *cursor, until int64) bool {
	o := &r.order
	for o.n < maxEvents {
		n := o.n
		if v := o.advance(c); v != accepted {
			r.frontier[0].time = c.base
			return r.resolve(v)
		}
		if ok, malformed := c.next(o.gen, o.chunks); malformed {
			if !o.lenient {
				o.n = n // the oracle is as hasty
			}
			return r.skipMalformed(0, c)
		} else if !ok {
			r.frontier.remove(0)
			return true
		}
		if c.base > until {
			break
		}
	}
	r.frontier[0].time = c.base
	r.frontier.down(0)
	return true
}

// resolve goes on when the earliest event may not come next: with the earliest
// of those that may. It reports false if the reading is to stop.
//
// Real traces hardly ever get here: their times are the order. So if it takes
// long, they are damaged, and looking for a way on is not worth much.
func (r *Reader) resolve(v verdict) bool {
	o := &r.order
	o.flags = o.allFlags
	if v.broken() {
		return r.repair(v)
	}
	limit := int64(maxTries)
	if o.lenient {
		limit = maxLenientTries
	}
	if r.tries += int64(len(r.frontier)); r.tries > limit {
		return r.repair(v)
	}
	r.frontier.sort()
	until := int64(math.MaxInt64)
	if o.lenient {
		until = r.frontier[0].time + maxSkew
	}
	for i := 1; i < len(r.frontier) && r.frontier[i].time <= until; i++ {
		c := &r.cursors[r.frontier[i].cursor]
		v := o.advance(c)
		if v == accepted {
			return r.refresh(i, c)
		}
		o.flags = o.allFlags
		if v.broken() && !o.lenient {
			return r.repair(v)
		}
	}
	return r.repair(blocked)
}

// maxSkew is by how much the clocks of two threads may differ, in ns. What an
// event that cannot come has to wait for is missing, if it does not come until
// then; strict reading, like the oracle, waits to the end of the generation.
const maxSkew = 1e6

// maxTries and maxLenientTries bound how many events are looked at for that:
// some seconds' worth, or one's, of a trace made to take long.
const (
	maxTries        = 1 << 27
	maxLenientTries = 1 << 24
)

// refresh reads the next event of frontier[i], c. It reports false if the
// reading is to stop.
func (r *Reader) refresh(i int, c *cursor) bool {
	ok, malformed := c.next(r.order.gen, r.order.chunks)
	switch {
	case ok:
		r.frontier[i].time = c.base
		r.frontier.update(i)
	case malformed:
		return r.skipMalformed(i, c)
	default:
		r.frontier.remove(i)
	}
	return true
}

// fail ends the reading with an error.
func (r *Reader) fail(err error) {
	r.pending, r.synced, r.inside = err, true, false
}

// A cursor goes through the events of a thread.
type cursor struct {
	thread *thread
	chunk  []byte // where the current batch lies
	off    int    // of the event after the current one
	end    int    // of the batch
	base   int64  // time of the current event
	rest   []batch

	// The current event.
	typ  Type
	args [maxArgs]uint64
}

// next reads the next event. It reports false at the end; malformed is set if
// what comes is no event, and the cursor has not moved then.
func (c *cursor) next(g *generation, chunks [][]byte) (ok, malformed bool) {
	if c.off == c.end {
		if len(c.rest) == 0 {
			return false, false
		}
		b := &c.rest[0]
		c.rest = c.rest[1:]
		c.chunk, c.off, c.end = chunks[b.chunk], int(b.off), int(b.off+b.size)
		c.base = g.clock.nanoseconds(b.time)
	}
	// An event may end beyond the batch: there are zeros at the end of a
	// chunk, so that this has to be looked at but once. Numbers are mostly of
	// one byte or two. (Taking all from 8 bytes in a register, by branches or
	// by the top bits that end them, was slower.)
	b, off := c.chunk, c.off
	typ := Type(b[off])
	n := argCounts[typ]
	if n == notTimed {
		return false, true
	}
	off++
	dt := uint64(b[off])
	off++
	if dt >= 0x80 {
		high := uint64(b[off])
		off++
		dt += high<<7 - 0x80
		if high >= 0x80 {
			dt, off = varint(b, off-2)
		}
	}
	for i := range n {
		v := uint64(b[off])
		off++
		if v >= 0x80 {
			high := uint64(b[off])
			off++
			v += high<<7 - 0x80
			if high >= 0x80 {
				v, off = varint(b, off-2)
			}
		}
		c.args[i%maxArgs] = v
	}
	if off > c.end {
		return false, true
	}
	c.typ = typ
	c.off = off
	if g.clock.whole != 0 && dt < exact {
		c.base += int64(dt * g.clock.whole)
	} else {
		c.base += g.clock.nanoseconds(dt)
	}
	return true, false
}

// varint reads a varint of more than a byte at off in a chunk. It returns the
// offset after it, which is in the zeros at the end if there is none.
func varint(b []byte, off int) (uint64, int) {
	v := uint64(b[off]&0x7f) | uint64(b[off+1]&0x7f)<<7
	if b[off+1] < 0x80 {
		return v, off + 2
	}
	for i := 2; i < 10; i++ {
		c := b[off+i]
		if v |= uint64(c&0x7f) << (7 * i); c < 0x80 && (i < 9 || c < 2) {
			return v, off + i + 1
		}
	}
	return 0, len(b) - maxArgs - 1
}

// putSample puts out a CPU sample.
func (o *ordering) putSample(s *sample) verdict {
	stack, ok := o.stack(s.stack)
	if !ok {
		return stackUnknown
	}
	e := &o.out[o.n]
	o.n++
	*e = Event{Time: s.time, G: s.g, M: s.m, P: s.p, Stack: stack, Type: EvCPUSample, Flags: o.flags}
	return accepted
}

// A head is a cursor in the heap: its number, and the time of its event.
type head struct {
	time   int64
	cursor int32
}

// A frontier is a binary heap of cursors by the times of their events. It
// breaks ties as the oracle's does, which is part of the order of events.
type frontier []head

func (f *frontier) push(h head) {
	*f = append(*f, h)
	f.up(len(*f) - 1)
}

// update puts heads[i] right after its time has changed.
func (f frontier) update(i int) {
	if f.up(i) == i {
		f.down(i)
	}
}

// remove takes out heads[i].
func (f *frontier) remove(i int) {
	h := *f
	for i > 0 {
		parent := (i - 1) / 2
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
	last := len(h) - 1
	h[0] = h[last]
	*f = h[:last]
	f.down(0)
}

func (f frontier) up(i int) int {
	for i > 0 {
		parent := (i - 1) / 2
		if f[parent].time <= f[i].time {
			break
		}
		f[parent], f[i] = f[i], f[parent]
		i = parent
	}
	return i
}

func (f frontier) down(i int) {
	for {
		least := i
		if k := 2*i + 1; k < len(f) {
			if f[k].time < f[least].time {
				least = k
			}
			if k++; k < len(f) && f[k].time < f[least].time {
				least = k
			}
		}
		if least == i {
			return
		}
		f[i], f[least] = f[least], f[i]
		i = least
	}
}

// sort puts the heads in the order of their times; they are a heap still.
func (f frontier) sort() {
	slices.SortFunc(f, func(a, b head) int { return cmp.Compare(a.time, b.time) })
}
