package stats

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// A history has all intervals of a trace, to work out anew, with all of them at
// hand, what the sink says.
type history struct {
	sinktest.Sums
	ends []convert.Record
	name map[convert.GoID]string // by the end; of the last, if ids are used again
}

func (h *history) Begin(t *convert.Trace) error {
	h.name = make(map[convert.GoID]string)
	return h.Sums.Begin(t)
}

func (h *history) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := b.Records[i]
		if r.Phase == convert.End {
			h.ends = append(h.ends, r)
			if r.Kind == convert.KindGoroutine {
				h.name[r.G] = r.Name
			}
		}
	}
	return h.Sums.Consume(b)
}

// whole returns the lengths of intervals that were measured from end to end,
// ascending, and how many others there are.
func (h *history) whole(match func(*convert.Record) bool) (lengths []time.Duration, cut []time.Duration) {
	for i := range h.ends {
		r := &h.ends[i]
		switch {
		case !match(r) || r.Flags&convert.Repaired != 0:
		case r.Flags&(convert.OpenStart|convert.OpenEnd) != 0:
			cut = append(cut, r.Duration())
		default:
			lengths = append(lengths, r.Duration())
		}
	}
	slices.Sort(lengths)
	return lengths, cut
}

func checkSpread(t *testing.T, name string, s *Spread, lengths, cut []time.Duration) {
	t.Helper()
	var sum, most time.Duration
	for _, d := range lengths {
		sum += d
		most = d
	}
	if s.Count != int64(len(lengths)) || s.Sum != sum || s.Max != most || s.Cut != int64(len(cut)) ||
		s.CutMax != slices.Max(append(cut, 0)) {
		t.Errorf("%s: %d of %v, at most %v, cut %d of %v; want %d of %v, at most %v, cut %v",
			name, s.Count, s.Sum, s.Max, s.Cut, s.CutMax, len(lengths), sum, most, cut)
		return
	}
	if len(lengths) == 0 {
		return
	}
	for _, q := range []struct {
		q   float64
		got time.Duration
	}{{0.5, s.P50}, {0.9, s.P90}, {0.95, s.P95}, {0.99, s.P99}, {0.999, s.P999}} {
		want := lengths[int(math.Ceil(q.q*float64(len(lengths))))-1]
		if d := math.Abs(float64(q.got - want)); d > accuracy*float64(want)+0.5 {
			t.Errorf("%s: p%v of %d is %v, want %v", name, 100*q.q, len(lengths), q.got, want)
		}
	}
}

func TestSpreadsAreThoseOfAllIntervals(t *testing.T) {
	for _, f := range slices.Concat(fixtures.All(t), fixtures.Windows(t)) {
		var h history
		s := New(nil, Options{})
		fixtures.Run(t, f, &h, s)
		r := s.Report()
		state := func(st convert.State, fn, reason string, all bool) func(*convert.Record) bool {
			return func(r *convert.Record) bool {
				return r.Kind == convert.KindState && r.State == st && (all || h.name[r.G] == fn) &&
					(reason == "" || r.Reason() == reason)
			}
		}
		check := func(name string, s *Spread, match func(*convert.Record) bool) {
			lengths, cut := h.whole(match)
			checkSpread(t, f.Name+": "+name, s, lengths, cut)
		}
		check("scheduling latency", &r.Scheduler.Latency, state(convert.StateRunnable, "", "", true))
		check("cycles", &r.GC.Each, func(r *convert.Record) bool { return r.Kind == convert.KindGC })
		check("syscalls", &r.Syscalls.Each, func(r *convert.Record) bool {
			return r.Kind == convert.KindSyscall && (r.Stack == 0 || !s.system(r.Stack))
		})
		if int64(len(h.name)) == h.Summary.Goroutines { // no id was used twice
			for i := range r.Functions {
				fn := &r.Functions[i]
				check(fn.Name+": latency", &fn.Latency, state(convert.StateRunnable, fn.Name, "", false))
				for _, w := range fn.Waits {
					check(fn.Name+": "+w.Reason, w.Each, state(convert.StateWaiting, fn.Name, w.Reason, false))
				}
			}
		}
		for i := range r.Tasks {
			check("task "+r.Tasks[i].Type, &r.Tasks[i].Each, func(rec *convert.Record) bool {
				return rec.Kind == convert.KindTask && rec.TaskType() == r.Tasks[i].Type
			})
		}
		for i := range r.Regions {
			check("region "+r.Regions[i].Type, &r.Regions[i].Each, func(rec *convert.Record) bool {
				return rec.Kind == convert.KindRegion && rec.Name == r.Regions[i].Type
			})
		}
		for i := range r.GC.ByReason {
			check("stops for "+r.GC.ByReason[i].Reason, &r.GC.ByReason[i].Each, func(rec *convert.Record) bool {
				return rec.Kind == convert.KindSTW && rec.Name == r.GC.ByReason[i].Reason
			})
		}
	}
}

func TestSumsAreTheEngines(t *testing.T) {
	for _, f := range slices.Concat(fixtures.All(t), fixtures.Windows(t)) {
		var h history
		s := New(nil, Options{})
		fixtures.Run(t, f, &h, s)
		r := s.Report()
		var all Times
		var n int64
		for _, fn := range r.Functions {
			n += fn.Count
			all.Running += fn.Running + fn.Assist
			all.Runnable += fn.Runnable + fn.Stopped
			all.Waiting += fn.Waiting
			all.Syscall += fn.Syscall
			all.SyscallBlocked += fn.SyscallBlocked
			all.Total += fn.Total
			var waits time.Duration
			for _, w := range fn.Waits {
				waits += w.Time
			}
			if waits != fn.Waiting {
				t.Errorf("%s: %s: waits of %v, %v in all", f.Name, fn.Name, waits, fn.Waiting)
			}
		}
		places := func(ps *Places) (sum time.Duration) {
			for _, p := range ps.Top {
				sum += p.Time
			}
			return sum + ps.Rest
		}
		steps := func(values []float64) time.Duration {
			sum := 0.0
			for i, v := range values {
				d := r.Timeline.Step
				if i == len(values)-1 {
					d = r.Trace.Duration - time.Duration(i)*d
				}
				sum += v * float64(d)
			}
			return time.Duration(sum)
		}
		states := h.ByState()
		for _, c := range []struct {
			what      string
			got, want time.Duration
			about     bool
		}{
			{"running", all.Running, states[convert.StateRunning].Time, false},
			{"runnable", all.Runnable, states[convert.StateRunnable].Time, false},
			{"waiting", all.Waiting, states[convert.StateWaiting].Time, false},
			{"syscall", all.Syscall, states[convert.StateSyscall].Time, false},
			{"syscall, blocked", all.SyscallBlocked, states[convert.StateSyscallBlocked].Time, false},
			{"all", all.Total, h.Kinds[convert.KindGoroutine].Time, false},
			{"waits by place", places(&r.Waits) + places(&r.Network), states[convert.StateWaiting].Time, false},
			{"syscalls by place", places(&r.Syscalls), h.Kinds[convert.KindSyscall].Time, false},
			{"sweeping", r.GC.Sweep, h.Kinds[convert.KindSweep].Time, false},
			{"running over time", steps(r.Timeline.Running), states[convert.StateRunning].Time, true},
			{"runnable over time", steps(r.Timeline.Runnable), states[convert.StateRunnable].Time, true},
			{"waiting over time", steps(r.Timeline.Waiting), states[convert.StateWaiting].Time, true},
			{"in syscalls over time", steps(r.Timeline.Syscall), states[convert.StateSyscall].Time + states[convert.StateSyscallBlocked].Time, true},
		} {
			off := math.Abs(float64(c.got - c.want))
			if !c.about && off != 0 || off > 1e-4*float64(r.Trace.Duration)+1 {
				t.Errorf("%s: %s: %v, want %v", f.Name, c.what, c.got, c.want)
			}
		}
		if n != h.Begins[convert.KindGoroutine] {
			t.Errorf("%s: %d goroutines, want %d", f.Name, n, h.Begins[convert.KindGoroutine])
		}
		for _, p := range r.Scheduler.Proc {
			ran, idled := h.Procs[sinktest.ProcKey{P: p.ID, State: convert.StateRunning}], h.Procs[sinktest.ProcKey{P: p.ID, State: convert.StateIdle}]
			if p.Running != ran.Time || p.Idle != idled.Time {
				t.Errorf("%s: P%d ran %v and idled %v, want %v and %v", f.Name, p.ID, p.Running, p.Idle, ran.Time, idled.Time)
			}
		}
	}
}

// TestQueueIsThatOfAllIntervals sweeps over the times at which anything about
// the queue changes.
func TestQueueIsThatOfAllIntervals(t *testing.T) {
	type edge struct {
		at                       convert.Time
		runnable, busy, stopping int64
		live                     int64
		procs                    int64 // if set: that from here on
	}
	for _, f := range slices.Concat(fixtures.All(t), fixtures.Windows(t)) {
		var h history
		var procs metrics
		s := New(nil, Options{})
		fixtures.Run(t, f, &h, &procs, s)
		var edges []edge
		for i := range h.ends {
			var e edge
			switch r := &h.ends[i]; {
			case r.Kind == convert.KindState && r.State == convert.StateRunnable:
				e.runnable = 1
			case r.Kind == convert.KindProc && r.State == convert.StateRunning:
				e.busy = 1
			case r.Kind == convert.KindSTW:
				e.stopping = 1
			case r.Kind == convert.KindGoroutine:
				e.live = 1
			default:
				continue
			}
			e.at = h.ends[i].Start
			edges = append(edges, e)
			e.at, e.runnable, e.busy, e.stopping, e.live = h.ends[i].Time, -e.runnable, -e.busy, -e.stopping, -e.live
			edges = append(edges, e)
		}
		for _, m := range procs.of(metricProcs) {
			edges = append(edges, edge{at: m.Time, procs: int64(m.ID)})
		}
		slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(a.at, b.at) })

		var now edge
		var queue, most, live int64
		var wasted, longest, lasting, ran, could time.Duration
		for i, e := range edges {
			now.runnable += e.runnable
			now.busy += e.busy
			now.stopping += e.stopping
			now.live += e.live
			if e.procs != 0 {
				now.procs = e.procs
			}
			if i+1 == len(edges) || edges[i+1].at == e.at {
				continue
			}
			d := edges[i+1].at.Sub(e.at)
			queue += now.runnable * int64(d)
			most = max(most, now.runnable)
			live = max(live, now.live)
			if now.procs > 0 {
				ran += time.Duration(now.busy) * d
				could += time.Duration(now.procs) * d
			}
			if now.runnable > 0 && now.busy < now.procs && now.stopping == 0 {
				wasted += d
				lasting += d
				longest = max(longest, lasting)
			} else {
				lasting = 0
			}
		}
		got := s.Report().Scheduler
		if got.Goroutines != live {
			t.Errorf("%s: at most %d goroutines, want %d", f.Name, got.Goroutines, live)
		}
		if got.QueueMax != most || got.Wasted != wasted || got.WastedMax != longest {
			t.Errorf("%s: at most %d runnable, %v wasted, at longest %v; want %d, %v, %v",
				f.Name, got.QueueMax, got.Wasted, got.WastedMax, most, wasted, longest)
		}
		if d := s.Report().Trace.Duration; d > 0 && math.Abs(got.QueueMean-float64(queue)/float64(d)) > 1e-6 {
			t.Errorf("%s: %v runnable on average, want %v", f.Name, got.QueueMean, float64(queue)/float64(d))
		}
		if could > 0 {
			if want := min(1, float64(ran)/float64(could)); math.Abs(got.Utilization-want) > 1e-9 {
				t.Errorf("%s: utilization %v, want %v", f.Name, got.Utilization, want)
			}
		}
	}
}

// TestTimelineIsThatOfAllIntervals works out every step of the timeline anew.
func TestTimelineIsThatOfAllIntervals(t *testing.T) {
	for _, f := range slices.Concat(fixtures.All(t), fixtures.Windows(t)) {
		var h history
		var values metrics
		s := New(nil, Options{})
		fixtures.Run(t, f, &h, &values, s)
		tl := s.Report().Timeline
		w := newSteps(&h, tl.Step)
		for i := range h.ends {
			switch r := &h.ends[i]; r.Kind {
			case convert.KindState:
				w.add(levelOf[r.State], r.Start, r.Time, 1)
			case convert.KindProc:
				if r.State == convert.StateRunning {
					w.add(busy, r.Start, r.Time, 1)
				}
			}
		}
		limits := values.of(metricProcs)
		for i, m := range limits {
			until := h.Summary.End
			if i+1 < len(limits) {
				until = limits[i+1].Time
			}
			w.add(maxProcs, m.Time, until, float64(m.ID))
		}
		for _, m := range []struct {
			what string
			got  []float64
			l    level
		}{
			{"running", tl.Running, running},
			{"runnable", tl.Runnable, runnable},
			{"waiting", tl.Waiting, waiting},
			{"in system calls", tl.Syscall, inSyscall},
			{"procs running", tl.Procs, busy},
			{"GOMAXPROCS", tl.MaxProcs, maxProcs},
		} {
			if len(m.got) != len(w.sums) {
				t.Errorf("%s: %s: %d steps, want %d", f.Name, m.what, len(m.got), len(w.sums))
				continue
			}
			for i, got := range m.got {
				if want := w.mean(m.l, i); math.Abs(got-want) > 1e-4 {
					t.Errorf("%s: %s in step %d: %v, want %v", f.Name, m.what, i, got, want)
					break
				}
			}
		}
		for i := range w.sums {
			// The most live bytes in the step, or the last before it; and the
			// goal when it ends.
			var heap, goal uint64
			for _, m := range values.of(metricHeap) {
				if m.Time <= w.from(i) {
					heap = m.ID
				} else if m.Time <= w.from(i+1) {
					heap = max(heap, m.ID)
				}
			}
			for _, m := range values.of(metricGoal) {
				if m.Time <= w.from(i+1) {
					goal = m.ID
				}
			}
			if tl.Heap[i] != heap || tl.Goal[i] != goal {
				t.Errorf("%s: step %d: heap %d, goal %d; want %d, %d", f.Name, i, tl.Heap[i], tl.Goal[i], heap, goal)
				break
			}
		}
	}
}

// steps are integrals of levels over the steps of a timeline.
type steps struct {
	start, end convert.Time
	step       time.Duration
	sums       [][numSteps]float64
}

func newSteps(h *history, step time.Duration) *steps {
	w := &steps{start: h.Trace.Start, end: h.Summary.End, step: step}
	n := (w.end.Sub(w.start) + step - 1) / step
	w.sums = make([][numSteps]float64, n)
	return w
}

// from returns where a step begins, or where the last one ends.
func (w *steps) from(i int) convert.Time {
	return min(w.end, w.start+convert.Time(i)*convert.Time(w.step))
}

// add has n at a level from start to end.
func (w *steps) add(l level, start, end convert.Time, n float64) {
	if l >= numSteps {
		return
	}
	for i := int(start.Sub(w.start) / w.step); i < len(w.sums) && w.from(i) < end; i++ {
		d := min(end, w.from(i+1)) - max(start, w.from(i))
		w.sums[i][l] += n * float64(d)
	}
}

func (w *steps) mean(l level, i int) float64 {
	return w.sums[i][l] / float64(w.from(i+1)-w.from(i))
}

// metrics are the values of all metrics.
type metrics []convert.Record

func (m *metrics) Begin(*convert.Trace) error    { return nil }
func (m *metrics) Finish(*convert.Summary) error { return nil }

func (m *metrics) Consume(b *convert.Batch) error {
	for _, r := range b.Records {
		if r.Kind == convert.KindMetric {
			*m = append(*m, r)
		}
	}
	return nil
}

// of returns the values of one metric.
func (m metrics) of(name string) metrics {
	var of metrics
	for _, r := range m {
		if r.Name == name {
			of = append(of, r)
		}
	}
	return of
}
