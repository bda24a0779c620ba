package perfetto

import "github.com/trace2otel/trace2otel/convert"

// Flows selects arrows, between instants on the tracks of two goroutines: from
// what one did to the other to when that ran.
type Flows uint8

const (
	// FlowCreate is from a creation to the first run.
	FlowCreate Flows = 1 << iota

	// FlowWake is from the end of a wait to the next run.
	FlowWake
)

// startFlow begins an arrow from who made a goroutine runnable.
func (s *Sink) startFlow(r *convert.Record, g *goroutine) {
	g.flow = 0
	if r.By == convert.NoGoroutine || r.By == r.G || r.Flags&convert.OpenStart != 0 || !s.o.Only.shows(r.By) {
		return
	}
	kind, name := FlowWake, "wakes"
	if r.Prev == convert.StateNone {
		kind, name = FlowCreate, "creates"
	}
	if s.o.Flows&kind == 0 {
		return
	}
	s.flows++
	g.flow = s.flows
	e := event{
		typ: typeInstant, track: s.goroutine(r.By).track, category: catFlow, name: name, stack: r.ByStack,
		flow: g.flow,
	}
	e.arg(argGoroutine, int64(r.G))
	s.w.event(r.Time, &e)
}

// endFlow ends the arrow to a goroutine that runs now, if there is one.
func (s *Sink) endFlow(r *convert.Record, g *goroutine) {
	if g.flow == 0 {
		return
	}
	s.w.event(r.Time, &event{
		typ: typeInstant, track: g.track, category: catFlow, name: "runs", flow: g.flow, flowEnds: true,
	})
	g.flow = 0
}
