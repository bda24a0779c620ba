package stats

import (
	"fmt"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// compose makes the report.
func (s *Sink) compose(sum *convert.Summary) {
	s.report = Report{
		Schema:     Schema,
		Tool:       s.o.ToolVersion,
		Trace:      s.about(sum),
		Totals:     s.reportTotals(),
		Scheduler:  s.reportScheduler(),
		Functions:  s.reportFunctions(),
		Goroutines: s.reportGoroutines(),
		Unlisted:   s.list.chosen.more,
		Waits:      s.reportPlaces(s.places.waits, func(p *place) bool { return p.reason != networkReason }),
		Network:    s.reportPlaces(s.places.waits, func(p *place) bool { return p.reason == networkReason }),
		Syscalls:   s.reportPlaces(s.places.syscalls, func(*place) bool { return true }),
		GC:         s.reportGC(),
		Tasks:      s.taskTypes.report(s.start),
		Regions:    s.regionTypes.report(s.start),
		Nesting:    NestingOf(&sum.Regions),
		Timeline:   s.timeline.report(),
	}
	s.report.Warnings = s.warnings(sum)
}

func (s *Sink) about(sum *convert.Summary) About {
	a := About{
		Name: sum.Name, Version: sum.Version, Duration: sum.End.Sub(sum.Start), Events: sum.Events,
		Generations: sum.Generations, Goroutines: sum.Goroutines, CPUSamples: s.samples,
		Bytes: sum.Bytes, Adjusted: sum.Adjusted, Repaired: s.repaired, ClockSteps: StepsOf(sum),
	}
	if sum.Repairs.Any() {
		a.Repairs = sum.Repairs.String()
	}
	if l := sum.Loss; l != nil {
		a.Loss = &Loss{Error: l.Err.Error(), Bytes: l.Bytes, Offset: l.Offset}
	}
	if c := sum.Clock; !c.IsZero() {
		a.Start = time.Unix(0, c.At(sum.Start)).UTC().Format(time.RFC3339Nano)
	}
	return a
}

// manyMoved is the share of events moved in time from which on latencies are
// not to be trusted.
const manyMoved = 0.01

// warnings say what to know before one believes the rest.
func (s *Sink) warnings(sum *convert.Summary) (all []string) {
	if l := sum.Loss; l != nil {
		all = append(all, fmt.Sprintf("the trace is damaged: %v", l.Err))
	}
	if sum.Repairs.Any() {
		all = append(all, fmt.Sprintf("not all is as it was: %v", sum.Repairs))
	}
	if steps := sum.ClockSteps.String(); steps != "" {
		all = append(all, steps)
	}
	if sum.Factor != 0 {
		all = append(all, convert.FactorNote)
	}
	if sum.Unstopped {
		all = append(all, convert.UnstoppedNote)
	}
	if sum.Regions.Any() {
		all = append(all, sum.Regions.String())
	}
	if s.repaired > 0 {
		all = append(all, fmt.Sprintf("%d states were guessed: they are in sums, but in no percentile or maximum", s.repaired))
	}
	if sum.Events > 0 && float64(sum.Adjusted) > manyMoved*float64(sum.Events) {
		all = append(all, fmt.Sprintf("%d of %d events were moved in time by the decoder: short latencies around them are not as measured",
			sum.Adjusted, sum.Events))
	}
	if s.o.Goroutine != nil && len(s.report.Goroutines) == 0 {
		all = append(all, fmt.Sprintf("no goroutine matches %q", s.o.Goroutine))
	}
	if part := sum.Window(); part != "" {
		all = append(all, "window: "+part)
	}
	return all
}

func (s *Sink) reportGC() GC {
	c := &s.gc
	out := GC{
		Each: c.cycles.report(s.start), Cycles: c.list.all(), Stops: c.stopList.all(),
		Workers: c.workers, IdleMark: c.idleMark, Sweep: c.sweep, Swept: c.swept, Reclaimed: c.reclaimed,
		HeapMax: c.heapMost, MMU: s.timeline.mmu.report(s.timeline.now),
	}
	out.CyclesMore, out.Unlisted = c.list.more, c.stopList.more
	for _, f := range s.functions {
		account.Plus(&out.Assist, f.totals.Assist)
	}
	var stop, gcStop spread
	for _, r := range c.stops {
		stop.merge(&r.spread)
		if isGCStop(r.reason) {
			gcStop.merge(&r.spread)
		}
		out.ByReason = append(out.ByReason, StopReason{r.reason, r.stopping, r.report(s.start)})
	}
	out.Stop, out.GCStop = stop.report(s.start), gcStop.report(s.start)
	return out
}
