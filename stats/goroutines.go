package stats

import (
	"cmp"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
	"github.com/trace2otel/trace2otel/internal/index"
)

// A goroutine is one that lives.
type goroutine struct {
	id      convert.GoID
	fn      *function
	account account.Account

	level      level // in which the timeline counts it
	assisting  bool
	worker     bool // this time it runs as a dedicated or fractional worker
	idler      bool // likewise, as an idle one
	collecting bool // the timeline counts it as the collector's

	regions index.Stack[*region] // under way
	stays   map[uint64]*stay     // in tasks that others began
	listed  *listed              // nil unless it is to be listed by itself
}

// A function is what is known of its goroutines.
type function struct {
	name    string
	count   int64
	created int64
	exited  int64
	totals  account.Totals
	latency spread
	waits   []*wait
}

// A wait is a reason for which goroutines of a function waited.
type wait struct {
	reason string
	spread
}

// wait returns the spread for a reason.
func (f *function) wait(reason string) *spread {
	for i, w := range f.waits {
		if w.reason == reason {
			if i > 0 { // goroutines of one function mostly wait for the same again
				f.waits[i-1], f.waits[i] = w, f.waits[i-1]
			}
			return &w.spread
		}
	}
	if len(f.waits) >= maxReasons {
		reason = account.OtherReasons
		if last := f.waits[len(f.waits)-1]; last.reason == reason {
			return &last.spread
		}
	}
	w := &wait{reason: reason}
	f.waits = append(f.waits, w)
	return &w.spread
}

// maxReasons is as many as package account tells apart.
const maxReasons = 63

// goroutine takes a record of a goroutine's life.
func (s *Sink) goroutine(r *convert.Record) {
	switch r.Phase {
	case convert.Begin:
		g := s.newGoroutine(r.G, s.function(r.Name))
		if s.list.all != nil {
			s.list.born(g, r, s.start)
		}
	case convert.End:
		if g := s.goroutines.Get(r.G); g != nil {
			s.endGoroutine(g, r)
		}
	}
}

func (s *Sink) newGoroutine(id convert.GoID, fn *function) *goroutine {
	var g *goroutine
	if n := len(s.free); n > 0 {
		g, s.free = s.free[n-1], s.free[:n-1]
	} else {
		g = new(goroutine)
	}
	g.id, g.fn, g.level = id, fn, none
	s.goroutines.Set(id, g)
	return g
}

// function returns that of a name.
func (s *Sink) function(name string) *function {
	f := s.functions[name]
	if f == nil {
		f = &function{name: name}
		s.functions[name] = f
	}
	return f
}

func (s *Sink) endGoroutine(g *goroutine, r *convert.Record) {
	f := g.fn
	s.lead(r.Time, g, none)
	g.account.At(&s.world, r.Time, &s.now)
	f.totals.Add(&s.now)
	f.count++
	if r.Flags&convert.OpenStart == 0 {
		f.created++
	}
	if r.Flags&convert.OpenEnd == 0 {
		f.exited++
	}
	if g.listed != nil {
		s.list.died(g, r, &s.now)
	}
	s.goroutines.Delete(g.id)
	if len(s.free) < maxFree {
		g.account.Reset()
		g.regions.Clear()
		*g = goroutine{account: g.account, regions: g.regions}
		s.free = append(s.free, g)
	}
}

// maxFree bounds the goroutines kept for later use.
const maxFree = 1024

// state takes a record of a goroutine's states.
func (s *Sink) state(r *convert.Record) {
	g := s.goroutines.Get(r.G)
	if g == nil {
		return
	}
	g.account.Add(&s.world, r)
	if r.Phase == convert.Begin {
		s.lead(r.Start, g, levelOf[r.State])
		if r.State == convert.StateRunning && g.assisting {
			s.collects(r.Start, g, true)
		}
		return
	}
	if r.Flags&convert.Repaired != 0 {
		s.repaired++
	}
	switch r.State {
	case convert.StateRunning:
		switch {
		case g.worker:
			account.Plus(&s.gc.workers, r.Duration())
		case g.idler:
			account.Plus(&s.gc.idleMark, r.Duration())
		}
		g.worker, g.idler = false, false
		s.collects(r.Time, g, false)
	case convert.StateRunnable:
		s.countLatency(r)
		l := lengthOf(r.Duration(), r.Flags)
		g.fn.latency.add(&l, moment{r.G, r.Start, 0})
	case convert.StateWaiting:
		l := lengthOf(r.Duration(), r.Flags)
		reason := r.Reason()
		g.fn.wait(reason).add(&l, moment{r.G, r.Start, 0})
		s.places.wait(reason, r, &l)
	}
	if g.listed != nil && r.State == convert.StateWaiting && r.Flags&convert.OpenEnd == 0 {
		s.list.woken(g, r)
	}
}

// lead has the timeline count a goroutine as another level.
func (s *Sink) lead(t convert.Time, g *goroutine, to level) {
	s.timeline.move(t, g.level, to)
	g.level = to
}

// collects has the timeline count the proc of a goroutine as the collector's,
// or no longer so.
func (s *Sink) collects(t convert.Time, g *goroutine, collects bool) {
	if g.collecting != collects {
		s.timeline.mark(t, collecting, collects)
		g.collecting = collects
	}
}

// assist takes a record of a mark assist.
func (s *Sink) assist(r *convert.Record) {
	g := s.goroutines.Get(r.G)
	if g == nil {
		return
	}
	g.account.Add(&s.world, r)
	g.assisting = r.Phase == convert.Begin
	if g.level == running {
		s.collects(r.Time, g, g.assisting)
	}
}

// label takes the mode of a GC worker, which says what it runs as until it
// stops.
func (s *Sink) label(r *convert.Record) {
	g := s.goroutines.Get(r.G)
	if g == nil || g.level != running || !strings.HasPrefix(r.Name, workerLabel) {
		return
	}
	if g.idler = r.Name == idleWorker; !g.idler {
		g.worker = true
		s.collects(r.Time, g, true)
	}
}

// The labels of background mark workers (runtime/mgc.go).
const (
	workerLabel = "GC "
	idleWorker  = "GC (idle)"
)

// isSystem reports whether goroutines of a function are the runtime's own, as
// internal/trace does.
func isSystem(name string) bool {
	return name == "" || strings.HasPrefix(name, "runtime.") && name != "runtime.main"
}

// isSystem is likewise, but of a damaged trace, whose names may be what is
// lost, goroutines without a name are the program's.
func (s *Sink) isSystem(name string) bool { return isSystem(name) && (name != "" || !s.damaged) }

// reportFunctions returns the functions, those that did most first.
func (s *Sink) reportFunctions() []Function {
	var all []Function
	for _, f := range s.functions {
		if f.count == 0 {
			continue
		}
		out := Function{
			Name: f.name, System: s.isSystem(f.name), Count: f.count, Created: f.created, Exited: f.exited,
			Times: timesOf(&f.totals), Latency: f.latency.report(s.start),
		}
		for i := range out.Waits {
			for _, w := range f.waits {
				if w.reason == out.Waits[i].Reason {
					each := w.report(s.start)
					out.Waits[i].Each = &each
				}
			}
		}
		all = append(all, out)
	}
	slices.SortFunc(all, func(a, b Function) int {
		if a.System != b.System {
			if a.System {
				return 1
			}
			return -1
		}
		return cmp.Or(
			cmp.Compare(b.Total-b.Waiting, a.Total-a.Waiting),
			cmp.Compare(b.Total, a.Total),
			strings.Compare(a.Name, b.Name))
	})
	return all
}

// timesOf returns t as it is reported.
func timesOf(t *account.Totals) Times {
	out := Times{
		Total: t.Sum(), Running: t.Running, Assist: t.Assist, Runnable: t.Runnable, Stopped: t.Stopped,
		Syscall: t.Syscall, SyscallBlocked: t.SyscallBlocked, Waiting: t.Waiting(),
	}
	for _, w := range t.Waits {
		if w.Time != 0 {
			out.Waits = append(out.Waits, Wait{Reason: w.Reason, Time: w.Time})
		}
	}
	slices.SortFunc(out.Waits, func(a, b Wait) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), strings.Compare(a.Reason, b.Reason))
	})
	return out
}

// reportTotals returns the times of all goroutines but the runtime's own. The
// spread of each reason is over all of them.
func (s *Sink) reportTotals() Totals {
	var sum account.Totals
	var latency spread
	reasons := make(map[string]*spread)
	for _, name := range s.functionNames() {
		if s.isSystem(name) {
			continue
		}
		f := s.functions[name]
		sum.Add(&f.totals)
		latency.merge(&f.latency)
		for _, w := range f.waits {
			if reasons[w.reason] == nil {
				reasons[w.reason] = new(spread)
			}
			reasons[w.reason].merge(&w.spread)
		}
	}
	out := Totals{timesOf(&sum), latency.report(s.start)}
	for i := range out.Waits {
		if each := reasons[out.Waits[i].Reason]; each != nil {
			r := each.report(s.start)
			out.Waits[i].Each = &r
		}
	}
	return out
}
