package otlp

import (
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

// A part is an OpenTelemetry trace of goroutines of one function. How many it
// takes, and how much room each has, its number says.
type part struct {
	node
	function   string
	number     int
	size       int  // goroutines that it takes
	each       room // for each
	goroutines int  // added
	live       int
	last       convert.Time
	times      account.Totals // of those that ended
	counts     counts
}

// unknownFunction stands for a start function that is not known.
const unknownFunction = "unknown"

// place gives g a span in the trace of its start function, if goroutines have
// spans.
func (s *Sink) place(g *goroutine) {
	if s.o.Detail >= DetailTasks {
		return
	}
	f := s.functions[g.name]
	if f == nil {
		f = &function{name: g.name}
		s.functions[g.name] = f
	}
	if f.part == nil {
		f.part = s.newPart(f, g.born)
	}
	p := f.part
	p.goroutines++
	p.live++
	p.start = min(p.start, g.born)
	g.part = p
	g.mine.share(&p.node, s.ids.span(idGoroutine, uint64(g.id), g.nth), g.born, p.each)
	g.node = &g.mine
	if p.goroutines == p.size {
		f.part = nil
	}
}

func (s *Sink) newPart(f *function, start convert.Time) *part {
	f.parts++
	n := uint64(f.parts)
	p := &part{function: f.name, number: f.parts, last: start}
	p.size, p.each = s.limits.share(f.parts)
	rest := s.limits.room()
	rest.take(p.size*p.each.spans, p.size*p.each.bytes)
	s.root(&p.node, s.ids.root(idFunction, f.name, n), start, rest)
	return p
}

// leave takes a goroutine that ended out of its part, and writes the part's
// root if it was the last.
func (s *Sink) leave(g *goroutine, times *account.Totals, end convert.Time) {
	p := g.part
	p.times.Add(times)
	p.counts.add(&g.counts)
	p.last = max(p.last, end)
	p.live--
	if p.goroutines == p.size && p.live == 0 {
		s.endPart(p)
	}
}

// endPart writes the root of a part.
func (s *Sink) endPart(p *part) {
	s.compose(&p.node, p.function, kindFunction, p.last)
	s.span.text(attrFunction, p.function)
	s.span.int(attrGoroutines, int64(p.goroutines))
	s.span.int(attrPart, int64(p.number))
	s.times(&s.own, &p.times)
	p.counts.attrs(&s.span)
	s.finish(&p.node)
}

// finishFunctions writes the roots of the parts that are not full, in the order
// of the functions' names.
func (s *Sink) finishFunctions() {
	for _, name := range slices.Sorted(maps.Keys(s.functions)) {
		if p := s.functions[name].part; p != nil {
			s.endPart(p)
		}
	}
}
