package otlp

import (
	"cmp"
	"maps"
	"slices"

	"github.com/trace2otel/trace2otel/convert"
)

// A function is a goroutine start function, and the goroutines that ran it.
type function struct {
	name  string
	parts int
	part  *part // to which goroutines are being added
}

// A part is an OpenTelemetry trace of goroutines of one function. How many
// goroutines it takes is fixed, and room for all of them is set aside: their
// children share the rest.
type part struct {
	*node
	number     int
	goroutines int // added
	live       int
	full       bool
	last       convert.Time
	totals     totals // of those that ended
}

// partSize is how many goroutines a part takes at the most.
const partSize = 1000

func (l limits) partSize() int {
	return max(1, min(partSize, l.spans/5, l.bytes/2/promise))
}

// A goroutine is one that lives.
type goroutine struct {
	*node // nil until placed
	id    convert.GoID
	name  string
	born  convert.Time
	part  *part

	creator ref
	totals  totals
	regions []openRegion // outermost first
}

// totals say how a life divides up.
type totals struct {
	states [convert.StateIdle]total // by state
	waits  []wait                   // by reason, in the order of appearance
	calls  int64
}

type total struct{ n, ns int64 }

type wait struct {
	reason string
	total
}

// maxReasons bounds the reasons that a span tells apart.
const maxReasons = 16

func (t *totals) add(r *convert.Record) {
	if int(r.State) >= len(t.states) {
		return
	}
	one := total{1, int64(r.Duration())}
	t.states[r.State].add(one)
	if r.State == convert.StateWaiting {
		t.addWait(r.Reason(), one)
	}
}

func (t *totals) addWait(reason string, d total) {
	i := slices.IndexFunc(t.waits, func(w wait) bool { return w.reason == reason })
	switch {
	case i >= 0:
		t.waits[i].add(d)
	case len(t.waits) < maxReasons:
		t.waits = append(t.waits, wait{reason, d})
	case reason != otherReasons:
		t.waits[maxReasons-1].reason = otherReasons
		t.waits[maxReasons-1].add(d)
	}
}

// otherReasons stands for the reasons beyond maxReasons.
const otherReasons = "other reasons"

func (t *totals) addAll(u *totals) {
	for i := range u.states {
		t.states[i].add(u.states[i])
	}
	for _, w := range u.waits {
		t.addWait(w.reason, w.total)
	}
	t.calls += u.calls
}

func (t *total) add(u total) { t.n += u.n; t.ns += u.ns }

// attrs adds the attributes of a life, or of several.
func (t *totals) attrs(s *span) {
	s.int(attrRunning, t.states[convert.StateRunning].ns)
	s.int(attrRunnable, t.states[convert.StateRunnable].ns)
	s.int(attrWaiting, t.states[convert.StateWaiting].ns)
	s.int(attrSyscall, t.states[convert.StateSyscall].ns)
	s.int(attrSyscallBlocked, t.states[convert.StateSyscallBlocked].ns)
	s.some(attrRuns, t.states[convert.StateRunning].n)
	s.some(attrWaits, t.states[convert.StateWaiting].n)
	s.some(attrSyscalls, t.calls)
	slices.SortFunc(t.waits, func(a, b wait) int { return cmp.Compare(a.reason, b.reason) })
	for _, w := range t.waits {
		s.int(waitAttr(w.reason), w.ns)
	}
}

// goroutine begins and ends a goroutine's life.
func (s *Sink) goroutine(r *convert.Record) {
	switch r.Phase {
	case convert.Begin:
		g := &goroutine{id: r.G, name: r.Name, born: r.Start}
		if by := s.goroutines[r.By]; by != nil {
			by.learn(s.stacks.root(r.ByStack))
			g.creator = s.place(by).ref
		}
		s.goroutines[r.G] = g
	case convert.Instant:
		if g := s.goroutines[r.G]; g != nil {
			g.learn(r.Name)
		}
	case convert.End:
		if g := s.goroutines[r.G]; g != nil {
			g.learn(r.Name)
			s.endGoroutine(g, r)
			delete(s.goroutines, r.G)
		}
	}
}

// learn takes a goroutine's start function, where it was not known.
func (g *goroutine) learn(name string) {
	if g.name == "" {
		g.name = name
	}
}

// unknownFunction stands for a start function that the trace does not tell, or
// not before something needed the goroutine's span.
const unknownFunction = "unknown"

// place gives g a place in the trace of its start function, and returns it.
// This happens as late as possible: a name can come late.
func (s *Sink) place(g *goroutine) *node {
	if g.node != nil {
		return g.node
	}
	name := cmp.Or(g.name, unknownFunction)
	f := s.functions[name]
	if f == nil {
		f = &function{name: name}
		s.functions[name] = f
	}
	if f.part == nil {
		f.part = s.newPart(f, g.born)
	}
	p := f.part
	p.goroutines++
	p.live++
	p.start = min(p.start, g.born)
	g.part = p
	g.node = &node{
		ref:    ref{p.ref.trace, s.ids.span(idGoroutine, "", uint64(g.id), uint64(g.born))},
		parent: p.ref.id, start: g.born,
	}
	if p.goroutines == s.limits.partSize() {
		p.full = true
		f.part = nil
	}
	return g.node
}

func (s *Sink) newPart(f *function, start convert.Time) *part {
	f.parts++
	n := uint64(f.parts)
	p := &part{number: f.parts, last: start}
	p.node = s.root(s.ids.trace(idFunction, f.name, n), s.ids.span(idFunction, f.name, n), start)
	for range s.limits.partSize() {
		s.limits.insist(p.ref.trace)
	}
	return p
}

func (s *Sink) endGoroutine(g *goroutine, r *convert.Record) {
	n := s.place(g)
	p := g.part
	s.compose(n, cmp.Or(g.name, unknownFunction), kindGoroutine, r.Time)
	s.span.text(attrFunction, cmp.Or(g.name, unknownFunction))
	s.span.int(attrGoroutine, int64(g.id))
	if r.By != convert.NoGoroutine {
		s.span.int(attrCreator, int64(r.By))
	}
	g.totals.attrs(&s.span)
	s.span.flags(r.Flags)
	s.span.link(g.creator)
	s.finish(n)

	p.totals.addAll(&g.totals)
	p.last = max(p.last, r.Time)
	p.live--
	if p.full && p.live == 0 {
		s.endPart(cmp.Or(g.name, unknownFunction), p)
	}
}

// endPart writes the root of a part.
func (s *Sink) endPart(name string, p *part) {
	s.compose(p.node, name, kindFunction, p.last)
	s.span.text(attrFunction, name)
	s.span.int(attrGoroutines, int64(p.goroutines))
	s.span.int(attrPart, int64(p.number))
	p.totals.attrs(&s.span)
	s.finish(p.node)
}

// finishFunctions writes the roots of the parts that are not full, in the order
// of the functions' names.
func (s *Sink) finishFunctions() {
	for _, name := range slices.Sorted(maps.Keys(s.functions)) {
		if p := s.functions[name].part; p != nil {
			s.endPart(name, p)
		}
	}
}

// state adds a state to its goroutine's totals, and a proc's.
func (s *Sink) state(r *convert.Record) {
	if r.Phase != convert.End {
		return
	}
	if g := s.goroutines[r.G]; g != nil {
		g.totals.add(r)
	}
	if r.State == convert.StateSyscall && r.P != convert.NoProc {
		s.procOf(r.P, r.Start).syscall += int64(r.Duration())
	}
}

// syscall writes a system call, below its goroutine.
func (s *Sink) syscall(r *convert.Record) {
	g := s.goroutines[r.G]
	if r.Phase != convert.End || g == nil {
		return
	}
	g.totals.calls++
	n := s.place(g)
	if !s.leaf(n, s.ids.span(idSyscall, "", uint64(r.G), uint64(r.Start), uint64(r.Seen)), r, "syscall", kindSyscall) {
		return
	}
	s.span.int(attrGoroutine, int64(r.G))
	if r.P != convert.NoProc {
		s.span.int(attrProc, int64(r.P))
	}
	if r.M != convert.NoThread {
		s.span.int(attrThread, int64(r.M))
	}
	if blocked := int64(r.Duration()) - int64(r.ID); blocked > 0 {
		s.span.int(attrSyscallBlockedFor, blocked)
	}
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	s.finishLeaf(n)
}
