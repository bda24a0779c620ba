package gotrace

import (
	"fmt"
	"slices"
)

// repair goes on when no thread's next event may come next: it makes the state
// such that the earliest one may. It reports false if the reading is to stop.
//
// Only what that event presupposes is changed. Which goroutine a thread runs
// cannot be guessed, though: events that depend on it are dropped.
func (r *Reader) repair(v verdict) bool {
	o := &r.order
	c := &r.cursors[r.frontier[0].cursor]
	if !o.lenient {
		r.fail(fmt.Errorf("event of type %d on thread %d: %s", c.typ, c.thread.id, ruleTexts[v]))
		return false
	}
	if v == notAnEvent || !c.all() {
		return r.skipMalformed(0, c)
	}
	r.patience = hasty
	n := o.n
	from := Undetermined
	if v == blocked {
		v = o.advance(c) // the verdict on this one
	}
	for range maxRepairs {
		if v == accepted {
			break
		}
		if v == goroutineStatusDiffers {
			from = o.goroutines.find(int64(c.args[0])).status.status()
		}
		if !o.amend(c, c.thread, v) {
			break
		}
		o.flags = o.allFlags
		v = o.advance(c)
	}
	o.flags = o.allFlags
	if v == accepted {
		o.report.Repaired++
		o.noteLast()
		for i := range o.out[n:o.n] {
			o.out[n+i].Flags |= Repaired
		}
		if from != Undetermined {
			o.out[n].From = from // a status that tells of a transition
		}
	} else {
		o.report.Dropped++
	}
	return r.refresh(0, c)
}

// maxRepairs is how many rules an event can break one after the other.
const maxRepairs = 6

// amend makes good that c's event breaks a rule. It reports false if that
// cannot be.
func (o *ordering) amend(c *cursor, t *thread, v verdict) bool {
	switch v {
	case blocked:
		return o.unblock(c, t)
	case wantsProc:
		// Nothing but this event depends on which one it is.
		if t.id == None || c.typ == EvProcStop || c.typ >= EvGCSweepBegin && c.typ <= EvGCSweepEnd {
			return false
		}
		t.lost = true
	case wantsNoGoroutine:
		t.g = None // what became of it is still to be told
	case goroutineUnknown:
		id := t.g
		if c.typ == EvGCMarkAssistActive {
			id = int64(c.args[0])
		}
		o.goroutines.add(id, o.presupposed(c.typ), o.ordinal)
	case goroutineExists:
		id := int64(c.args[0])
		o.unbind(id)
		o.goroutines.remove(o.goroutines.find(id))
	case goroutineIsNew:
		o.goroutines.add(int64(c.args[0]), goStatus(c.args[2]), o.ordinal)
	case goroutineStatusDiffers:
		g := o.goroutines.find(int64(c.args[0]))
		o.unbind(g.id)
		g.status = goStatus(c.args[2])
	case goroutineNotRunning, goroutineNotInSyscall:
		o.running(t).status = o.presupposed(c.typ)
	case goroutineOnOtherThread:
		o.unbind(int64(c.args[0]))
		o.thread(int64(c.args[1])).g = int64(c.args[0])
	case procUnknown:
		id := t.p
		if c.typ == EvGCSweepActive {
			id = int32(c.args[0])
		}
		if id == None {
			t.lost = t.lost && c.typ != EvProcStop
			return false // which proc it was cannot be known
		}
		p := o.addProc(id)
		p.status, p.gen, p.on = procRunning, o.ordinal, t
	case procStatusDiffers:
		o.takeProc(o.proc(int32(c.args[0]))).status = procStatus(c.args[1])
	case procNotRunning:
		o.proc(t.p).status = procRunning
	case procNotInSyscall:
		o.proc(t.p).status = procSyscall
	case procOnOtherThread, threadUnknown:
		o.proc(int32(c.args[0])).status = procAbandoned
	case sequenceBroken:
		p := o.proc(t.p)
		p.seq, p.gen = c.args[0]-1, o.ordinal
	case taskExists:
		delete(o.tasks, c.args[0])
	case rangeUnderWay:
		return o.endRange(c, t)
	case rangeNotUnderWay:
		return o.beginRange(c, t)
	case gcStateDiffers:
		o.gc = gcOn
		if c.typ == EvGCBegin || c.typ == EvGCActive && o.first {
			o.gc = gcOff
			if o.first {
				o.gc = gcUndetermined
			}
		}
		o.gcSeq = c.args[0] - 1
	default:
		return false
	}
	return true
}

// unblock puts what c's event is about into the state in which it can come.
func (o *ordering) unblock(c *cursor, t *thread) bool {
	switch c.typ {
	case EvGoStart, EvGoUnblock, EvGoSwitch, EvGoSwitchDestroy:
		id := int64(c.args[0])
		g := o.goroutines.find(id)
		if g == nil {
			g = o.goroutines.add(id, goRunnable, o.ordinal)
		} else if g.status == goRunning || g.status == goSyscall {
			if t.g == id && c.typ != EvGoStart {
				return false // it would wake itself
			}
			o.unbind(id)
		}
		g.status = goWaiting
		if c.typ == EvGoStart {
			g.status = goRunnable
		}
		g.gen, g.seq = o.ordinal, sequence(c.args[1])-1
	case EvProcStart:
		if t.p != None {
			o.takeProc(o.proc(t.p))
			t.p = None
		}
		o.wantProc(c).status = procIdle
	case EvProcSteal:
		o.wantProc(c).status = procAbandoned
	case EvGoSyscallEndBlocked:
		o.takeProc(o.proc(t.p))
		t.p = None
	case EvGCActive, EvGCBegin, EvGCEnd:
		o.gcSeq = c.args[0] - 1
		o.gc = gcOn
		if c.typ == EvGCBegin {
			o.gc = gcOff
		}
	default:
		return false
	}
	return true
}

// wantProc returns the proc that c's event is about, on no thread, and expecting
// the event's number.
func (o *ordering) wantProc(c *cursor) *proc {
	id := int32(c.args[0])
	p := o.proc(id)
	if p == nil {
		p = o.addProc(id)
	}
	o.takeProc(p)
	p.gen, p.seq = o.ordinal, c.args[1]-1
	return p
}

// takeProc takes p, if there is one, away from the thread that has it.
func (o *ordering) takeProc(p *proc) *proc {
	if p == nil {
		return p
	}
	if p.on != nil && p.on.p == p.id {
		p.on.p = None
	}
	p.status = procIdle
	return p
}

// unbind takes a goroutine from whichever threads run it. It looks at all of
// them, as long as repairs are not many.
func (o *ordering) unbind(id int64) {
	if o.searched += int64(len(o.threads)); o.searched > maxSearch {
		return
	}
	for _, t := range o.threads {
		if t.g == id {
			t.g = None
		}
	}
}

// maxSearch bounds the work of unbind in all.
const maxSearch = 1 << 24

// presupposed returns the status in which a goroutine that causes an event of
// a type must have been.
func (o *ordering) presupposed(typ Type) goStatus {
	switch typ {
	case EvGoSyscallEnd, EvGoSyscallEndBlocked, EvGoDestroySyscall:
		return goSyscall
	case EvGCMarkAssistActive:
		return goWaiting
	}
	return goRunning
}

// endRange forgets the range that c's event begins once more.
func (o *ordering) endRange(c *cursor, t *thread) bool {
	switch c.typ {
	case EvGCSweepBegin:
		o.proc(t.p).sweeping = false
	case EvGCSweepActive:
		o.proc(int32(c.args[0])).sweeping = false
	default:
		id := t.g
		if c.typ == EvGCMarkAssistActive {
			id = int64(c.args[0])
		}
		x := o.goroutines.more.of(o.goroutines.find(id))
		x.ranges = x.ranges[:0]
	}
	return true
}

// beginRange makes up the beginning of the range that c's event announces or
// ends.
func (o *ordering) beginRange(c *cursor, t *thread) bool {
	r := goRange{typ: EvGCMarkAssistBegin}
	g := o.running(t)
	switch c.typ {
	case EvGCSweepActive:
		o.proc(int32(c.args[0])).sweeping = true
		return true
	case EvGCSweepEnd:
		o.proc(t.p).sweeping = true
		return true
	case EvGCMarkAssistActive:
		g = o.goroutines.find(int64(c.args[0]))
	case EvSTWEnd:
		r.typ = EvSTWBegin
	}
	x := o.goroutines.more.of(g)
	x.ranges = append(x.ranges, r)
	return true
}

// skipMalformed goes on after what is no event: after it, if it is of an
// unknown type whose arguments can be found out, else with the next batch. It
// reports false if the reading is to stop.
func (r *Reader) skipMalformed(i int, c *cursor) bool {
	if !r.order.lenient {
		r.fail(r.order.gen.noEvent(c.thread))
		return false
	}
	r.skip(c)
	return r.refresh(i, c)
}

// skip moves c on to where an event or the end of the batch is.
func (r *Reader) skip(c *cursor) {
	o := &r.order
	typ := Type(c.chunk[c.start])
	if argCounts[typ] == notTimed {
		if n, ok := r.learner.args(typ, o.gen); ok {
			var numbers [1 + maxArgs]uint64
			if end := c.numbers(c.start+1, numbers[:1+n]); end <= c.end {
				o.report.Unknown++
				if !slices.Contains(o.report.Types, typ) {
					o.report.Types = append(o.report.Types, typ)
				}
				c.off = end
				c.base += o.gen.clock.nanoseconds(numbers[0])
				return
			}
		}
	}
	if in := r.split.input; o.gen.cut && c.end == in.end && c.chunk == in.chunks[in.last()] {
		r.split.damage = in.base + int64(c.start) // the event with which the input ends
	} else {
		o.report.Lost += int64(c.end - c.start)
	}
	c.off = c.end
}
