package pprofout

import (
	"cmp"
	"slices"

	"github.com/trace2otel/trace2otel/convert"
)

// A compat makes one profile as "go tool trace -pprof" does.
type compat struct {
	rule   *rule
	totals totals
	lives  *lives

	// Waits that may have been of this kind: initial waits have no reason.
	unknown value
}

func newCompat(k Kind) *compat {
	c := &compat{rule: &rules[k]}
	c.lives = newLives(&c.totals)
	return c
}

// record takes the next record.
func (c *compat) record(r *convert.Record) {
	c.lives.follow(r)
	if r.Phase != convert.End {
		return
	}
	switch r.Kind {
	case convert.KindSyscall:
		if c.rule.classes&classSyscall != 0 {
			c.lives.add(r, r.Stack)
		}
	case convert.KindState:
		if class := classOf[r.State]; class&c.rule.classes == 0 || class&(classSyscall|classBlocked) != 0 {
			return
		}
		switch {
		case c.rule.reason != nil && (r.Name == "" || r.Name == convert.ReasonUnspecified):
			c.unknown = c.unknown.plus(value{1, r.Duration()})
		case c.rule.reason != nil && !c.rule.reason(r.Name):
		case c.rule.woken && r.ByStack != 0:
			c.lives.add(r, r.ByStack)
		default:
			c.lives.add(r, r.Stack)
		}
	}
}

// lives counts as "go tool trace -pprof" does. What it does, read in
// cmd/trace/pprof.go and main.go and internal/trace/summary.go of Go 1.26:
//
//  1. A sample runs from the event that tells of a state to the transition out
//     of it: not from an initial state's Start, but from its Seen; what is open
//     at the end is no sample, nor is what lasts no time.
//  2. A sample counts as far as it lies between its goroutine's StartTime and
//     EndTime. StartTime is its first run, or the beginning of time if it never
//     ran. A goroutine cannot run within a sample, so that a sample lies before
//     its first run, and is dropped, or after it, and counts whole.
//  3. Goroutines are known by their ids. When a goroutine comes again under an
//     id, as that of an extra M does with each callback from C, only the last
//     of its lives has a first run, and that holds for the samples of all.
//  4. The events after the last Sync of a trace that breaks off are dropped:
//     their samples, but not their first runs.
//
// EndTime needs no care: an exit ends the last sample, and a goroutine that
// waits "forever", which is an end to the summarizer, does not come back.
type lives struct {
	byID   map[convert.GoID]*life
	totals *totals // of goroutines that cannot come again, up to the last Sync

	gone    tally // the same, on its way there
	touched []*tally
}

// A life is a goroutine, and its samples until it is certain which count: if
// it ran, those since its first run; if not, all that there are of its id.
type life struct {
	ran           bool // in its present life
	inSyscall     bool // its last state
	before, since tally
}

// A tally holds samples, those since the last Sync apart.
type tally struct {
	settled, recent stackValues
	touched         bool // is in lives.touched
}

func newLives(t *totals) *lives {
	return &lives{byID: make(map[convert.GoID]*life), totals: t}
}

// follow learns from any record.
func (ls *lives) follow(r *convert.Record) {
	switch r.Kind {
	case convert.KindSync:
		ls.settle()
	case convert.KindGoroutine:
		ls.followLife(r)
	case convert.KindState:
		ls.followState(r)
	}
}

func (ls *lives) followLife(r *convert.Record) {
	l := ls.byID[r.G]
	switch r.Phase {
	case convert.Begin:
		if l == nil {
			l = new(life)
			ls.byID[r.G] = l
		}
		l.ran = false
	case convert.End:
		// Ids are not used again but for the goroutines of extra Ms, which
		// live for as long as a callback from C, and end within a syscall
		// (GoDestroySyscall).
		if l != nil && !l.inSyscall {
			ls.count(l)
			delete(ls.byID, r.G)
		}
	}
}

func (ls *lives) followState(r *convert.Record) {
	l := ls.byID[r.G]
	if l == nil {
		return
	}
	switch {
	case r.Phase == convert.End:
		l.inSyscall = r.State == convert.StateSyscall || r.State == convert.StateSyscallBlocked
	case r.State == convert.StateRunning && !l.ran:
		l.ran = true
		ls.move(&l.before, &l.since)
	}
}

// add adds the sample that r ends, if it is one.
func (ls *lives) add(r *convert.Record, stack convert.StackID) {
	d := r.Duration()
	l := ls.byID[r.G]
	if l == nil || d <= 0 || r.Flags&(convert.OpenEnd|convert.Unseen) != 0 {
		return
	}
	l.since.recent.add(stackValue{stack, value{1, d}})
	ls.touch(&l.since)
}

// count makes those of l's samples count that do.
func (ls *lives) count(l *life) {
	ls.move(&ls.gone, &l.since)
	if !l.ran {
		ls.move(&ls.gone, &l.before)
	}
}

// move moves what from holds to g.
func (ls *lives) move(g, from *tally) {
	if len(from.settled)+len(from.recent) == 0 {
		return
	}
	for _, s := range from.settled {
		g.settled.add(s)
	}
	for _, s := range from.recent {
		g.recent.add(s)
	}
	from.settled, from.recent = from.settled[:0], from.recent[:0]
	ls.touch(g)
}

// touch makes sure that g is settled at the next Sync.
func (ls *lives) touch(g *tally) {
	if !g.touched {
		g.touched = true
		ls.touched = append(ls.touched, g)
	}
}

// settle is due at each Sync: what came before it stands.
func (ls *lives) settle() {
	for _, g := range ls.touched {
		for _, s := range g.recent {
			g.settled.add(s)
		}
		g.recent, g.touched = g.recent[:0], false
	}
	ls.touched = ls.touched[:0]
	for _, s := range ls.gone.settled {
		ls.totals.add(s.stack, s.value)
	}
	ls.gone.settled = ls.gone.settled[:0]
}

// finish adds to the totals all that is held, but not the samples since the
// last Sync if the trace breaks off after it. Sums do not depend on the order
// of the map.
func (ls *lives) finish(broken bool) {
	for _, l := range ls.byID {
		ls.count(l)
	}
	if broken {
		ls.gone.recent = nil
	}
	ls.settle()
}

// stackValues are values by stack, of the few stacks of one goroutine, ascending.
type stackValues []stackValue

type stackValue struct {
	stack convert.StackID
	value
}

func (ss *stackValues) add(s stackValue) {
	i, found := slices.BinarySearchFunc(*ss, s.stack, func(s stackValue, id convert.StackID) int {
		return cmp.Compare(s.stack, id)
	})
	if !found {
		*ss = slices.Insert(*ss, i, stackValue{stack: s.stack})
	}
	(*ss)[i].value = (*ss)[i].plus(s.value)
}

// samples returns the samples of the profile, and the waits that may have been
// of its kind.
func (c *compat) samples(sum *convert.Summary) (samples []sample, unknown value) {
	c.lives.finish(sum.Loss != nil && sum.Loss.Broken)
	for id, v := range c.totals {
		if v.count != 0 {
			samples = append(samples, sample{sampleKey{stack: convert.StackID(id)}, v})
		}
	}
	return samples, c.unknown
}

// totals has the values of each stack, by its id. It grows with the stacks.
type totals []value

func (t *totals) add(stack convert.StackID, v value) {
	for len(*t) <= int(stack) {
		*t = append(*t, value{})
	}
	(*t)[stack] = (*t)[stack].plus(v)
}
