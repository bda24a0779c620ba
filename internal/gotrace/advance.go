package gotrace

import "math"

// An ordering emulates the scheduler, to put events in order and to check
// them.
//
// advance and all that it calls either accept an event, change the state and
// put it out, or change nothing.
type ordering struct {
	state
	version  version
	lenient  bool
	stacks   *interner
	report   Report
	searched int64 // by unbind

	remembered [knownStrings]string // of the last complete generation
	guessed    map[uint64]uint32    // slots of strings that are not in the table

	gen         *generation
	generations uint32 // so far
	ordinal     uint32 // of this one; no other if the one before has its number
	first       bool   // things may be heard of that were there before
	squeeze     bool   // times are as Go has them: statuses may be late
	sync        int64  // when the generation began
	latest      int64  // time of all events put out, late ones included

	out      [maxEvents + maxOut]Event
	n        int   // put out
	flags    Flags // of the next event
	allFlags Flags // of all events of the generation
}

// maxOut is the most events that one event of the wire becomes.
const maxOut = 3

// advance looks whether c's event may come next, and if so makes it happen.
func (o *ordering) advance(c *cursor) verdict {
	c.thread.known = true
	return rules[c.typ](o, c, c.thread)
}

// rules has for each type of event what advance does.
var rules = [256]func(o *ordering, c *cursor, t *thread) verdict{
	EvGoStart:             (*ordering).goStart,
	EvGoBlock:             (*ordering).goEnd,
	EvGoStop:              (*ordering).goEnd,
	EvGoDestroy:           (*ordering).goDestroy,
	EvGoUnblock:           (*ordering).goUnblock,
	EvProcStart:           (*ordering).procStart,
	EvProcStop:            (*ordering).procStop,
	EvProcSteal:           (*ordering).procSteal,
	EvProcStatus:          (*ordering).procStatus,
	EvGoSyscallBegin:      (*ordering).syscallBegin,
	EvGoSyscallEnd:        (*ordering).syscallEnd,
	EvGoSyscallEndBlocked: (*ordering).syscallEndBlocked,
	EvGoCreate:            (*ordering).goCreate,
	EvGoCreateBlocked:     (*ordering).goCreate,
	EvGoCreateSyscall:     (*ordering).goCreateSyscall,
	EvGoDestroySyscall:    (*ordering).goDestroySyscall,
	EvGoSwitch:            (*ordering).goSwitch,
	EvGoSwitchDestroy:     (*ordering).goSwitch,
	EvGoStatus:            (*ordering).goStatus,
	EvGoStatusStack:       (*ordering).goStatus,
	EvHeapAlloc:           (*ordering).heap,
	EvHeapGoal:            (*ordering).heap,
	EvProcsChange:         (*ordering).procsChange,
	EvUserTaskBegin:       (*ordering).taskBegin,
	EvUserTaskEnd:         (*ordering).taskEnd,
	EvUserRegionBegin:     (*ordering).region,
	EvUserRegionEnd:       (*ordering).region,
	EvUserLog:             (*ordering).log,
	EvGoLabel:             (*ordering).label,
	EvGCActive:            (*ordering).mark,
	EvGCBegin:             (*ordering).mark,
	EvGCEnd:               (*ordering).mark,
	EvGCSweepActive:       (*ordering).sweep,
	EvGCSweepBegin:        (*ordering).sweep,
	EvGCSweepEnd:          (*ordering).sweep,
	EvSTWBegin:            (*ordering).rangeBegin,
	EvGCMarkAssistBegin:   (*ordering).rangeBegin,
	EvSTWEnd:              (*ordering).rangeEnd,
	EvGCMarkAssistEnd:     (*ordering).rangeEnd,
	EvGCMarkAssistActive:  (*ordering).assistActive,
	EvSpan:                (*ordering).experimental,
	EvSpanAlloc:           (*ordering).experimental,
	EvSpanFree:            (*ordering).experimental,
	EvHeapObject:          (*ordering).experimental,
	EvHeapObjectAlloc:     (*ordering).experimental,
	EvHeapObjectFree:      (*ordering).experimental,
	EvGoroutineStack:      (*ordering).experimental,
	EvGoroutineStackAlloc: (*ordering).experimental,
	EvGoroutineStackFree:  (*ordering).experimental,
}

// put puts out c's event, in the context of its thread.
func (o *ordering) put(c *cursor, t *thread) *Event {
	e := &o.out[o.n]
	o.n++
	flags := o.flags
	o.flags = o.allFlags
	e.Time = c.base
	e.G, e.M, e.P = t.g, t.id, t.p
	e.Type, e.Flags = c.typ, flags
	e.ID, e.B, e.C = 0, 0, 0
	e.Stack, e.Name = 0, 0
	e.From, e.To = Undetermined, Undetermined
	return e
}

// succeeds reports whether an event with a sequence number follows directly on
// what the goroutine's last one was.
func (o *ordering) succeeds(seq uint64, g *goroutine) bool {
	return g.gen == o.ordinal && seq == uint64(g.seq)+1
}

// inGoroutine is what events demand that goroutines cause.
func inGoroutine(t *thread) verdict {
	switch {
	case t.id == None:
		return wantsThread
	case t.p == None && !t.lost:
		return wantsProc
	case t.g == None:
		return wantsGoroutine
	}
	return accepted
}

// actor returns the goroutine that t runs, of events that demand that one in
// this status causes them.
func (o *ordering) actor(t *thread, status goStatus) (*goroutine, verdict) {
	if g := o.goroutines.at(t.slot); g.id == t.g && g.status == status && t.g != None && t.p != None {
		return g, accepted
	}
	return o.findActor(t, status)
}

func (o *ordering) findActor(t *thread, status goStatus) (*goroutine, verdict) {
	if v := inGoroutine(t); v != accepted {
		return nil, v
	}
	g := o.running(t)
	switch {
	case g == nil:
		return nil, goroutineUnknown
	case g.status == status:
		return g, accepted
	case status == goSyscall:
		return nil, goroutineNotInSyscall
	}
	return nil, goroutineNotRunning
}

// onProc is what events demand that a proc causes.
func onProc(t *thread) verdict {
	switch {
	case t.id == None:
		return wantsThread
	case t.p == None && !t.lost:
		return wantsProc
	}
	return accepted
}

func (o *ordering) heap(c *cursor, t *thread) verdict {
	size, ok := c.one()
	if !ok {
		return notAnEvent
	}
	if v := onProc(t); v != accepted {
		return v
	}
	o.put(c, t).B = size
	return accepted
}

func (o *ordering) procsChange(c *cursor, t *thread) verdict {
	procs, stackID, ok := c.two()
	if !ok {
		return notAnEvent
	}
	if v := inGoroutine(t); v != accepted {
		return v
	}
	stack, ok := o.stack(stackID)
	if !ok {
		return stackUnknown
	}
	e := o.put(c, t)
	e.B = procs
	e.Stack = stack
	return accepted
}

func (o *ordering) experimental(c *cursor, t *thread) verdict {
	if !c.all() {
		return notAnEvent
	}
	if t.id == None {
		return wantsThread
	}
	e := o.put(c, t)
	e.ID = int64(c.args[0])
	switch argCounts[c.typ] {
	case 3:
		e.B, e.C = c.args[1], c.args[2]
	case 2:
		e.B = c.args[1]
	}
	return accepted
}

// mark takes an event of the mark phase. Begin and end have a sequence number,
// since they may come from different threads.
func (o *ordering) mark(c *cursor, t *thread) verdict {
	if !c.all() {
		return notAnEvent
	}
	var stack uint32
	if c.typ == EvGCBegin {
		var ok bool
		if stack, ok = o.stack(c.args[1]); !ok {
			return stackUnknown
		}
	}
	initial := o.gc == gcUndetermined && (c.typ == EvGCBegin || c.typ == EvGCActive && o.first)
	if !initial {
		if c.typ == EvGCActive && o.first {
			return gcStateDiffers
		}
		if c.args[0] != o.gcSeq+1 {
			return blocked
		}
		if (o.gc == gcOn) == (c.typ == EvGCBegin) || o.gc == gcUndetermined {
			return gcStateDiffers
		}
		if v := inGoroutine(t); v != accepted && !o.lenient {
			return v
		}
	}
	o.gcSeq = c.args[0]
	o.gc = gcOn
	if c.typ == EvGCEnd {
		o.gc = gcOff
	}
	o.put(c, t).Stack = stack
	return accepted
}

// sweep takes an event of a sweep, which is bound to a proc.
func (o *ordering) sweep(c *cursor, t *thread) verdict {
	if !c.all() {
		return notAnEvent
	}
	id := t.p
	if c.typ == EvGCSweepActive {
		var ok bool
		if id, ok = procID(c.args[0]); !ok {
			return procInvalid
		}
	} else if v := onProc(t); v != accepted {
		return v
	}
	p := o.proc(id)
	if p == nil {
		return procUnknown
	}
	begins := c.typ == EvGCSweepBegin || c.typ == EvGCSweepActive && o.first
	switch {
	case begins && p.sweeping:
		return rangeUnderWay
	case !begins && !p.sweeping:
		return rangeNotUnderWay
	}
	var stack uint32
	if c.typ == EvGCSweepBegin {
		var ok bool
		if stack, ok = o.stack(c.args[0]); !ok {
			return stackUnknown
		}
	}
	p.sweeping = c.typ != EvGCSweepEnd
	e := o.put(c, t)
	e.ID = int64(id)
	e.Stack = stack
	if c.typ == EvGCSweepEnd {
		e.B, e.C = c.args[0], c.args[1]
	}
	return accepted
}

// rangeBegin begins a range that is bound to a goroutine.
func (o *ordering) rangeBegin(c *cursor, t *thread) verdict {
	if !c.all() {
		return notAnEvent
	}
	if v := inGoroutine(t); v != accepted {
		return v
	}
	g := o.running(t)
	if g == nil {
		return goroutineUnknown
	}
	r := goRange{typ: c.typ}
	stackArg := c.args[0]
	if c.typ == EvSTWBegin {
		stackArg = c.args[1]
		var ok bool
		if r.name, ok = o.text(c.args[0]); !ok {
			return stringUnknown
		}
	}
	stack, ok := o.stack(stackArg)
	if !ok {
		return stackUnknown
	}
	if g.more != 0 && o.goroutines.more.of(g).find(r) >= 0 {
		return rangeUnderWay
	}
	x := o.goroutines.more.of(g)
	x.ranges = append(x.ranges, r)
	e := o.put(c, t)
	e.ID = g.id
	e.Stack = stack
	e.Name = r.name.slot
	return accepted
}

// rangeEnd ends the first range of its type.
func (o *ordering) rangeEnd(c *cursor, t *thread) verdict {
	if v := inGoroutine(t); v != accepted {
		return v
	}
	g := o.running(t)
	switch {
	case g == nil:
		return goroutineUnknown
	case g.more == 0:
		return rangeNotUnderWay
	}
	x := o.goroutines.more.of(g)
	for i, r := range x.ranges {
		if r.typ != c.typ-1 {
			continue
		}
		last := len(x.ranges) - 1
		x.ranges[i] = x.ranges[last]
		x.ranges = x.ranges[:last]
		e := o.put(c, t)
		e.ID = g.id
		e.Name = o.slotOf(r.name)
		return accepted
	}
	return rangeNotUnderWay
}

// assistActive announces a mark assist, perhaps of another goroutine.
func (o *ordering) assistActive(c *cursor, t *thread) verdict {
	if !c.all() {
		return notAnEvent
	}
	g := o.goroutines.find(int64(c.args[0]))
	if g == nil {
		return goroutineUnknown
	}
	r := goRange{typ: EvGCMarkAssistBegin}
	active := g.more != 0 && o.goroutines.more.of(g).find(r) >= 0
	switch {
	case o.first && active:
		return rangeUnderWay
	case o.first:
		x := o.goroutines.more.of(g)
		x.ranges = append(x.ranges, r)
	case !active:
		return rangeNotUnderWay
	}
	o.put(c, t).ID = g.id
	return accepted
}

// find returns which of the ranges is r, or -1.
func (x *extra) find(r goRange) int {
	for i, other := range x.ranges {
		if other.typ == r.typ && other.name.s == r.name.s {
			return i
		}
	}
	return -1
}

// sequence returns a goroutine's sequence number in short. Those that do not
// fit in are never reached.
func sequence(seq uint64) uint32 { return uint32(min(seq, math.MaxUint32)) }
