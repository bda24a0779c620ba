package gotrace

import (
	"cmp"
	"math/bits"
	"slices"
)

// A prelude is what a look through a whole generation tells before its first
// event is put out: a generation is in memory by then. Nothing is put in order
// for it: each thread's batches are passed over once, by the few types of events
// that say which goroutine runs, and the stacks of those goroutines that have no
// name yet.
//
// A goroutine, a proc or the garbage collector is announced at its first event of
// a generation. In the first one, what is announced has been there since the
// generation began, or since before.
type prelude struct {
	subjects subjects
	procs    []Event // announced, one for each, in the first generation
	ranges   []Event
	told     map[announcement]bool // which these are
	looked   bool                  // through the current generation
}

// A subject is a goroutine of which a generation tells.
type subject struct {
	id        int64
	m         int64  // where it is, if that is announced
	p         int32  // the same
	announced Status // its state when the generation began; Undetermined if it began later
	born      int    // the thread that created it in this generation: its number there, from 1
	named     bool   // stack is enough
	stack     uint32 // that names it
	own       uint32 // of the announcement
}

// An announcement is what an announced proc or range is told apart by.
type announcement struct {
	typ Type
	id  int64
}

// Prelude returns what was there when the trace began, as events that announce
// it, at that time: procs, then goroutines, both in the order of their ids, then the
// mark phase, sweeps and mark assists. It is to be called after the Sync of a
// generation; of all but the first, it returns nothing. Where the trace is damaged,
// more may be announced later.
func (r *Reader) Prelude() []Event {
	o := &r.order
	if !r.current || o.generations > 1 {
		return nil
	}
	p := &r.prelude
	if !p.looked {
		p.look(r)
	}
	slices.SortFunc(p.procs, byID)
	slices.SortFunc(p.ranges, func(a, b Event) int { return cmp.Or(cmp.Compare(a.Type, b.Type), byID(a, b)) })
	events := p.procs
	for i := range p.subjects.all {
		if s := &p.subjects.all[i]; s.announced != Undetermined {
			events = append(events, Event{
				Type: EvGoStatus, ID: s.id, To: s.announced, Stack: s.own, G: None, P: s.p, M: s.m,
			})
		}
	}
	slices.SortFunc(events[len(p.procs):], byID)
	events = append(events, p.ranges...)
	for i := range events {
		events[i].Time = o.sync
	}
	return events
}

func byID(a, b Event) int { return cmp.Compare(a.ID, b.ID) }

// Naming returns the stack that names a goroutine: one that begins with its start
// function, of those that the current generation has of it. It returns 0 if there
// is none.
func (r *Reader) Naming(id int64) uint32 {
	p := &r.prelude
	if !r.current {
		return 0
	}
	if !p.looked {
		p.look(r)
	}
	return p.subjects.all[p.subjects.find(id)].stack
}

// look passes over the current generation.
func (p *prelude) look(r *Reader) {
	p.looked = true
	p.subjects.reset()
	p.procs, p.ranges, p.told = p.procs[:0], p.ranges[:0], make(map[announcement]bool)
	l := look{prelude: p, order: &r.order, gen: r.order.gen, first: r.order.generations == 1}
	for i := range l.gen.lanes {
		lane := &l.gen.lanes[i]
		l.lane, l.thread, l.current, l.p, l.moved = i+1, lane.thread.id, 0, None, false
		for _, b := range lane.batches {
			l.batch(l.gen.chunks[b.chunk], int(b.off), int(b.off+b.size))
		}
	}
	r.order.flags = r.order.allFlags
}

// A look is one pass over a generation.
type look struct {
	*prelude
	order *ordering
	gen   *generation
	first bool // the generation is the trace's first

	lane    int
	thread  int64
	current uint32 // the subject that the thread runs, or 0
	p       int32  // the proc that it has
	moved   bool   // it took another than the one with which it began
	args    [1 + maxArgs]uint64
}

// What look does at an event.
type lookAct uint8

const (
	lookStack lookAct = 1 << iota // the last argument is a stack of the goroutine that runs
	lookEnd                       // the thread runs it no longer
	lookStart                     // the thread runs the first argument
	lookMore                      // see more
)

// looks has what look does at each type of event.
var looks = [256]lookAct{
	EvGoStart:             lookStart,
	EvGoSwitch:            lookStart,
	EvGoSwitchDestroy:     lookStart,
	EvGoBlock:             lookStack | lookEnd,
	EvGoStop:              lookStack | lookEnd,
	EvGoDestroy:           lookEnd,
	EvGoDestroySyscall:    lookEnd,
	EvGoSyscallEndBlocked: lookEnd,
	EvGoUnblock:           lookStack,
	EvGoSyscallBegin:      lookStack,
	EvSTWBegin:            lookStack,
	EvGCBegin:             lookStack,
	EvGCSweepBegin:        lookStack,
	EvGCMarkAssistBegin:   lookStack,
	EvProcsChange:         lookStack,
	EvUserTaskBegin:       lookStack,
	EvUserTaskEnd:         lookStack,
	EvUserRegionBegin:     lookStack,
	EvUserRegionEnd:       lookStack,
	EvUserLog:             lookStack,
	EvGoCreate:            lookMore | lookStack,
	EvGoCreateBlocked:     lookMore | lookStack,
	EvGoCreateSyscall:     lookMore,
	EvGoStatus:            lookMore,
	EvGoStatusStack:       lookMore,
	EvProcStatus:          lookMore,
	EvProcStart:           lookMore,
	EvProcStop:            lookMore,
	EvGCActive:            lookMore,
	EvGCSweepActive:       lookMore,
	EvGCMarkAssistActive:  lookMore,
}

// spares has, for each number of arguments, all bits set where no end of a number
// is to be taken away.
var spares = func() (m [256][maxArgs]uint64) {
	for n := range m {
		for i := n; i < maxArgs; i++ {
			m[n][i] = ^uint64(0)
		}
	}
	return m
}()

// batch passes over the events of a batch, up to what is no event: what follows
// on that is not known.
func (l *look) batch(b *chunk, off, end int) {
	for off < end {
		typ := Type(b[off])
		n := argCounts[typ]
		if n == notTimed {
			break
		}
		w := b.eight(off + 1)
		if typ == EvGoStart { // as often as all others that are not passed over
			_, rest, size := take(w)
			id, rest, k := take(rest)
			_, _, m := take(rest)
			if size += k + m; size <= 8 && off+1+size <= end {
				l.run(int64(id))
				off += 1 + size
				continue
			}
		}
		// A number ends with a byte whose top bit is clear. All but the last are
		// taken away, without a branch that depends on how many there are.
		ends := ^w & tops
		m := &spares[n]
		ends &= (ends - 1) | m[0]
		ends &= (ends - 1) | m[1]
		ends &= (ends - 1) | m[2]
		ends &= (ends - 1) | m[3]
		size := bits.TrailingZeros64(ends)>>3 + 1
		act := looks[typ]
		if l.current == 0 {
			act &^= lookStack | lookEnd
		}
		switch {
		case ends == 0 || off+1+size > end:
			if size = l.long(b[off+1:end], int(n)); size == 0 {
				l.current = 0
				return
			}
		case act&^lookEnd != 0:
			l.short(w, int(n))
		}
		off += 1 + size
		if act == 0 {
			continue
		}
		if act&lookStack != 0 {
			l.name(l.current, l.args[n], typ != EvGoStop)
		}
		switch {
		case act&lookStart != 0:
			l.run(int64(l.args[1]))
		case act&lookMore != 0:
			l.more(typ)
		case act&lookEnd != 0:
			l.current = 0
		}
	}
	if off < end {
		l.current = 0
	}
}

// short reads the time and the n arguments of an event from w.
func (l *look) short(w uint64, n int) {
	for i := 0; i <= n; i++ {
		var v uint64
		size := uint(bits.TrailingZeros64(^w&tops)>>3 + 1)
		for k := uint(0); k < size; k++ {
			v |= w & 0x7f << (7 * k)
			w >>= 8
		}
		l.args[i] = v
	}
}

// long reads them from b, and returns how many bytes they have: 0 if they are no
// numbers.
func (l *look) long(b []byte, n int) int {
	off := 0
	for i := 0; i <= n; i++ {
		v, size := uvarint(b[off:])
		if size == 0 {
			return 0
		}
		l.args[i] = v
		off += size
	}
	return off
}

// run makes id the goroutine that the thread runs.
func (l *look) run(id int64) {
	l.current = l.subjects.of(id)
	l.settle()
}

// settle forgets which goroutine the thread runs if nothing of it is of interest.
func (l *look) settle() {
	if l.subjects.all[l.current].named {
		l.current = 0
	}
}

// name takes a stack of a subject. One that is not sure may not reach to the root;
// it has to do if there is no other.
func (l *look) name(n uint32, stack uint64, sure bool) {
	s := &l.subjects.all[n]
	if s.named || stack == 0 || !sure && s.stack != 0 {
		return
	}
	num, _ := l.order.stack(stack)
	if num == 0 || l.order.stacks.root(num) == "" {
		return
	}
	s.stack, s.named = num, sure
	l.settle()
}

// more takes the events that announce something, or create it.
func (l *look) more(typ Type) {
	a := &l.args
	switch typ {
	case EvGoCreate, EvGoCreateBlocked:
		l.name(l.create(), a[2], true)
	case EvGoCreateSyscall:
		l.current = l.create()
		l.settle()
	case EvGoStatus, EvGoStatusStack:
		l.goStatus(typ)
	case EvProcStatus:
		l.procStatus()
	case EvProcStart:
		if id, ok := procID(a[1]); ok {
			l.p, l.moved = id, true
		}
	case EvProcStop:
		l.p = None
	case EvGCActive:
		l.active(typ, 0)
	case EvGCSweepActive, EvGCMarkAssistActive:
		l.active(typ, int64(a[1]))
	}
}

// create returns the subject that an event creates.
func (l *look) create() uint32 {
	n := l.subjects.of(int64(l.args[1]))
	l.subjects.all[n].born = l.lane
	return n
}

func (l *look) goStatus(typ Type) {
	id, m, status := int64(l.args[1]), int64(l.args[2]), goStatus(l.args[3])
	if l.args[3] == 0 || l.args[3] >= uint64(goStatuses) {
		return
	}
	n := l.subjects.of(id)
	s := &l.subjects.all[n]
	if l.first && s.announced == Undetermined && s.born != l.lane {
		s.announced, s.m, s.p = status.status(), None, None
		switch {
		case status == goRunning:
			s.m, s.p = l.thread, l.p
		case status == goSyscall:
			if s.m = m; m == l.thread && !l.moved {
				s.p = l.p
			}
		}
		if typ == EvGoStatusStack {
			s.own, _ = l.order.stack(l.args[4])
		}
	}
	if typ == EvGoStatusStack {
		l.name(n, l.args[4], true)
	}
	if l.thread != None && (status == goRunning || status == goSyscall && m == l.thread) {
		l.current = n
		l.settle()
	}
}

func (l *look) procStatus() {
	id, ok := procID(l.args[1])
	status := procStatus(l.args[2])
	if !ok || l.args[2] == 0 || l.args[2] >= uint64(procStatuses) {
		return
	}
	has := l.thread != None && (status == procRunning || status == procSyscall)
	if has {
		l.p = id
	}
	if l.announced(EvProcStatus, int64(id)) {
		e := Event{Type: EvProcStatus, ID: int64(id), To: status.status(), G: None, P: None, M: None}
		if has {
			e.M = l.thread
		}
		l.procs = append(l.procs, e)
	}
}

func (l *look) active(typ Type, scope int64) {
	if l.announced(typ, scope) {
		l.ranges = append(l.ranges, Event{Type: typ, ID: scope, G: None, P: None, M: None})
	}
}

// announced reports whether this is the first that is announced of a proc or range
// of the first generation, and takes note of it.
func (l *look) announced(typ Type, id int64) bool {
	key := announcement{typ, id}
	if !l.first || l.told[key] {
		return false
	}
	l.told[key] = true
	return true
}

// subjects finds the subjects of a generation by their ids, in a table like that
// of goroutines. The first of all is that of none.
type subjects struct {
	all   []subject
	slots []uint32
	shift uint // 64 - log2(len(slots))
	mul   uint64
}

func (ss *subjects) reset() {
	if ss.slots == nil {
		ss.mul = newMultiplier()
		ss.slots, ss.shift = make([]uint32, minSlots), 64-6
	}
	clear(ss.slots)
	ss.all = append(ss.all[:0], subject{named: true})
}

// slot returns where id is, or where it belongs.
func (ss *subjects) slot(id int64) *uint32 {
	mask := uint(len(ss.slots) - 1)
	for i := uint(uint64(id)>>3*ss.mul>>(ss.shift&63))&^7 | uint(id)&7; ; i++ {
		if n := &ss.slots[i&mask]; *n == 0 || ss.all[*n].id == id {
			return n
		}
	}
}

// find returns the number of a subject, 0 if there is none.
func (ss *subjects) find(id int64) uint32 {
	if ss.slots == nil {
		return 0
	}
	return *ss.slot(id)
}

// of returns the number of a subject, which may be a new one.
func (ss *subjects) of(id int64) uint32 {
	n := ss.slot(id)
	if *n == 0 {
		*n = uint32(len(ss.all))
		ss.all = append(ss.all, subject{id: id})
		if num := *n; len(ss.all)*3 > len(ss.slots)*2 {
			ss.grow()
			return num
		}
	}
	return *n
}

func (ss *subjects) grow() {
	ss.slots = make([]uint32, 2*len(ss.slots))
	clear(ss.slots) // as in goroutines.resize
	ss.shift--
	for n := range ss.all[1:] {
		*ss.slot(ss.all[n+1].id) = uint32(n + 1)
	}
}
