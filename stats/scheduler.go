package stats

import (
	"math/bits"
	"slices"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// countLatency takes the end of a time runnable. Percentiles are put together
// from those of the functions.
func (s *Sink) countLatency(r *convert.Record) {
	if r.Flags&(convert.OpenStart|convert.OpenEnd|convert.Repaired) == 0 {
		s.histogram[bits.Len64(uint64(max(0, r.Duration())))]++
	}
}

// proc takes a record of a P.
func (s *Sink) proc(r *convert.Record) {
	p := s.procs[r.P]
	if p == nil {
		p = &proc{level: none}
		s.procs[r.P] = p
	}
	if r.Phase == convert.Begin {
		to := none
		if r.State == convert.StateRunning {
			to = busy
			if r.Flags&convert.OpenStart == 0 {
				p.starts++
			}
		}
		s.timeline.move(r.Start, p.level, to)
		p.level = to
		return
	}
	s.timeline.move(r.Time, p.level, none)
	p.level = none
	if r.State == convert.StateRunning {
		account.Plus(&p.running, r.Duration())
	} else {
		account.Plus(&p.idle, r.Duration())
	}
}

func (s *Sink) reportScheduler() Sched {
	tl := &s.timeline
	out := Sched{
		Procs:      tl.procsMost,
		Goroutines: tl.most, GoroutinesAt: tl.mostAt.Sub(s.start),
		QueueMax: tl.queueMax, QueueMaxAt: tl.queueAt.Sub(s.start),
		Wasted: tl.wasted, WastedMax: tl.wastedMax, WastedMaxAt: max(0, tl.wastedAt.Sub(s.start)),
	}
	if tl.wastedMax == 0 {
		out.WastedMaxAt = 0
	}
	if d := tl.now.Sub(s.start); d > 0 {
		out.QueueMean = tl.integral(runnable) / float64(d)
	}
	if procs := tl.integral(maxProcs); procs > 0 {
		out.Utilization = min(1, (tl.integral(busy)-tl.early)/procs)
	}
	var all spread
	for _, name := range s.functionNames() {
		all.merge(&s.functions[name].latency)
	}
	out.Latency = all.report(s.start)
	for i, n := range s.histogram {
		if n > 0 {
			from := time.Duration(0)
			if i > 0 {
				from = 1 << (i - 1)
			}
			out.Histogram = append(out.Histogram, Bucket{from, n})
		}
	}
	var ids []convert.ProcID
	for id := range s.procs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		p := s.procs[id]
		out.Proc = append(out.Proc, Proc{id, p.running, p.idle, p.starts})
	}
	return out
}
