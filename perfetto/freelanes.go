package perfetto

import (
	"sort"

	"github.com/trace2otel/trace2otel/convert"
)

// freeLanes are the free lanes of a group, in the order in which they became
// free. A lane that is taken again leaves a hole. Holes are skipped by a
// union-find forest with path halving, and removed once they are most.
// So taking a lane costs O(log n) amortized, wherever it is.
type freeLanes struct {
	all  []freeLane // ascending by until; the last is no hole
	free int        // of all
}

type freeLane struct {
	until convert.Time // end of the lane's last slice
	lane  *lane        // nil: a hole
	below int32        // of a hole: the nearest lane below is here, or further below
}

// add adds a lane whose last slice ends at t, which is no earlier than those of
// the others.
func (f *freeLanes) add(ln *lane, t convert.Time) {
	f.all = append(f.all, freeLane{until: t, lane: ln})
	f.free++
}

// take removes the lane that became free last among those that are free at t, or
// returns nil.
func (f *freeLanes) take(t convert.Time) *lane {
	n := len(f.all)
	if n > 0 && f.all[n-1].until > t { // t lies back
		n = sort.Search(n, func(i int) bool { return f.all[i].until > t })
	}
	i := f.filled(n - 1)
	if i < 0 {
		return nil
	}
	ln := f.all[i].lane
	f.all[i].lane, f.all[i].below = nil, int32(i-1)
	f.free--
	f.tidy()
	return ln
}

// filled returns the place of the nearest lane at or below place i, or -1.
func (f *freeLanes) filled(i int) int {
	for i >= 0 && f.all[i].lane == nil {
		if b := f.all[i].below; b >= 0 && f.all[b].lane == nil {
			f.all[i].below = f.all[b].below
		}
		i = int(f.all[i].below)
	}
	return i
}

// tidy removes the holes at the end, and all of them if they are most.
func (f *freeLanes) tidy() {
	n := len(f.all)
	for n > 0 && f.all[n-1].lane == nil {
		n--
	}
	f.all = f.all[:n]
	if n < 2*f.free+16 {
		return
	}
	kept := f.all[:0]
	for _, l := range f.all {
		if l.lane != nil {
			kept = append(kept, l)
		}
	}
	clear(f.all[len(kept):])
	f.all = kept
}
