package stats

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// windows are those of the curve of minimum mutator utilization, ascending.
var windows = [...]time.Duration{
	10 * time.Microsecond, 20 * time.Microsecond, 50 * time.Microsecond,
	100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	1 * time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	1 * time.Second,
}

// An mmu computes minimum mutator utilization, as internal/trace/gc.go defines
// it: of a system as a whole, with stops, background workers and assists taken
// from the program.
type mmu struct {
	all, gc utilization // with every stop of the world, and with the collector's
	start   convert.Time
	on      bool // GOMAXPROCS is known, since start
}

func (m *mmu) begin() {
	m.all.begin()
	m.gc.begin()
}

// known notes that GOMAXPROCS is, from t on at the latest.
func (m *mmu) known(t convert.Time) {
	if !m.on {
		m.on, m.start = true, t
		m.all.change(t, 1)
		m.gc.change(t, 1)
	}
}

// add has the levels hold from t on.
func (m *mmu) add(t convert.Time, l *[numLevels]int64) {
	share := 1 - float64(min(l[collecting], l[maxProcs]))/float64(l[maxProcs])
	all, gc := share, share
	if l[stopped] > 0 {
		all = 0
	}
	if l[stoppedGC] > 0 {
		gc = 0
	}
	m.all.change(t, all)
	m.gc.change(t, gc)
}

func (m *mmu) finish(end convert.Time) {
	if m.on && end > m.start {
		m.all.finish(m.start, end)
		m.gc.finish(m.start, end)
	}
}

// report returns the curve; it is empty if GOMAXPROCS never was known.
func (m *mmu) report(end convert.Time) (curve []MMU) {
	if !m.on || end <= m.start {
		return nil
	}
	for i, w := range windows {
		curve = append(curve, MMU{Window: w, All: m.all.least(i), GC: m.gc.least(i), Short: w > end.Sub(m.start)})
	}
	return curve
}

// A utilization is a share that is constant between points, and the least mean
// of it over windows of each length.
//
// The mean over a window that slides is linear but where an edge of the window
// passes a point. So it is looked at where its end is at a point, and where its
// start is. Points that the start of the longest window has passed are dropped.
type utilization struct {
	points []point
	tails  [len(windows)]int     // the point at or before the window's start, from 1; 0: it is not in the trace yet
	low    [len(windows)]float64 // the least integral over a window of each length
}

func (u *utilization) begin() {
	for i, w := range windows {
		u.low[i] = float64(w)
	}
}

// least returns the least mean over windows of one length.
func (u *utilization) least(i int) float64 { return max(0, u.low[i]/float64(windows[i])) }

// A point is where the share becomes another.
type point struct {
	at    convert.Time
	sum   float64 // the integral up to at
	share float64 // from at on
}

// change sets the share from t on.
func (u *utilization) change(t convert.Time, share float64) {
	n := len(u.points)
	if n == 0 {
		u.points = append(u.points, point{t, 0, share})
		return
	}
	last := &u.points[n-1]
	switch {
	case last.share == share:
		return
	case last.at == t:
		last.share = share
		return
	}
	u.slide(t)
	u.points = append(u.points, point{t, last.upTo(t), share})
	u.drop()
}

// upTo returns the integral up to t, which is not past the next point.
func (p *point) upTo(t convert.Time) float64 { return p.sum + p.share*float64(t-p.at) }

// slide moves all windows until their ends are at t.
func (u *utilization) slide(t convert.Time) {
	last := u.points[len(u.points)-1]
	for i, w := range windows {
		if u.low[i] <= 0 && i < len(windows)-1 {
			continue // it cannot get lower; the longest also says what to drop
		}
		w := convert.Time(w)
		tail := u.tails[i]
		for tail < len(u.points) && u.points[tail].at+w <= t {
			if p := &u.points[tail]; p.at+w >= last.at {
				u.see(i, last.upTo(p.at+w)-p.sum)
			} // else: the end was before the last point, and was looked at then
			tail++
		}
		u.tails[i] = tail
		if tail > 0 {
			u.see(i, last.upTo(t)-u.points[tail-1].upTo(t-w))
		}
	}
}

// see looks at one place of a window.
func (u *utilization) see(i int, sum float64) {
	u.low[i] = min(u.low[i], sum)
}

// drop forgets the points that no window needs.
func (u *utilization) drop() {
	first := u.tails[len(windows)-1] - 1
	if first < 1024 || first < len(u.points)/2 {
		return
	}
	u.points = append(u.points[:0], u.points[first:]...)
	for i := range u.tails {
		u.tails[i] = max(0, u.tails[i]-first)
	}
}

// finish ends the trace. A window longer than that is as the whole trace.
func (u *utilization) finish(start, end convert.Time) {
	u.slide(end)
	for i, w := range windows {
		if d := end.Sub(start); w > d {
			u.low[i] = u.points[len(u.points)-1].upTo(end) / float64(d) * float64(w)
		}
	}
}
