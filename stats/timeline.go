package stats

import (
	"math"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// A level is something of which there is a number at any time.
type level uint8

const (
	running   level = iota // goroutines on a P, not in a system call
	runnable               // goroutines ready for one
	waiting                // goroutines blocked
	inSyscall              // goroutines in a system call, with or without a P
	busy                   // procs that run
	maxProcs               // GOMAXPROCS

	numSteps // those above are shown over time

	collecting level = iota - 1 // procs on which the collector works in place of the program
	stopped                     // stops of the world under way
	stoppedGC                   // of these, the collector's own
	heap                        // live bytes
	goal                        // heap goal, in bytes
	numLevels

	none = numLevels // no level: what has just come, or is gone
)

// levelOf has the level that counts goroutines in a state.
var levelOf = [...]level{
	convert.StateNone:           none,
	convert.StateRunnable:       runnable,
	convert.StateRunning:        running,
	convert.StateWaiting:        waiting,
	convert.StateSyscall:        inSyscall,
	convert.StateSyscallBlocked: inSyscall,
	convert.StateIdle:           none,
}

// maxBins is how many steps a timeline has at most; at least half of them are
// used.
const maxBins = 240

// A timeline knows the levels at any time, and what follows from that.
type timeline struct {
	start, now convert.Time

	levels [numLevels]int64
	added  [numSteps]convert.Time // up to when a level is in the last bin

	width time.Duration // of a bin
	bins  []bin         // the last is now's
	end   convert.Time  // of the last bin

	queueMax  int64
	queueAt   convert.Time
	most      int64 // goroutines at a time
	mostAt    convert.Time
	procsMost int64
	early     float64 // integral of busy while GOMAXPROCS was not known

	wasting   bool // a goroutine is runnable and a proc is idle
	since     convert.Time
	wasted    time.Duration
	wastedMax time.Duration
	wastedAt  convert.Time

	mmu   mmu
	taken bool // how much the collector takes from the program has changed since now
}

// A bin is a step of the timeline.
type bin struct {
	sums       [numSteps]float64 // integrals
	most       int64             // of runnable
	heap, goal int64             // the most of the one, the last of the other
}

func (tl *timeline) begin(start convert.Time) {
	tl.start, tl.now = start, start
	tl.width = time.Microsecond
	tl.bins = append(make([]bin, 0, maxBins), bin{})
	tl.end = start + convert.Time(tl.width)
	tl.queueAt, tl.mostAt = start, start
	for l := range tl.added {
		tl.added[l] = start
	}
	tl.mmu.begin()
}

// move moves one from a level to another, at t.
func (tl *timeline) move(t convert.Time, from, to level) {
	if from == to {
		return
	}
	tl.advance(t)
	tl.taken = tl.taken || from == collecting || to == collecting || from >= stopped && to >= stopped
	if from < none {
		tl.add(from)
		tl.levels[from]--
	}
	if to < none {
		tl.add(to)
		tl.levels[to]++
	}
}

// mark adds one to a level from t on, or takes it away again.
func (tl *timeline) mark(t convert.Time, l level, on bool) {
	if on {
		tl.move(t, none, l)
	} else {
		tl.move(t, l, none)
	}
}

// set sets a level to a value.
func (tl *timeline) set(t convert.Time, l level, value int64) {
	tl.advance(t)
	tl.add(l)
	if l == maxProcs && tl.procsMost == 0 {
		tl.add(busy)
		tl.early = tl.integral(busy)
	}
	tl.levels[l] = value
	last := &tl.bins[len(tl.bins)-1]
	switch l {
	case heap:
		last.heap = max(last.heap, value)
	case goal:
		last.goal = value
	case maxProcs:
		tl.procsMost = max(tl.procsMost, value)
		tl.taken = true
		tl.mmu.known(tl.now)
	}
}

// add adds a level to the last bin, up to now, before it changes.
func (tl *timeline) add(l level) {
	if l < numSteps && tl.added[l] < tl.now {
		tl.bins[len(tl.bins)-1].sums[l] += float64(tl.now-tl.added[l]) * float64(tl.levels[l])
		tl.added[l] = tl.now
	}
}

// advance goes on to t: the levels hold from now to there. What changed at now
// has all been applied.
func (tl *timeline) advance(t convert.Time) {
	if t <= tl.now {
		return
	}
	l := &tl.levels
	if l[runnable] > tl.queueMax {
		tl.queueMax, tl.queueAt = l[runnable], tl.now
	}
	if live := l[running] + l[runnable] + l[waiting] + l[inSyscall]; live > tl.most {
		tl.most, tl.mostAt = live, tl.now
	}
	idle := l[runnable] > 0 && l[busy] < l[maxProcs] && l[stopped] == 0
	if idle != tl.wasting {
		tl.waste(idle)
	}
	if tl.taken && l[maxProcs] > 0 {
		tl.mmu.add(tl.now, l)
		tl.taken = false
	}
	last := &tl.bins[len(tl.bins)-1]
	last.most = max(last.most, l[runnable])
	for t > tl.end {
		tl.now = tl.end
		tl.addAll()
		tl.next()
	}
	tl.now = t
}

// addAll adds all levels to the last bin.
func (tl *timeline) addAll() {
	for l := range numSteps {
		tl.add(l)
	}
}

// integral returns that of a level up to where it was added last.
func (tl *timeline) integral(l level) (sum float64) {
	for i := range tl.bins {
		sum += tl.bins[i].sums[l]
	}
	return sum
}

// waste notes that procs idle while goroutines are runnable from now on, or do
// so no more.
func (tl *timeline) waste(idle bool) {
	tl.wasting = idle
	if idle {
		tl.since = tl.now
		return
	}
	d := tl.now.Sub(tl.since)
	tl.wasted += d
	if d > tl.wastedMax {
		tl.wastedMax, tl.wastedAt = d, tl.since
	}
}

// next begins another bin. If there are too many, two each become one.
func (tl *timeline) next() {
	if len(tl.bins) == maxBins {
		for i := range maxBins / 2 {
			b, second := tl.bins[2*i], &tl.bins[2*i+1]
			for j := range b.sums {
				b.sums[j] += second.sums[j]
			}
			b.most = max(b.most, second.most)
			b.heap = max(b.heap, second.heap)
			b.goal = second.goal
			tl.bins[i] = b
		}
		tl.bins = tl.bins[:maxBins/2]
		tl.width *= 2
	}
	tl.bins = append(tl.bins, bin{most: tl.levels[runnable], heap: tl.levels[heap], goal: tl.levels[goal]})
	tl.end += convert.Time(tl.width)
}

// finish ends the timeline with the trace.
func (tl *timeline) finish(end convert.Time) {
	tl.advance(end)
	tl.addAll()
	if tl.wasting {
		tl.waste(false)
	}
	tl.mmu.finish(tl.now)
}

// mean returns the mean of a level over a bin of length d, to four digits after
// the point.
func (b *bin) mean(l level, d float64) float64 {
	return math.Round(b.sums[l]/d*1e4) / 1e4
}

// report returns the steps.
func (tl *timeline) report() Timeline {
	out := Timeline{Step: tl.width}
	for i := range tl.bins {
		b := &tl.bins[i]
		d := float64(tl.width)
		if i == len(tl.bins)-1 {
			d = float64(tl.now - (tl.end - convert.Time(tl.width)))
			if d <= 0 {
				break
			}
		}
		out.Running = append(out.Running, b.mean(running, d))
		out.Runnable = append(out.Runnable, b.mean(runnable, d))
		out.Most = append(out.Most, b.most)
		out.Waiting = append(out.Waiting, b.mean(waiting, d))
		out.Syscall = append(out.Syscall, b.mean(inSyscall, d))
		out.Procs = append(out.Procs, b.mean(busy, d))
		out.MaxProcs = append(out.MaxProcs, b.mean(maxProcs, d))
		out.Heap = append(out.Heap, uint64(b.heap))
		out.Goal = append(out.Goal, uint64(b.goal))
	}
	return out
}
