package stats

import (
	"cmp"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// A scope is all tasks or regions of one type.
type scope struct {
	name       string
	each       spread
	time       account.Totals
	incomplete int64
}

// scopes are those of one sort, by type.
type scopes map[string]*scope

// of returns the one of a type. There are as many as the program has, or as a
// hostile trace likes: what exceeds maxScopes counts together.
func (ss scopes) of(name string) *scope {
	sc := ss[name]
	if sc == nil {
		if len(ss) >= maxScopes {
			name = otherTypes
			if ss[name] != nil {
				return ss[name]
			}
		}
		sc = &scope{name: name}
		ss[name] = sc
	}
	return sc
}

const (
	maxScopes  = 10000
	otherTypes = "other types"
)

// end counts one that ends with r. id is that of a task.
func (sc *scope) end(r *convert.Record, id uint64) {
	sc.each.addRecord(r, id)
	if r.Flags&(convert.OpenStart|convert.OpenEnd) != 0 {
		sc.incomplete++
	}
}

// A task is one under way.
type task struct {
	by    convert.GoID   // who began it
	start account.Totals // of the goroutine that began it
	time  account.Totals // of other goroutines, in its regions
}

// task takes a record of one.
func (s *Sink) task(r *convert.Record) {
	if r.Phase == convert.Begin {
		t := &task{by: r.G}
		if g := s.goroutines.Get(r.G); g != nil {
			g.account.At(&s.world, r.Time, &t.start)
		}
		s.tasks[r.ID] = t
		return
	}
	sc := s.taskTypes.of(r.TaskType())
	sc.end(r, r.ID)
	t := s.tasks[r.ID]
	if t == nil {
		return // begun before the trace: it is not known by whom
	}
	if g := s.goroutines.Get(r.G); g != nil && (r.By == r.G || r.Flags&convert.OpenEnd != 0) {
		g.account.At(&s.world, r.Time, &s.now)
		s.now.Sub(&t.start)
		sc.time.Add(&s.now)
	}
	sc.time.Add(&t.time)
	delete(s.tasks, r.ID)
}

// report returns the scopes, those that took most time first.
func (ss scopes) report(start convert.Time) (all []Scope) {
	for _, sc := range ss {
		all = append(all, Scope{
			Type: sc.name, Each: sc.each.report(start), Times: timesOf(&sc.time), Incomplete: sc.incomplete,
		})
	}
	slices.SortFunc(all, func(a, b Scope) int {
		return cmp.Or(cmp.Compare(b.Each.Sum, a.Each.Sum), cmp.Compare(b.Incomplete, a.Incomplete), strings.Compare(a.Type, b.Type))
	})
	return all
}
