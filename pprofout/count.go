package pprofout

import (
	"math/bits"

	"github.com/trace2otel/trace2otel/convert"
)

// settle counts what goes on with g, up to t, where it is now: it is about to
// go to another place. stack is g's at t, or 0 if that is not known.
func (l *ledger) settle(g *goroutine, t convert.Time, stack convert.StackID) {
	l.cutState(g, t, stack)
	l.cut(g, &g.life, t)
	for i := range g.ranges {
		l.cut(g, &g.ranges[i].stretch, t)
	}
}

// cut counts the piece of s up to t.
func (l *ledger) cut(g *goroutine, s *stretch, t convert.Time) {
	if pc, ok := s.cut(g.place, t); ok {
		l.count(g, s, &pc, s.stack, 0)
	}
}

// cutState counts the piece of g's state up to t, or keeps it until more is
// known of it: who ended the state, or where g ran.
func (l *ledger) cutState(g *goroutine, t convert.Time, stack convert.StackID) {
	s := &g.state
	pc, ok := s.cut(g.place, t)
	if stack != 0 {
		g.at = stack
	}
	switch {
	case !ok:
	case s.class == classRunning && stack != 0:
		l.countLoose(g, s, stack, 0)
		l.count(g, s, &pc, stack, 0)
	case s.class == classRunning || s.class&l.wakers != 0:
		s.loose.pieces = append(s.loose.pieces, pc)
	default:
		l.count(g, s, &pc, s.stack, 0)
	}
}

// finish counts what is left of s, which end ends: g was at stack then.
func (l *ledger) finish(g *goroutine, s *stretch, end *convert.Record, stack convert.StackID) {
	if s.class == 0 {
		return
	}
	if end.Flags&convert.Repaired != 0 {
		s.class = 0 // nobody knows how long it was
		s.loose.clear()
		return
	}
	var by convert.StackID
	if s.class&l.wakers != 0 {
		by = end.ByStack
	}
	l.countLoose(g, s, stack, by)
	if end.Time > s.since || !s.split {
		pc := piece{g.place, end.Time.Sub(s.since), s.flags}
		if end.Flags&convert.OpenEnd != 0 {
			pc.flags |= openEnd
		}
		l.count(g, s, &pc, stack, by)
	}
	switch {
	case s.last != noSlot:
		l.table.entries[s.last].count++
	case s.maybe != noSlot:
		l.table.entries[s.maybe].count++
	}
	s.class = 0
}

// count counts the length of pc, a piece of s.
func (l *ledger) count(g *goroutine, s *stretch, pc *piece, stack, by convert.StackID) {
	k := key{stack: stack, by: by, reason: s.reason, class: s.class, flags: pc.flags}
	switch at, sure := l.put(g, &pc.place, k, value{0, pc.length}); {
	case at == noSlot:
	case sure:
		s.last = at
	default:
		s.maybe = at
	}
}

// countLoose counts the pieces of s whose stack was not known.
func (l *ledger) countLoose(g *goroutine, s *stretch, stack, by convert.StackID) {
	for i := range s.loose.pieces {
		pc := &s.loose.pieces[i]
		if i < s.loose.listed {
			pc.listedRegion = true
		}
		l.count(g, s, pc, stack, by)
	}
	s.loose.clear()
}

// put adds v, of g at a place, to what k has, or puts it on hold; unless the
// filter leaves it out. It returns where it did, or noSlot, and whether the
// regions of g, which may be yet unknown, can still leave it out.
func (l *ledger) put(g *goroutine, p *place, k key, v value) (at slot, sure bool) {
	f := &l.filter
	switch {
	case g.skipped,
		f.task.on() && !p.listedTask,
		f.region.on() && !p.listedRegion && !g.early:
		return noSlot, false
	}
	k.task, k.region = p.task, p.region
	if !g.early || l.certain(p) {
		k.flags |= placed
	}
	return l.keep(g, k, v)
}

// certain reports whether nothing that is yet to be learnt of the regions of
// a goroutine changes what counts at p.
func (l *ledger) certain(p *place) bool {
	if l.filter.region.on() {
		return p.listedRegion
	}
	return p.region != 0
}

// keep adds v to what k has, if all is known; otherwise it puts it on hold.
func (l *ledger) keep(g *goroutine, k key, v value) (at slot, sure bool) {
	sure = k.flags&placed != 0 || !l.filter.region.on()
	if k.flags&placed != 0 {
		k.flags &^= placed
		k.fn, k.hold = g.name, 0
	} else {
		k.hold = g.hold
	}
	last := &g.recent[bits.TrailingZeros16(uint16(k.class))%len(g.recent)]
	if l.table.addAgain(*last, &k, v) {
		return *last, sure
	}
	at, fresh := l.table.add(k, v)
	if fresh && k.hold != 0 {
		lack := k.lacks()
		g.held[lack] = append(g.held[lack], at)
	}
	*last = at
	return at, sure
}

// release counts, at the end of g, what has been on hold: it was in no region of
// before.
func (l *ledger) release(g *goroutine) {
	for lack := range lacks {
		l.review(g, lack, func(e *entry) bool {
			e.flags |= placed
			return !l.filter.region.on()
		})
	}
}

// reveal takes the end of a region that began before the trace: all that is on
// hold for that was in it.
func (l *ledger) reveal(g *goroutine, end *convert.Record) {
	if !g.early {
		return // cannot be
	}
	p := place{
		region:       l.names.id(end.Name, convert.ReasonUnspecified),
		listedRegion: l.filter.region.matches(end.Name),
	}
	if end.Parent != convert.NoTask {
		p.task = l.unknown
	}
	g.state.loose.settle(&p)
	settle := func(e *entry) bool {
		at := place{task: e.task, region: e.region, listedRegion: p.listedRegion}
		at.settle(&p)
		e.task, e.region = at.task, at.region
		if l.certain(&at) {
			e.flags |= placed
		}
		return true
	}
	l.review(g, lacksRegion, settle)
	if p.listedRegion {
		l.review(g, lacksListed, settle)
	}
}

// settle makes p, where no region was known, a place in that of around.
func (p *place) settle(around *place) {
	if p.region == 0 {
		p.region = around.region
		if p.task == 0 {
			p.task = around.task
		}
	}
}

// review changes what is on hold for g because of what it lacks, and keeps what
// remains of it: nothing of that for which change reports false.
func (l *ledger) review(g *goroutine, lack lack, change func(e *entry) bool) {
	if len(g.held[lack]) == 0 {
		return
	}
	l.old = append(l.old[:0], g.held[lack]...)
	g.held[lack] = g.held[lack][:0]
	for _, was := range l.old {
		e := l.table.take(was)
		at, sure := noSlot, false
		if change(&e) && !g.skipped {
			at, sure = l.keep(g, e.key, e.value)
		}
		g.state.move(was, at, sure)
		g.life.move(was, at, sure)
		for i := range g.ranges {
			g.ranges[i].move(was, at, sure)
		}
	}
}

// move notes where a piece on hold has gone.
func (s *stretch) move(was, at slot, sure bool) {
	switch {
	case s.class == 0:
	case s.last == was:
		s.last = at
	case s.maybe != was:
	case sure:
		s.last, s.maybe = at, noSlot
	default:
		s.maybe = at
	}
}
