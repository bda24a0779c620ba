package perfetto

import (
	"slices"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/index"
)

// The slices of a track must nest. Regions mostly do, but may overlap one
// another, and another goroutine may end one while its own waits. Which of them
// do shows when they end, so a region is written then, both its ends at once:
//
//   - A region that nests goes to its goroutine's track.
//   - If a region ends before others that began within it, those go to lanes
//     below the track.
//   - If a region ends before a wait that began within it, it goes to a lane.
//
// trace_processor sorts packets by time, and those of one time stay in their
// order. So a region's beginning is written at once where another slice begins
// on the track at the same time. If such a region then does not nest, the slices
// above it on the track are cut in two at its end.

// A region is one that is open.
type region struct {
	id    uint64
	begin convert.Time
	event event // of the begin
	apart bool  // it goes to a lane

	outer, inner *region // of those of its goroutine that are not apart
}

// openRegions are those of a goroutine. The zero value has none.
type openRegions struct {
	all     index.Stack[*region]
	top     *region   // the one that began last of those that are not apart
	written []*region // whose beginnings are on the track, outermost first
}

// mostWritten is how many regions of a goroutine may have their beginnings
// written at once: these are searched one by one.
const mostWritten = 64

// region takes the Begin or End of a region.
func (s *Sink) region(r *convert.Record) {
	s.reveal(r.Parent)
	g := s.goroutine(r.G)
	if g.regions == nil {
		g.regions = new(openRegions)
	}
	if r.Phase == convert.Begin {
		s.beginTogether(g, r.Time)
		rg := s.newRegion()
		*rg = region{id: r.ID, begin: r.Time, event: sliceBegin(r)}
		g.regions.push(rg)
		return
	}
	rg, ok := g.regions.all.Pop(r.ID)
	if !ok {
		e := sliceBegin(r)
		s.writeApart(s.lanesBefore(g), r, &e)
		return
	}
	if i := slices.Index(g.regions.written, rg); i >= 0 {
		s.endWritten(g, i, r)
	} else if rg.apart || g.crosses(rg) {
		s.writeApart(s.lanesOver(g), r, &rg.event)
	} else {
		g.regions.sendApart(rg)
		rg.event.track = g.track
		s.w.event(r.Start, &rg.event)
		s.endRegion(r, g.track)
	}
	if !rg.apart {
		g.regions.remove(rg)
	}
	s.spareRegions = append(s.spareRegions, rg)
}

func (rs *openRegions) push(rg *region) {
	rs.all.Push(rg.id, rg)
	if rg.outer = rs.top; rg.outer != nil {
		rg.outer.inner = rg
	}
	rs.top = rg
}

// remove removes rg from those that are not apart.
func (rs *openRegions) remove(rg *region) {
	if rg.inner != nil {
		rg.inner.outer = rg.outer
	} else {
		rs.top = rg.outer
	}
	if rg.outer != nil {
		rg.outer.inner = rg.inner
	}
	rg.outer, rg.inner = nil, nil
}

// setApart has rg go to a lane.
func (rs *openRegions) setApart(rg *region) {
	rs.remove(rg)
	rg.apart = true
}

func (s *Sink) newRegion() *region {
	n := len(s.spareRegions)
	if n == 0 {
		return new(region)
	}
	rg := s.spareRegions[n-1]
	s.spareRegions = s.spareRegions[:n-1]
	return rg
}

// endRegion writes the end of a region, on some track.
func (s *Sink) endRegion(r *convert.Record, track uint64) {
	if r.By == convert.NoGoroutine {
		s.w.end(r.Time, track, r.Flags)
		return
	}
	e := event{typ: typeEnd, track: track, flags: r.Flags, stack: r.ByStack}
	e.goroutineArg(argEnder, r.By)
	s.w.event(r.Time, &e)
}

// writeApart writes a slice that has ended to one of some lanes. begin is what is
// said at its beginning.
func (s *Sink) writeApart(l *lanes, r *convert.Record, begin *event) {
	ln := s.take(l, r.Start)
	begin.track = ln.track
	s.w.event(r.Start, begin)
	s.endRegion(r, ln.track)
	ln.release(r.Time)
}

// sendApart has the open regions that began within rg go to lanes. Each does so
// once: amortized O(1).
func (rs *openRegions) sendApart(rg *region) {
	for rs.top != nil && rs.top.id > rg.id {
		rs.setApart(rs.top)
	}
}

// crosses reports whether a slice that began after rg is open on the track: its
// end would be taken for that of rg.
func (g *goroutine) crosses(rg *region) bool {
	if n := len(g.open); n > 0 && g.open[n-1].begin >= rg.begin {
		return true
	}
	n := len(g.regions.written)
	return n > 0 && g.regions.written[n-1].id > rg.id
}

// endAround is called when a slice of g ends that is no region and began at since:
// regions that began within it, and are open, have no place on the track.
func (g *goroutine) endAround(since convert.Time) {
	if g.regions == nil {
		return
	}
	for rg := g.regions.top; rg != nil && rg.begin >= since; rg = g.regions.top {
		g.regions.setApart(rg)
	}
}

// beginTogether is called before a slice of g begins at t. It writes the Begins
// of the open regions that also began at t.
func (s *Sink) beginTogether(g *goroutine, t convert.Time) {
	if g.regions == nil {
		return
	}
	var together []*region // innermost first
	for rg := g.regions.top; rg != nil && rg.begin == t && !slices.Contains(g.regions.written, rg); rg = rg.outer {
		together = append(together, rg)
	}
	for _, rg := range slices.Backward(together) {
		if len(g.regions.written) == mostWritten {
			g.regions.setApart(rg)
			continue
		}
		g.regions.written = append(g.regions.written, rg)
		rg.event.track = g.track
		s.w.event(t, &rg.event)
	}
}

// endWritten ends the region at i of those whose beginnings are on the track.
// What is open on top of it there is cut in two.
func (s *Sink) endWritten(g *goroutine, i int, r *convert.Record) {
	rs := g.regions
	rs.sendApart(rs.written[i])
	rs.written = slices.Delete(rs.written, i, i+1)
	var over []*event // outermost first
	for _, inner := range rs.written[i:] {
		over = append(over, &inner.event)
	}
	for j := range g.open {
		if o := &g.open[j]; o.lane == nil && o.begin >= r.Start {
			e := o.event(g.track)
			over = append(over, &e)
		}
	}
	for range over {
		s.w.end(r.Time, g.track, 0)
	}
	s.endRegion(r, g.track)
	for _, e := range over {
		s.w.event(r.Time, e)
	}
}

// lanesBefore returns the lanes of what began before the trace and does not nest.
func (s *Sink) lanesBefore(g *goroutine) *lanes {
	if g.before == nil {
		g.before = &lanes{name: "begun before the trace", parent: g.track}
	}
	return g.before
}

// lanesOver returns the lanes of regions that do not nest.
func (s *Sink) lanesOver(g *goroutine) *lanes {
	if g.over == nil {
		g.over = &lanes{name: "overlapping regions", parent: g.track}
	}
	return g.over
}
