package stats

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// sections returns the parts of the page that have something to tell.
func (r *Report) sections(charts map[string]chart) []section {
	all := []section{
		r.totalsSection(), r.timelineSection(), r.functionsSection(), r.goroutinesSection(),
		r.schedulerSection(), r.gcSection(),
		scopesSection("tasks", "Tasks", "tasks", r.Tasks), scopesSection("regions", "Regions", "regions", r.Regions),
		placesSection("blocking", "Where they blocked", &r.Waits), placesSection("network", "Network", &r.Network),
		placesSection("syscalls", "System calls", &r.Syscalls), r.traceSection(),
	}
	drawn := map[string][]string{
		"timeline":  {"chart-states", "chart-active", "chart-procs", "chart-heap"},
		"scheduler": {"chart-latency"},
		"gc":        {"chart-mmu"},
	}
	for i := range all {
		s := &all[i]
		s.Grids = slices.DeleteFunc(s.Grids, func(g *grid) bool { return g == nil })
		for _, id := range drawn[s.ID] {
			if c, ok := charts[id]; ok {
				s.Charts = append(s.Charts, c)
			}
		}
	}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.Grids)+len(s.Charts) == 0 })
}

// A pair is a fact that stands alone.
type pair struct {
	name  string
	value cell
}

func pairs(id, caption string, all []pair) *grid {
	g := newGrid(id, caption, all,
		one(names("", func(p *pair) string { return p.name })),
		one(column[pair]{head{Number: true}, func(p *pair) cell { return p.value }}))
	g.Plain = true
	return g
}

func numberCell(n int64) cell { return cell{Text: count(n), Value: whole(n)} }

// A part is one of the ways in which goroutines spent their time.
type part struct {
	name string
	time time.Duration
	of   time.Duration
	each *Spread
}

func (r *Report) totalsSection() section {
	t := &r.Totals
	parts := []part{
		{"running", t.Running, t.Total, nil}, {"in a GC assist", t.Assist, t.Total, nil},
		{"runnable, no P", t.Runnable, t.Total, &t.Latency}, {"runnable, the world stopped", t.Stopped, t.Total, nil},
		{"in a system call, with the P", t.Syscall, t.Total, nil}, {"in a system call, without", t.SyscallBlocked, t.Total, nil},
	}
	for i := range t.Waits {
		w := &t.Waits[i]
		parts = append(parts, part{"waiting: " + reasonName(w.Reason), w.Time, t.Total, w.Each})
	}
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.time == 0 })
	return section{
		ID: "totals", Title: "Where goroutines spent their time",
		Notes: []string{"All goroutines but the runtime's own. Times hold all there is; counts and percentiles are of intervals that are whole in the trace."},
		Grids: []*grid{newGrid("table-totals", "Time by state and reason", parts,
			one(names("state", func(p *part) string { return p.name })),
			one(durations("time", "", func(p *part) time.Duration { return p.time })),
			one(shares("share", "Of all the time", func(p *part) float64 {
				if p.of <= 0 {
					return 0
				}
				return float64(p.time) / float64(p.of)
			})),
			spreads(func(p *part) *Spread { return p.each }))},
	}
}

func (r *Report) timelineSection() section {
	t := &r.Timeline
	steps := make([]int, min(len(t.Running), len(t.Runnable), len(t.Most), len(t.Waiting), len(t.Syscall),
		len(t.Procs), len(t.MaxProcs), len(t.Heap), len(t.Goal)))
	for i := range steps {
		steps[i] = i
	}
	mean := func(text, title string, of []float64) []column[int] {
		return one(means(text, title, func(i *int) float64 { return of[*i] }))
	}
	g := newGrid("table-timeline", "The numbers, in steps of "+short(t.Step), steps,
		one(moments("from", "Since the start", func(i *int) time.Duration { return time.Duration(*i) * t.Step })),
		mean("running", "Goroutines running, on average", t.Running),
		mean("runnable", "Goroutines ready, on average", t.Runnable),
		one(numbers("most", "Goroutines ready, at most", func(i *int) int64 { return t.Most[*i] })),
		mean("waiting", "Goroutines blocked, on average", t.Waiting),
		mean("syscall", "Goroutines in system calls, on average", t.Syscall),
		mean("procs", "Procs that ran, on average", t.Procs),
		mean("GOMAXPROCS", "On average", t.MaxProcs),
		one(sizes("heap", "Live heap, at most", func(i *int) uint64 { return t.Heap[*i] })),
		one(sizes("goal", "Heap goal, the last", func(i *int) uint64 { return t.Goal[*i] })))
	if g != nil {
		g.Folded = true
	}
	return section{ID: "timeline", Title: "Over time", Grids: []*grid{g}}
}

// A functionWait is what goroutines of a function waited for.
type functionWait struct {
	function *Function
	reason   string
	time     time.Duration
	each     *Spread
}

func (r *Report) functionsSection() section {
	var waits []functionWait
	for i := range r.Functions {
		f := &r.Functions[i]
		if f.Latency.Count+f.Latency.Cut > 0 {
			waits = append(waits, functionWait{f, "a P", f.Runnable + f.Stopped, &f.Latency})
		}
		for j := range f.Waits {
			w := &f.Waits[j]
			waits = append(waits, functionWait{f, reasonName(w.Reason), w.Time, w.Each})
		}
	}
	return section{
		ID: "functions", Title: "Goroutines by start function",
		Grids: []*grid{
			newGrid("table-functions", "How they spent their time", r.Functions,
				one(names("function", func(f *Function) string { return functionName(f.Name) })),
				one(names("of", func(f *Function) string { return owner(f.System) })),
				one(numbers("count", "Goroutines seen", func(f *Function) int64 { return f.Count })),
				one(numbers("created", "Of these, in the trace", func(f *Function) int64 { return f.Created })),
				one(numbers("exited", "Of these, in the trace", func(f *Function) int64 { return f.Exited })),
				states(func(f *Function) *Times { return &f.Times })),
			newGrid("table-function-waits", "What they waited for", waits,
				one(names("function", func(w *functionWait) string { return functionName(w.function.Name) })),
				one(names("of", func(w *functionWait) string { return owner(w.function.System) })),
				one(names("waited for", func(w *functionWait) string { return w.reason })),
				one(durations("time", "", func(w *functionWait) time.Duration { return w.time })),
				spreads(func(w *functionWait) *Spread { return w.each })),
		},
	}
}

// owner tells the runtime's own goroutines from the program's.
func owner(system bool) string {
	if system {
		return "runtime"
	}
	return "program"
}

func (r *Report) goroutinesSection() section {
	peers := func(text string, get func(*Goroutine) []Peer) []column[Goroutine] {
		return one(column[Goroutine]{head{Text: text}, func(g *Goroutine) cell { return listCell(byFunction(get(g))) }})
	}
	s := section{
		ID: "goroutines", Title: "Single goroutines",
		Grids: []*grid{newGrid("table-goroutines", "Those asked for, the longest-lived first", r.Goroutines,
			one(column[Goroutine]{head{Text: "id", Number: true}, func(g *Goroutine) cell {
				return cell{Text: fmt.Sprintf("G%d", g.ID), Value: whole(int64(g.ID))}
			}}),
			one(names("function", func(g *Goroutine) string { return functionName(g.Function) })),
			one(moments("start", "When it was first seen, since the start of the trace", func(g *Goroutine) time.Duration { return g.Start })),
			one(names("life", func(g *Goroutine) string { return life(g) })),
			states(func(g *Goroutine) *Times { return &g.Times }),
			one(reasons(func(g *Goroutine) []Wait { return g.Waits })),
			one(column[Goroutine]{head{Text: "creator"}, func(g *Goroutine) cell {
				lines := frames(g.CreatedAt)
				if g.Creator != nil {
					lines = append([]string{g.Creator.text()}, lines...)
				}
				return listCell(lines)
			}}),
			peers("woken by", func(g *Goroutine) []Peer { return g.WokenBy }),
			one(numbers("by the scheduler", "Woken by no goroutine: timers, the network", func(g *Goroutine) int64 { return g.Poller })),
			peers("woke", func(g *Goroutine) []Peer { return g.Woke }))},
	}
	if r.Unlisted > 0 {
		s.Notes = append(s.Notes, plural(r.Unlisted, "goroutine")+" more matched, and are not listed.")
	}
	return s
}

// life tells which ends of a goroutine are in the trace.
func life(g *Goroutine) string {
	switch {
	case g.Began && g.Ended:
		return "whole"
	case g.Began:
		return "goes on"
	case g.Ended:
		return "began before"
	}
	return "all along"
}

func frames(stack []Frame) (lines []string) {
	for i := range stack {
		lines = append(lines, stack[i].text())
	}
	return lines
}

func (r *Report) schedulerSection() section {
	s := &r.Scheduler
	at := func(d time.Duration) cell {
		return cell{Text: "@" + clock(d), Value: whole(int64(d)), Title: exact(d) + " after the start"}
	}
	facts := []pair{
		{"GOMAXPROCS, at most", numberCell(s.Procs)},
		{"share of it used", shares("", "", func(f *float64) float64 { return *f }).cell(&s.Utilization)},
		{"goroutines ready, on average", means("", "", func(f *float64) float64 { return *f }).cell(&s.QueueMean)},
		{"goroutines ready, at most", numberCell(s.QueueMax)},
		{"… and when", at(s.QueueMaxAt)},
		{"time with a goroutine ready and a P idle", durationCell(s.Wasted)},
		{"… the longest", durationCell(s.WastedMax)},
		{"… and when", at(s.WastedMaxAt)},
	}
	return section{
		ID: "scheduler", Title: "Scheduler",
		Grids: []*grid{
			pairs("table-scheduler", "At work", facts),
			newGrid("table-latency", "Scheduling latency, of all goroutines", []*Spread{&s.Latency},
				spreads(func(each **Spread) *Spread { return *each })),
			newGrid("table-histogram", "Scheduling latencies by length", s.Histogram,
				one(durations("at least", "And less than twice that", func(b *Bucket) time.Duration { return b.From })),
				one(numbers("count", "", func(b *Bucket) int64 { return b.Count }))),
			newGrid("table-procs", "Procs", s.Proc,
				one(column[Proc]{head{Text: "id", Number: true}, func(p *Proc) cell {
					return cell{Text: fmt.Sprintf("P%d", p.ID), Value: whole(int64(p.ID))}
				}}),
				one(durations("running", "", func(p *Proc) time.Duration { return p.Running })),
				one(durations("idle", "", func(p *Proc) time.Duration { return p.Idle })),
				one(numbers("starts", "Times it began to run", func(p *Proc) int64 { return p.Starts }))),
		},
	}
}

func (r *Report) gcSection() section {
	g := &r.GC
	s := section{ID: "gc", Title: "Garbage collector"}
	if g.Each.Count+g.Each.Cut == 0 && len(g.ByReason) == 0 && g.HeapMax == 0 {
		return s
	}
	facts := []pair{
		{"running in mark assists", durationCell(g.Assist)},
		{"dedicated and fractional workers ran", durationCell(g.Workers)},
		{"idle workers ran", durationCell(g.IdleMark)},
		{"sweeping", durationCell(g.Sweep)},
		{"swept", sizeCell(g.Swept)},
		{"reclaimed", sizeCell(g.Reclaimed)},
		{"heap at most", sizeCell(g.HeapMax)},
	}
	var cycles []*Spread
	if g.Each.Count+g.Each.Cut > 0 {
		cycles = append(cycles, &g.Each)
	}
	assisting := slices.DeleteFunc(slices.Clone(r.Functions), func(f Function) bool { return f.Assist == 0 })
	slices.SortStableFunc(assisting, func(a, b Function) int { return int(min(max(b.Assist-a.Assist, -1), 1)) })
	cut := func(cut bool) string {
		if cut {
			return "cut"
		}
		return ""
	}
	s.Grids = []*grid{
		pairs("table-gc", "At work", facts),
		newGrid("table-gc-cycle", "How long cycles took", cycles, spreads(func(each **Spread) *Spread { return *each })),
		newGrid("table-stop-reasons", "Stops of the world by reason", g.ByReason,
			one(names("reason", func(s *StopReason) string { return s.Reason })),
			one(durations("stopping", "Until the last proc had stopped, of all", func(s *StopReason) time.Duration { return s.Stopping })),
			spreads(func(s *StopReason) *Spread { return &s.Each })),
		newGrid("table-mmu", "Minimum mutator utilization", g.MMU,
			one(durations("window", "", func(m *MMU) time.Duration { return m.Window })),
			one(shares("all stops", "Counting every stop of the world", func(m *MMU) float64 { return m.All })),
			one(shares("the collector's", "Counting those alone, as go tool trace does", func(m *MMU) float64 { return m.GC })),
			one(names("note", func(m *MMU) string {
				if m.Short {
					return "the trace is shorter"
				}
				return ""
			}))),
		newGrid("table-assists", "Mark assists by start function", assisting,
			one(names("function", func(f *Function) string { return functionName(f.Name) })),
			one(durations("assist", "", func(f *Function) time.Duration { return f.Assist }))),
		newGrid("table-cycles", "Cycles", g.Cycles,
			one(numbers("number", "Within the trace", func(c *Cycle) int64 { return int64(c.Number) })),
			one(moments("start", "", func(c *Cycle) time.Duration { return c.Start })),
			one(durations("time", "", func(c *Cycle) time.Duration { return c.Time })),
			one(durations("mark", "Of its mark phase", func(c *Cycle) time.Duration { return c.Mark })),
			one(sizes("heap, start", "", func(c *Cycle) uint64 { return c.HeapStart })),
			one(sizes("heap, end", "", func(c *Cycle) uint64 { return c.HeapEnd })),
			one(sizes("goal", "", func(c *Cycle) uint64 { return c.Goal })),
			one(names("edge", func(c *Cycle) string { return cut(c.Cut) }))),
		newGrid("table-stops", "Stops of the world", g.Stops,
			one(names("reason", func(s *Stop) string { return s.Reason })),
			one(column[Stop]{head{Text: "by", Number: true}, func(s *Stop) cell {
				if s.Goroutine == convert.NoGoroutine {
					return cell{}
				}
				return cell{Text: fmt.Sprintf("G%d", s.Goroutine), Value: whole(int64(s.Goroutine))}
			}}),
			one(moments("start", "", func(s *Stop) time.Duration { return s.Start })),
			one(durations("time", "From the request to the restart", func(s *Stop) time.Duration { return s.Time })),
			one(column[Stop]{head{"stopping", "Of this, until the last proc had stopped", true}, func(s *Stop) cell {
				if !s.Known {
					return cell{}
				}
				return durationCell(s.Stopping)
			}}),
			one(names("edge", func(s *Stop) string { return cut(s.Cut) }))),
	}
	if g.CyclesMore > 0 {
		s.Notes = append(s.Notes, plural(g.CyclesMore, "shorter cycle")+" not listed.")
	}
	if g.Unlisted > 0 {
		s.Notes = append(s.Notes, plural(g.Unlisted, "shorter stop")+" not listed.")
	}
	return s
}

func sizeCell(n uint64) cell {
	return sizes("", "", func(n *uint64) uint64 { return *n }).cell(&n)
}

func scopesSection(id, heading, what string, scopes []Scope) section {
	return section{
		ID: id, Title: heading,
		Grids: []*grid{
			newGrid("table-"+id, "How long "+what+" took, by type", scopes,
				one(names("type", func(s *Scope) string { return scopeName(s.Type) })),
				spreads(func(s *Scope) *Spread { return &s.Each }),
				one(numbers("incomplete", "Begun before the trace, or not ended in it", func(s *Scope) int64 { return s.Incomplete }))),
			newGrid("table-"+id+"-time", "Where the time went", scopes,
				one(names("type", func(s *Scope) string { return scopeName(s.Type) })),
				states(func(s *Scope) *Times { return &s.Times }),
				one(reasons(func(s *Scope) []Wait { return s.Waits }))),
		},
	}
}

func placesSection(id, heading string, p *Places) section {
	columns := [][]column[Place]{
		one(column[Place]{head{Text: "place"}, func(p *Place) cell {
			c := nameCell(p.name())
			for _, line := range frames(p.Stack[:min(len(p.Stack), maxLines)]) {
				c.Lines = append(c.Lines, nameCell(line).Text)
			}
			return c
		}}),
		one(names("of", func(p *Place) string { return owner(p.System) })),
	}
	if slices.ContainsFunc(p.Top, func(p Place) bool { return p.Reason != "" }) {
		columns = append(columns, one(names("waited for", func(p *Place) string { return reasonName(p.Reason) })))
	}
	columns = append(columns, one(durations("time", "", func(p *Place) time.Duration { return p.Time })))
	if slices.ContainsFunc(p.Top, func(p Place) bool { return p.Kept != 0 }) {
		columns = append(columns, one(durations("with a P", "Of this, while the call kept its P", func(p *Place) time.Duration { return p.Kept })))
	}
	columns = append(columns, spreads(func(p *Place) *Spread { return &p.Each }))
	s := section{ID: id, Title: heading, Grids: []*grid{newGrid("table-"+id, "By stack", p.Top, columns...)}}
	if p.Others > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%s more, with %s in all, are not listed.", plural(p.Others, "place"), short(p.Rest)))
	}
	return s
}

func (r *Report) traceSection() section {
	t := &r.Trace
	all := []pair{
		{"name", nameCell(t.Name)}, {"format", nameCell(t.Version)}, {"recorded from", nameCell(t.Start)},
		{"duration", durationCell(t.Duration)}, {"events", numberCell(t.Events)}, {"generations", numberCell(t.Generations)},
		{"goroutines", numberCell(t.Goroutines)}, {"CPU samples", numberCell(t.CPUSamples)},
		{"size", sizeCell(uint64(max(t.Bytes, 0)))}, {"events moved in time", numberCell(t.Adjusted)},
		{"intervals guessed", numberCell(t.Repaired)}, {"repairs", nameCell(t.Repairs)},
	}
	if l := t.Loss; l != nil {
		all = append(all, pair{"lost", nameCell(l.Error)}, pair{"bytes lost", sizeCell(uint64(max(l.Bytes, 0)))},
			pair{"… from byte", numberCell(l.Offset)})
	}
	all = slices.DeleteFunc(all, func(p pair) bool { return strings.TrimSpace(p.value.Text) == "" })
	return section{ID: "trace", Title: "About the trace", Grids: []*grid{pairs("table-trace", "What was read", all)}}
}
