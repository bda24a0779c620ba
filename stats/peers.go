package stats

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// A list is of single goroutines, with those that they had to do with: all are kept
// track of while they live, since they may be among these.
type list struct {
	match  *regexp.Regexp
	id     convert.GoID // what match is, if it is a number
	byID   bool
	all    map[convert.GoID]*listed // of those that live; nil: there is no list
	chosen longest[*listed]
}

// A listed goroutine may come to be listed.
type listed struct {
	id      convert.GoID
	name    string
	creator *listed // nil if there was none, or it had ended
	by      convert.GoID
	stack   convert.StackID
	start   time.Duration
	began   bool
	ended   bool
	times   Times
	wokenBy peers
	poller  int64
	woke    peers
}

// peers counts goroutines by what they had to do with one: each on its own, up
// to maxPeers, and those that come later by function.
type peers struct {
	few  []peer
	rest []peer // without a goroutine
}

type peer struct {
	*listed
	name  string
	count int64
}

// maxPeers is how many goroutines are told apart, and how many functions.
const maxPeers = 64

func newList(match *regexp.Regexp) list {
	l := list{match: match}
	if match == nil {
		return l
	}
	l.all = make(map[convert.GoID]*listed)
	if id, err := strconv.ParseInt(match.String(), 10, 64); err == nil {
		l.byID, l.id = true, convert.GoID(id)
	}
	return l
}

func (l *list) born(g *goroutine, r *convert.Record, start convert.Time) {
	n := &listed{id: g.id, name: r.Name, start: r.Start.Sub(start), by: r.By, stack: r.ByStack, began: r.Flags&convert.OpenStart == 0}
	if r.By != convert.NoGoroutine {
		n.creator = l.all[r.By]
	}
	l.all[g.id], g.listed = n, n
}

// woken takes the end of a wait.
func (l *list) woken(g *goroutine, r *convert.Record) {
	if r.By == convert.NoGoroutine {
		g.listed.poller++
		return
	}
	waker := l.all[r.By]
	if waker == nil {
		waker = &listed{id: r.By}
	}
	g.listed.wokenBy.add(waker)
	waker.woke.add(g.listed)
}

// add counts a goroutine.
func (p *peers) add(n *listed) {
	for i := range p.few {
		if p.few[i].listed == n {
			p.few[i].count++
			return
		}
	}
	if len(p.few) < maxPeers {
		p.few = append(p.few, peer{listed: n, count: 1})
		return
	}
	name := n.name
	if len(p.rest) == maxPeers {
		name = ""
	}
	for i := range p.rest {
		if p.rest[i].name == name {
			p.rest[i].count++
			return
		}
	}
	p.rest = append(p.rest, peer{name: name, count: 1})
}

// died notes the end of a goroutine, or of the trace.
func (l *list) died(g *goroutine, r *convert.Record, t *account.Totals) {
	n := g.listed
	delete(l.all, n.id)
	n.ended = r.Flags&convert.OpenEnd == 0
	if !l.matches(n) {
		n.wokenBy, n.woke, n.creator = peers{}, peers{}, nil
		return
	}
	n.times = timesOf(t)
	l.chosen.add(n.times.Total, n)
}

func (l *list) matches(n *listed) bool {
	if l.byID {
		return n.id == l.id
	}
	return l.match.MatchString(n.name)
}

// report returns the goroutines chosen.
func (s *Sink) reportGoroutines() (all []Goroutine) {
	for _, n := range s.list.chosen.all() {
		out := Goroutine{
			ID: n.id, Function: n.name, Start: n.start, Began: n.began, Ended: n.ended,
			CreatedAt: s.frames(n.stack), Times: n.times,
			WokenBy: n.wokenBy.report(), Poller: n.poller, Woke: n.woke.report(),
		}
		switch {
		case n.creator != nil:
			out.Creator = &Peer{n.by, n.creator.name, 1}
		case n.by != convert.NoGoroutine:
			out.Creator = &Peer{n.by, "", 1}
		}
		all = append(all, out)
	}
	slices.SortFunc(all, func(a, b Goroutine) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// report returns those who had most to do first.
func (p *peers) report() (all []Peer) {
	for _, f := range p.few {
		all = append(all, Peer{f.id, f.listed.name, f.count})
	}
	slices.SortStableFunc(all, func(a, b Peer) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Goroutine, b.Goroutine))
	})
	for _, r := range p.rest {
		all = append(all, Peer{convert.NoGoroutine, r.name, r.count})
	}
	return all
}
