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
	o, t := &r.order, c.thread
	t.known = true
	for o.n < maxEvents {
		n := o.n
		if v := rules[c.typ](o, c, t); v != accepted {
			o.noteLast()
			r.frontier[0].time = c.base
			return r.resolve(v)
		}
		s := c.next()
		if s == atEvent && c.base <= until {
			continue
		}
		if s == atMalformed && !o.lenient {
			o.n = n // the oracle is as hasty
		}
		o.noteLast()
		switch s {
		case atMalformed:
			return r.skipMalformed(0, c)
		case atEnd:
			r.frontier.remove(0)
		default:
			r.frontier[0].time = c.base
			r.frontier.down(0)
		}
		return true
	}
	o.noteLast()
	r.frontier[0].time = c.base
	r.frontier.down(0)
	return true
}

// resolve goes on when the earliest event may not come next: with the earliest
// of those that may. It reports false if the reading is to stop.
//
// Real traces seldom get here: their times are the order. So if it takes long,
// they are damaged, and looking for a way on is not worth much.
func (r *Reader) resolve(v verdict) bool {
	o := &r.order
	o.flags = o.allFlags
	if v.broken() {
		return r.repair(v)
	}
	if !r.mayTry() {
		return r.repair(blocked)
	}
	r.frontier.sort()
	if r.doomed != (spot{}) && r.doomed == r.cursors[r.frontier[0].cursor].spot() {
		r.patience = hasty
	}
	until := int64(math.MaxInt64)
	if r.patience != patient {
		until = r.frontier[0].time + maxSkew
	}
	for i := 1; i < len(r.frontier) && r.frontier[i].time <= until; i++ {
		c := &r.cursors[r.frontier[i].cursor]
		v := o.advance(c)
		if v == accepted {
			o.noteLast()
			return r.refresh(i, c)
		}
		o.flags = o.allFlags
		if v.broken() {
			if !o.lenient {
				return r.repair(v)
			}
			r.patience = hasty
		}
	}
	if r.patience == untried {
		r.patience, r.doomed = patient, r.foresee()
		return r.resolve(blocked)
	}
	return r.repair(blocked)
}

// A patience says how long an event waits for the events of other threads that
// must come first.
type patience uint8

const (
	// untried: as long as clocks differ, by maxSkew. If that is not enough,
	// foresee tells how far the strict rules lead.
	untried patience = iota

	// patient: to the end of the generation, as the strict rules have it.
	patient

	// hasty: for maxSkew. The generation is cut, or the strict rules have
	// failed for it: what does not come by then is missing.
	hasty
)

// maxSkew is by how much the times of two threads may contradict the order of
// their events, in ns, before an event counts as missing. In traces that are
// sound it can be more, since a thread can be descheduled between what it does
// and the reading of the clock: see foresee.
const maxSkew = 1e6

// maxTries and maxHastyTries bound how many events are looked at in all: some
// seconds' worth, or one's, of a trace made to take long.
const (
	maxTries      = 1 << 27
	maxHastyTries = 1 << 24
)

// mayTry reports whether the events of all threads may be looked at once more.
func (r *Reader) mayTry() bool {
	if r.patience == hasty {
		r.hastyTries += int64(len(r.frontier))
		return r.hastyTries <= maxHastyTries
	}
	r.tries += int64(len(r.frontier))
	return r.tries <= maxTries
}

// refresh reads the next event of frontier[i], c. It reports false if the
// reading is to stop.
func (r *Reader) refresh(i int, c *cursor) bool {
	switch c.next() {
	case atEvent, atBatch:
		r.frontier[i].time = c.base
		r.frontier.update(i)
	case atMalformed:
		return r.skipMalformed(i, c)
	case atEnd:
		r.frontier.remove(i)
	}
	return true
}

// noteLast notes the time of the event put out last. Those before it, back to
// where it was done before, are not later: they come from one batch.
func (o *ordering) noteLast() {
	if o.n > 0 {
		o.noteTime(o.out[o.n-1].Time)
	}
}

func (o *ordering) noteTime(t int64) {
	if !o.squeeze {
		o.latest = max(o.latest, t)
	}
}

// fail ends the reading with an error.
func (r *Reader) fail(err error) {
	r.pending, r.synced, r.inside = err, true, false
}

// putSample puts out a CPU sample.
func (o *ordering) putSample(s *sample) verdict {
	stack, ok := o.stack(s.stack)
	if !ok {
		return stackUnknown
	}
	e := &o.out[o.n]
	o.n++
	o.noteTime(s.time)
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
