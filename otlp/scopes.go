package otlp

import (
	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// A scope is a stretch of a goroutine's time that is open: a region, or a task
// from its beginning on that goroutine. They may end in any order. Among open
// scopes, the innermost is the one that began last.
//
// Of the scopes of one tree of tasks on one goroutine, the innermost one gets
// the time, so that no task gets what a subtask has, and the tree gets nothing
// twice. Scopes of different trees know nothing of one another.
//
// What a task has on the goroutine that began it counts only if it ends there;
// see claim.
type scope struct {
	*node       // for what lies within
	mine   node // of a region
	kept   bool // a region has the node for itself
	in     view
	region bool
	nth    uint64 // among all, in the order in which they begin
	id     uint64 // of its task, or convert.NoTask

	g            *goroutine
	below, above *scope // of the goroutine

	task         *task  // whose time it is; nil: of none that is open
	at           int    // its place in task.scopes
	outer, inner *scope // of the same tree on the goroutine

	start account.Totals // of the goroutine, at the beginning
	since account.Totals // when the scope last became the innermost, unless that was at the start
	again bool           // it was not
	own   account.Totals // as the innermost, before since

	claims []claim // of scopes that ended, while sc is pending
}

// A view is a trace in which a scope has a place.
type view uint8

const (
	viewNone      view = iota // it has none: goroutines have no spans
	viewGoroutine             // its goroutine's
	viewTask                  // a task's
)

// maxScopes bounds how far into a goroutine's scopes anything looks: programs
// that forget to end their tasks make them many.
const maxScopes = 32

// push opens a scope on g, as the innermost. t is the task to which its time
// goes, if that is open.
func (s *Sink) push(g *goroutine, t *task, now convert.Time) *scope {
	var sc *scope
	if n := len(s.scopes); n > 0 {
		sc, s.scopes = s.scopes[n-1], s.scopes[:n-1]
	} else {
		sc = new(scope)
	}
	s.scopesSeen++
	sc.g, sc.task, sc.nth = g, t, s.scopesSeen
	sc.below = g.top
	if g.top == nil {
		s.tasked = append(s.tasked, g)
		g.tasked = len(s.tasked)
	} else {
		g.top.above = sc
	}
	g.top = sc
	g.account.At(&s.world, now, &sc.start)
	if t == nil {
		return sc
	}
	sc.at = len(t.scopes)
	t.scopes = append(t.scopes, sc)
	if o := sc.findOuter(t.root); o != nil {
		o.settle(&sc.start)
		o.inner, sc.outer = sc, o
	}
	t.root.latest = sc
	return sc
}

// findOuter returns the innermost scope of a tree on the goroutine of sc, which
// is new, or nil: mostly it is the tree's latest.
func (sc *scope) findOuter(root *task) *scope {
	if o := root.latest; o != nil && o.g == sc.g && o.inner == nil {
		return o
	}
	for i, o := 0, sc.below; o != nil && i < maxScopes; i, o = i+1, o.below {
		if o.task != nil && o.task.root == root && o.inner == nil {
			return o
		}
	}
	return nil
}

// settle adds to sc.own what it got since it became the innermost.
func (sc *scope) settle(now *account.Totals) {
	since := &sc.start
	if sc.again {
		since = &sc.since
	}
	sc.own.AddBetween(since, now)
}

// detach takes sc from its task, which gets no more of its time. What it got so
// far is sc.own.
func (sc *scope) detach(now *account.Totals) {
	if sc.inner == nil {
		sc.settle(now)
	} else {
		sc.inner.outer = sc.outer
	}
	if o := sc.outer; o != nil {
		o.inner = sc.inner
		if o.inner == nil {
			o.since.Set(now)
			o.again = true
		}
	}
	t := sc.task
	if t.root.latest == sc {
		t.root.latest = sc.outer
	}
	last := len(t.scopes) - 1
	t.scopes[sc.at] = t.scopes[last]
	t.scopes[sc.at].at = sc.at
	t.scopes = t.scopes[:last]
	sc.task, sc.inner = nil, nil
}

// remove takes a scope that is detached, or never had a task, from its
// goroutine, and keeps it for later use. A region that ends before what began
// within it is not used again: what is folded there refers to its node.
func (s *Sink) remove(sc *scope) {
	g := sc.g
	again := !sc.region || sc.above == nil
	if sc.below != nil {
		sc.below.above = sc.above
	}
	if sc.above != nil {
		sc.above.below = sc.below
	} else {
		g.top = sc.below
	}
	if g.top == nil {
		last := len(s.tasked) - 1
		s.tasked[g.tasked-1] = s.tasked[last]
		s.tasked[g.tasked-1].tasked = g.tasked
		s.tasked[last] = nil
		s.tasked = s.tasked[:last]
		g.tasked = 0
	}
	if again && len(s.scopes) < maxFree {
		sc.clear()
		s.scopes = append(s.scopes, sc)
	}
}

// clear makes sc ready for use again, field by field: it is large, and most of
// it was not used. The node is set where one begins, start and since where they
// count.
func (sc *scope) clear() {
	sc.node, sc.mine.room = nil, nil
	sc.kept, sc.in, sc.region, sc.id = false, viewNone, false, convert.NoTask
	sc.g, sc.below, sc.above = nil, nil, nil
	sc.task, sc.at, sc.outer, sc.inner = nil, 0, nil, nil
	sc.again = false
	sc.own.Reset()
	sc.claims = sc.claims[:0]
}

// leaveScopes closes the scopes of a goroutine that ends. Its regions have
// ended. Tasks that it began can no more end on it, unless it ends with the
// trace.
func (s *Sink) leaveScopes(g *goroutine, r *convert.Record) {
	if g.top == nil {
		return
	}
	g.account.At(&s.world, r.Time, &s.now)
	for g.top != nil {
		sc := g.top
		if t := sc.task; t != nil {
			stays := r.Flags&convert.OpenEnd != 0
			s.resolve(sc, stays)
			sc.detach(&s.now)
			t.begun = nil
			if stays {
				t.credit(sc)
			} else {
				t.held = nil
			}
		}
		s.remove(sc)
	}
}

// innermostTask returns the task in which g is at work, or nil.
func (g *goroutine) innermostTask() *task {
	for i, sc := 0, g.top; sc != nil && i < maxScopes; i, sc = i+1, sc.below {
		if sc.task != nil {
			return sc.task
		}
	}
	return nil
}
