package stats

import (
	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// A region is one under way.
type region struct {
	start account.Totals // of its goroutine
}

// A stay is the time of a goroutine in regions of a task that another goroutine
// began. Regions may overlap: it lasts while any of them is open.
type stay struct {
	regions int            // open
	start   account.Totals // of the goroutine
}

// region takes a record of one.
func (s *Sink) region(r *convert.Record) {
	g := s.goroutines.Get(r.G)
	if r.Phase == convert.Begin {
		if g != nil {
			s.enter(g, r)
		}
		return
	}
	sc := s.regionTypes.of(r.Name)
	sc.end(r, 0)
	if g == nil {
		return
	}
	g.account.At(&s.world, r.Time, &s.now)
	if in, ok := g.regions.Pop(r.ID); ok {
		s.endStay(g, r.Parent)
		s.now.Sub(&in.start)
		if len(s.spareRegions) < maxFree {
			s.spareRegions = append(s.spareRegions, in)
		}
	}
	sc.time.Add(&s.now)
}

// enter opens a region of a goroutine.
func (s *Sink) enter(g *goroutine, r *convert.Record) {
	var in *region
	if n := len(s.spareRegions); n > 0 {
		in, s.spareRegions = s.spareRegions[n-1], s.spareRegions[:n-1]
	} else {
		in = new(region)
	}
	g.account.At(&s.world, r.Time, &in.start)
	g.regions.Push(r.ID, in)

	// What the goroutine that began the task does is the task's anyway.
	if t := s.tasks[r.Parent]; t != nil && t.by != r.G {
		st := g.stays[r.Parent]
		if st == nil {
			if g.stays == nil {
				g.stays = make(map[uint64]*stay)
			}
			st = new(stay)
			st.start.Set(&in.start)
			g.stays[r.Parent] = st
		}
		st.regions++
	}
}

// endStay takes the end of a region of a task, at which its goroutine's time is
// s.now. If it is the last one, the task gets the time of the stay.
func (s *Sink) endStay(g *goroutine, task uint64) {
	st := g.stays[task]
	if st == nil {
		return
	}
	if st.regions--; st.regions > 0 {
		return
	}
	delete(g.stays, task)
	if t := s.tasks[task]; t != nil {
		t.time.AddBetween(&st.start, &s.now)
	}
}
