package gotrace

import (
	"maps"
	"slices"
	"unsafe"
)

// A spot is where in a generation an event lies. The zero value is none.
type spot struct {
	chunk *chunk
	start int
}

func (c *cursor) spot() spot { return spot{c.chunk, c.start} }

// foresee returns the event at which the strict rules fail for the rest of the
// generation: no thread's next event may come, and that event is the earliest.
// It returns none if they lead to the end. Nothing is put out, and the state is
// as it was.
//
// A thread can be descheduled, for tens of milliseconds where CPU is limited,
// between what it does and the reading of the clock for the event. So an event
// may have a time long after the time of those that follow it. A limit on time
// cannot tell that from an event that is missing; going on to the end can. It
// costs as much as decoding the rest of the generation, once at the most.
//
// Events on which no other event has to wait are passed over: whether they
// break a rule is seen when they are put out.
func (r *Reader) foresee() spot {
	o := &r.order
	head := r.cursors[r.frontier[0].cursor].spot()
	if r.copied += o.copySize(); r.copied > maxCopied+copiedPerByte*r.split.offset() {
		return head
	}
	before := o.save()
	defer o.restore(before)
	report, damage, misdated := o.report, r.split.damage, o.gen.bound.misdated
	defer func() { o.report, r.split.damage, o.gen.bound.misdated = report, damage, misdated }()

	cursors, f := slices.Clone(r.cursors), slices.Clone(r.frontier)
	for tries := r.tries; len(f) > 0; {
		c := &cursors[f[0].cursor]
		head = c.spot()
		v, i := o.consider(c), 0
		if v == blocked {
			if tries += int64(len(f)); tries > maxTries {
				return head
			}
			f.sort()
			head = cursors[f[0].cursor].spot()
			for i = 1; i < len(f) && v == blocked; i++ {
				c = &cursors[f[i].cursor]
				v = o.consider(c)
			}
			i--
		}
		if v != accepted {
			return head
		}
		s := c.next()
		for s == atMalformed {
			r.skip(c)
			s = c.next()
		}
		if s == atEnd {
			f.remove(i)
		} else {
			f[i].time = c.base
			f.update(i)
		}
	}
	return spot{}
}

// maxCopied and copiedPerByte bound the bytes that foresee copies, against
// traces of many small generations and a large state: to a third of a second's
// worth, and some nanoseconds for each byte of the trace.
const (
	maxCopied     = 1 << 28
	copiedPerByte = 64
)

// consider advances as advance does, but by what others may wait for alone. What
// it puts out is gone at the next call.
func (o *ordering) consider(c *cursor) verdict {
	if awaited[c.typ] {
		n := o.n
		v := o.advance(c)
		o.n = n
		return v
	}
	if !c.all() {
		return notAnEvent
	}
	c.thread.known = true
	return accepted
}

// awaited has the types of events that others may have to wait for, or that may
// have to wait.
var awaited = [256]bool{
	EvGoStart:             true,
	EvGoBlock:             true,
	EvGoStop:              true,
	EvGoDestroy:           true,
	EvGoUnblock:           true,
	EvProcStart:           true,
	EvProcStop:            true,
	EvProcSteal:           true,
	EvProcStatus:          true,
	EvGoSyscallBegin:      true,
	EvGoSyscallEnd:        true,
	EvGoSyscallEndBlocked: true,
	EvGoCreate:            true,
	EvGoCreateBlocked:     true,
	EvGoCreateSyscall:     true,
	EvGoDestroySyscall:    true,
	EvGoSwitch:            true,
	EvGoSwitchDestroy:     true,
	EvGoStatus:            true,
	EvGoStatusStack:       true,
	EvGCActive:            true,
	EvGCBegin:             true,
	EvGCEnd:               true,
}

// A saved is an ordering's state at one time, but for what only events have that
// are not awaited: tasks, regions and ranges.
type saved struct {
	state   state
	threads []thread
	procs   []proc
	latest  int64
}

// copySize returns how many bytes save copies, nearly.
func (o *ordering) copySize() int64 {
	return int64(len(o.goroutines.slots))*int64(unsafe.Sizeof(goroutine{})) +
		int64(len(o.threads))*int64(unsafe.Sizeof(thread{})+16) +
		int64(len(o.procs)+len(o.farProcs))*int64(unsafe.Sizeof(proc{})+16)
}

// save returns the state, and gives the ordering a copy of what it refers to by
// index or id. Threads and procs, to which there are pointers, stay the same, and
// get their values back from restore.
func (o *ordering) save() *saved {
	s := &saved{state: o.state, latest: o.latest}
	o.threads = maps.Clone(o.threads)
	o.procs = slices.Clone(o.procs)
	o.farProcs = maps.Clone(o.farProcs)
	for _, t := range s.state.threads {
		s.threads = append(s.threads, *t)
	}
	s.state.eachProc(func(p *proc) { s.procs = append(s.procs, *p) })

	gs := &o.goroutines
	gs.slots = slices.Clone(gs.slots)
	for i := range gs.slots {
		gs.slots[i].more = 0
	}
	gs.more = extras{}
	gs.more.init()
	return s
}

// restore brings the state back to what it was at save.
func (o *ordering) restore(s *saved) {
	o.state, o.latest = s.state, s.latest
	for i := range s.threads {
		t := &s.threads[i]
		*o.threads[t.id] = *t
	}
	for i := range s.procs {
		p := &s.procs[i]
		*o.proc(p.id) = *p
	}
	o.flags = o.allFlags
}
