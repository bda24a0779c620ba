package otlp

import (
	"cmp"
	"maps"
	"slices"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
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
	counts     counts // of those that ended
	totals     account.Totals
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
	task    ref // in which it was created
	counts  counts
	account account.Account

	owners []owner // innermost last
	tasked int     // of owners, those that belong to a task
	mark   account.Totals
}

// counts are how often something happened to a goroutine, or to several.
type counts struct{ runs, waits, calls int64 }

func (c *counts) add(u counts) {
	c.runs += u.runs
	c.waits += u.waits
	c.calls += u.calls
}

// attrs adds the attributes of a life, or of several.
func (c *counts) attrs(s *span) {
	s.some(attrRuns, c.runs)
	s.some(attrWaits, c.waits)
	s.some(attrSyscalls, c.calls)
}

// goroutine begins and ends a goroutine's life.
func (s *Sink) goroutine(r *convert.Record) {
	switch r.Phase {
	case convert.Begin:
		g := &goroutine{id: r.G, name: r.Name, born: r.Start}
		if by := s.goroutines[r.By]; by != nil && s.o.Detail < DetailTasks {
			g.creator = s.known(by, r.ByStack)
			if t := by.inTask(); t != nil && t.kept {
				g.task = t.ref
			}
		}
		s.goroutines[r.G] = g
	case convert.Instant:
		if g := s.goroutines[r.G]; g != nil {
			g.learn(r.Name)
		}
	case convert.End:
		if g := s.goroutines[r.G]; g != nil {
			g.learn(r.Name)
			s.leaveOwners(g, r)
			if s.o.Detail < DetailTasks {
				s.endGoroutine(g, r)
			}
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

// known returns the span of a goroutine that was seen at stack, or nothing if
// that does not tell its start function: a place is for good.
func (s *Sink) known(g *goroutine, stack convert.StackID) ref {
	g.learn(s.stacks.root(stack))
	if g.node == nil && g.name == "" {
		return ref{}
	}
	return s.place(g).ref
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
	s.addLink(s.run.node, p.ref, linkPart)
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
	totals := g.account.Ended()
	s.span.life(totals)
	g.counts.attrs(&s.span)
	s.span.flags(r.Flags)
	s.span.link(g.creator, linkCreator)
	s.span.link(g.task, linkTask)
	s.finish(n)

	p.totals.Add(totals)
	p.counts.add(g.counts)
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
	s.span.life(&p.totals)
	p.counts.attrs(&s.span)
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
