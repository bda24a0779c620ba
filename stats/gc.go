package stats

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// maxKept is how many cycles, stops and single goroutines are listed: the
// longest.
const maxKept = 1000

// The metrics that traces have (internal/trace/event.go).
const (
	metricHeap  = "/memory/classes/heap/objects:bytes"
	metricGoal  = "/gc/heap/goal:bytes"
	metricProcs = "/sched/gomaxprocs:threads"
)

// A collector gathers what the garbage collector did.
type collector struct {
	cycles    spread
	list      longest[Cycle]
	cycle     Cycle // under way, or the last
	heap      uint64
	heapMost  uint64
	goal      uint64
	stops     []*stopReason
	stopList  longest[Stop]
	workers   time.Duration
	idleMark  time.Duration
	sweep     time.Duration
	swept     uint64
	reclaimed uint64
}

// A stopReason is all stops for one reason.
type stopReason struct {
	reason   string
	stopping time.Duration
	spread
}

// gcCycle takes a record of a cycle.
func (c *collector) gcCycle(r *convert.Record, start convert.Time) {
	if r.Phase == convert.Begin {
		c.cycle = Cycle{Number: r.ID, Start: r.Start.Sub(start), HeapStart: c.heap}
		return
	}
	c.cycles.addRecord(r, 0)
	c.cycle.Time = r.Duration()
	c.cycle.HeapEnd, c.cycle.Goal = c.heap, c.goal
	c.cycle.Cut = r.Flags&(convert.OpenStart|convert.OpenEnd) != 0
	c.list.add(c.cycle.Time, c.cycle)
}

// mark takes the end of a mark phase.
func (c *collector) mark(r *convert.Record) {
	if c.cycle.Number == r.ID {
		c.cycle.Mark = r.Duration()
	}
}

// stop takes the end of a stop of the world.
func (c *collector) stop(r *convert.Record, start convert.Time) {
	i := slices.IndexFunc(c.stops, func(s *stopReason) bool { return s.reason == r.Name })
	if i < 0 && len(c.stops) == maxReasons {
		i = len(c.stops) - 1 // no runtime has as many
	}
	if i < 0 {
		i = len(c.stops)
		c.stops = append(c.stops, &stopReason{reason: r.Name})
	}
	stop := Stop{
		Reason: r.Name, Goroutine: r.G, Start: r.Start.Sub(start), Time: r.Duration(),
		Cut: r.Flags&(convert.OpenStart|convert.OpenEnd) != 0,
	}
	if r.Flags&convert.Stopped != 0 {
		stop.Stopping, stop.Known = time.Duration(r.ID), true
		account.Plus(&c.stops[i].stopping, stop.Stopping)
	}
	c.stops[i].addRecord(r, 0)
	c.stopList.add(stop.Time, stop)
}

// metric takes a value of one.
func (s *Sink) metric(r *convert.Record) {
	value := int64(min(r.ID, 1<<62))
	switch r.Name {
	case metricHeap:
		s.gc.heap, s.gc.heapMost = r.ID, max(s.gc.heapMost, r.ID)
		s.timeline.set(r.Time, heap, value)
	case metricGoal:
		s.gc.goal = r.ID
		s.timeline.set(r.Time, goal, value)
	case metricProcs:
		s.timeline.set(r.Time, maxProcs, value)
	}
}

// stw takes a record of a stop of the world.
func (s *Sink) stw(r *convert.Record) {
	s.timeline.mark(r.Time, stopped, r.Phase == convert.Begin)
	if isGCStop(r.Name) {
		s.timeline.mark(r.Time, stoppedGC, r.Phase == convert.Begin)
	}
	if r.Phase == convert.End {
		s.gc.stop(r, s.start)
	}
}

// isGCStop reports whether the collector stops the world for a reason
// (internal/trace/gc.go: isGCSTW).
func isGCStop(reason string) bool { return strings.Contains(reason, "GC") }

// longest keeps the longest of what it sees.
type longest[T any] struct {
	items []timed[T]
	more  int64
}

type timed[T any] struct {
	time time.Duration
	item T
}

// add keeps item if it is long enough. What comes first wins among equals.
func (l *longest[T]) add(d time.Duration, item T) {
	if len(l.items) == 2*maxKept {
		l.cut()
	}
	l.items = append(l.items, timed[T]{d, item})
}

// cut leaves the longest, in the order in which they came.
func (l *longest[T]) cut() {
	if len(l.items) <= maxKept {
		return
	}
	by := make([]int, len(l.items))
	for i := range by {
		by[i] = i
	}
	slices.SortStableFunc(by, func(i, j int) int { return cmp.Compare(l.items[j].time, l.items[i].time) })
	by = by[:maxKept]
	slices.Sort(by)
	for i, from := range by {
		l.items[i] = l.items[from]
	}
	l.more += int64(len(l.items) - maxKept)
	l.items = l.items[:maxKept]
}

// all returns what is kept.
func (l *longest[T]) all() (items []T) {
	l.cut()
	for _, t := range l.items {
		items = append(items, t.item)
	}
	return items
}
