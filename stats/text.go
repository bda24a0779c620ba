package stats

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// maxRows is how much of a long table is written as text. JSON has more.
const maxRows = 15

// chartColumns is how wide a chart is.
const chartColumns = 60

// WriteText writes the report as tables of at most 100 columns.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, section := range []func(*strings.Builder){
		r.textTrace, r.textTotals, r.textFunctions, r.textWaits, r.textGoroutines, r.textScheduler,
		r.textGC, r.textTasks, r.textRegions, r.textPlaces,
	} {
		section(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func title(b *strings.Builder, format string, args ...any) {
	fmt.Fprintf(b, "\n"+format+"\n", args...)
}

func (r *Report) textTrace(b *strings.Builder) {
	t := &r.Trace
	if t.Name != "" {
		fmt.Fprintln(b, shorten(printable(t.Name), lineWidth))
	}
	wrap(b, "", " ·", []string{short(t.Duration), plural(t.Events, "event"), plural(t.Goroutines, "goroutine"),
		plural(t.Generations, "generation"), size(uint64(t.Bytes)), "format " + printable(t.Version)})
	if t.Start != "" {
		fmt.Fprintf(b, "recorded from %s\n", t.Start)
	}
	for _, w := range r.Warnings {
		wrap(b, "! ", "", strings.Fields(printable(w)))
	}
	if l := t.Loss; l != nil && l.Bytes > 0 {
		fmt.Fprintf(b, "! %s lost, from byte %s on\n", size(uint64(l.Bytes)), count(l.Offset))
	}
}

func plural(n int64, name string) string {
	if n == 1 {
		return "1 " + name
	}
	return count(n) + " " + name + "s"
}

// spreadHeads are the headings of spreadCells.
var spreadHeads = []string{"count", "p50", "p90", "p99", "max", " worst"}

// spreadCells are those of a spread in a table.
func spreadCells(s *Spread) []string {
	if s == nil {
		return []string{"", "", "", "", "", ""}
	}
	n := count(s.Count)
	if s.Cut > 0 {
		n += fmt.Sprintf("+%d", s.Cut)
	}
	if s.Count == 0 {
		return []string{n, "", "", "", "", ""}
	}
	return []string{n, short(s.P50), short(s.P90), short(s.P99), short(s.Max), " " + s.Worst.text()}
}

func (m *Moment) text() string {
	at := "@" + clock(m.Start)
	switch {
	case m.Task != 0:
		return fmt.Sprintf("task %d %s", m.Task, at)
	case m.Goroutine != convert.NoGoroutine:
		return fmt.Sprintf("G%d %s", m.Goroutine, at)
	}
	return at
}

// clock returns a time of the trace, counted from its start: JSON has it exactly.
func clock(d time.Duration) string {
	return fmt.Sprintf("%.3fs", d.Seconds())
}

func (r *Report) textTotals(b *strings.Builder) {
	t := &r.Totals
	title(b, "WHERE GOROUTINES SPENT THEIR TIME (without the runtime's own)")
	tab := newTable(append([]string{"", "time", "share"}, spreadHeads...)...)
	row := func(name string, d time.Duration, each *Spread) {
		if d != 0 {
			tab.row(append([]string{name, short(d), percent(float64(d), float64(t.Total))}, spreadCells(each)...)...)
		}
	}
	row("running", t.Running, nil)
	row("in a GC assist", t.Assist, nil)
	row("runnable, no P", t.Runnable, &t.Latency)
	row("runnable, stopped", t.Stopped, nil)
	row("syscall, has P", t.Syscall, nil)
	row("syscall, no P", t.SyscallBlocked, nil)
	row("waiting", t.Waiting, nil)
	for _, w := range t.Waits {
		row("  "+reasonName(w.Reason), w.Time, w.Each)
	}
	row("all", t.Total, nil)
	tab.write(b)
	if r.anyCut() {
		b.WriteString("  count+n: n more were cut by the trace's start or end; their time is in sums only\n")
	}
}

// reasonName returns a reason to show: the runtime's longest ones are shortened.
func reasonName(reason string) string {
	reason = printable(reason)
	for _, long := range []struct{ from, to string }{
		{convert.ReasonUnknown, "(since the start)"},
		{"GC mark assist wait for work", "GC assist wait"},
		{"GC background sweeper wait", "GC sweeper wait"},
		{"GC weak to strong wait", "GC weak to strong"},
		{"system goroutine wait", "system goroutine"},
	} {
		if reason == long.from {
			return long.to
		}
	}
	return reason
}

func (r *Report) anyCut() bool {
	for _, w := range r.Totals.Waits {
		if w.Each != nil && w.Each.Cut > 0 {
			return true
		}
	}
	return r.Totals.Latency.Cut > 0
}

func (r *Report) textFunctions(b *strings.Builder) {
	title(b, "GOROUTINES BY START FUNCTION")
	tab := newTable("", "count", "total", "running", "runnable", "stopped", "waiting", "syscall", "blocked", "assist")
	n := 0
	for i := range r.Functions {
		f := &r.Functions[i]
		if n++; n > maxRows && !f.System || f.System && f.Total == f.Waiting {
			continue
		}
		tab.row(functionName(f.Name), count(f.Count), short(f.Total), short(f.Running), short(f.Runnable), short(f.Stopped),
			short(f.Waiting), short(f.Syscall), short(f.SyscallBlocked), short(f.Assist))
	}
	tab.write(b)
	more(b, len(r.Functions)-len(tab.rows), "functions")
}

// functionName returns a name to show.
func functionName(name string) string {
	if name == "" {
		return "(not known)"
	}
	return printable(name)
}

func more(b *strings.Builder, n int, what string) {
	if n > 0 {
		fmt.Fprintf(b, "  … and %d more %s\n", n, what)
	}
}

// textWaits is for what each function waited.
func (r *Report) textWaits(b *strings.Builder) {
	title(b, "WHAT THEY WAITED FOR")
	tab := newTable(append([]string{"", "time"}, spreadHeads...)...)
	for i := range r.Functions {
		f := &r.Functions[i]
		if f.System || i >= maxRows {
			continue
		}
		tab.row(functionName(f.Name), "", "", "", "", "", "", "")
		if f.Latency.Count+f.Latency.Cut > 0 {
			tab.row(append([]string{"  a P", short(f.Runnable + f.Stopped)}, spreadCells(&f.Latency)...)...)
		}
		for _, w := range f.Waits {
			tab.row(append([]string{"  " + reasonName(w.Reason), short(w.Time)}, spreadCells(w.Each)...)...)
		}
	}
	tab.write(b)
}

func (r *Report) textScheduler(b *strings.Builder) {
	s := &r.Scheduler
	title(b, "SCHEDULER")
	fmt.Fprintf(b, "  GOMAXPROCS %d, used %.1f%%; runnable goroutines: %.2f on average, at most %s @%s\n",
		s.Procs, 100*s.Utilization, s.QueueMean, count(s.QueueMax), clock(s.QueueMaxAt))
	fmt.Fprintf(b, "  goroutines: at most %s @%s\n", count(s.Goroutines), clock(s.GoroutinesAt))
	fmt.Fprintf(b, "  a goroutine was runnable while a P was idle: %s in all (%s), at longest %s @%s\n",
		short(s.Wasted), percent(float64(s.Wasted), float64(r.Trace.Duration)), short(s.WastedMax), clock(s.WastedMaxAt))
	tab := newTable(append([]string{""}, spreadHeads...)...)
	tab.row(append([]string{"scheduling latency"}, spreadCells(&s.Latency)...)...)
	tab.write(b)
	var most int64
	for _, h := range s.Histogram {
		most = max(most, h.Count)
	}
	for _, h := range s.Histogram {
		fmt.Fprintf(b, "  %8s and more %9s %s\n", short(h.From), count(h.Count),
			strings.Repeat("█", int((h.Count*chartColumns+most-1)/most)))
	}
	t := &r.Timeline
	chart := func(name string, values []float64, most float64, label string) {
		if most > 0 {
			fmt.Fprintf(b, "  %-20s %s %s\n", name, bars(values, most, chartColumns), label)
		}
	}
	fmt.Fprintf(b, "  over the %s of the trace:\n", short(r.Trace.Duration))
	chart("procs running", t.Procs, float64(s.Procs), fmt.Sprintf("█ = %d", s.Procs))
	for _, c := range []struct {
		name   string
		values []float64
	}{{"goroutines running", t.Running}, {"goroutines runnable", t.Runnable}, {"goroutines waiting", t.Waiting}, {"in syscalls", t.Syscall}} {
		most := 0.0
		for _, v := range c.values {
			most = max(most, v)
		}
		chart(c.name, c.values, most, "█ = "+digits(most))
	}
	heaps := make([]float64, len(t.Heap))
	for i, h := range t.Heap {
		heaps[i] = float64(h)
	}
	chart("heap", heaps, float64(r.GC.HeapMax), "█ = "+size(r.GC.HeapMax))
}

func (r *Report) textGC(b *strings.Builder) {
	g := &r.GC
	if g.Each.Count+g.Each.Cut == 0 && len(g.ByReason) == 0 {
		return
	}
	title(b, "GARBAGE COLLECTOR")
	fmt.Fprintf(b, "  workers ran %s (idle ones %s more), assists %s, sweeping %s; heap at most %s\n",
		short(g.Workers), short(g.IdleMark), short(g.Assist), short(g.Sweep), size(g.HeapMax))
	tab := newTable(append([]string{"", "time", "stopping"}, spreadHeads...)...)
	if g.Each.Count+g.Each.Cut > 0 {
		tab.row(append([]string{"(cycles)", short(g.Each.Sum), ""}, spreadCells(&g.Each)...)...)
	}
	for i := range g.ByReason {
		s := &g.ByReason[i]
		tab.row(append([]string{printable(s.Reason), short(s.Each.Sum), short(s.Stopping)}, spreadCells(&s.Each)...)...)
	}
	tab.write(b)
	var heads, all, gc []string
	for _, m := range g.MMU {
		switch m.Window {
		case time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second:
			heads = append(heads, m.Window.String())
			all = append(all, fmt.Sprintf("%.1f%%", 100*m.All))
			gc = append(gc, fmt.Sprintf("%.1f%%", 100*m.GC))
		}
	}
	if len(heads) > 0 {
		tab := newTable(append([]string{"the program's least share of the procs, over"}, heads...)...)
		tab.row(append([]string{"  with all stops of the world"}, all...)...)
		tab.row(append([]string{"  with those of the collector alone"}, gc...)...)
		tab.write(b)
	}
	var assisting []string
	for i := range r.Functions {
		if f := &r.Functions[i]; f.Assist > 0 && len(assisting) < 3 {
			assisting = append(assisting, fmt.Sprintf("%s %s", functionName(f.Name), short(f.Assist)))
		}
	}
	if len(assisting) > 0 {
		wrap(b, "  assisting: ", ",", assisting)
	}
}

func (r *Report) textTasks(b *strings.Builder)   { textScopes(b, "TASKS BY TYPE", r.Tasks) }
func (r *Report) textRegions(b *strings.Builder) { textScopes(b, "REGIONS BY TYPE", r.Regions) }

func textScopes(b *strings.Builder, heading string, scopes []Scope) {
	if len(scopes) == 0 {
		return
	}
	title(b, "%s", heading)
	tab := newTable(append([]string{""}, spreadHeads...)...)
	for i := range scopes {
		if i == maxRows {
			break
		}
		tab.row(append([]string{scopeName(scopes[i].Type)}, spreadCells(&scopes[i].Each)...)...)
	}
	tab.write(b)
	more(b, len(scopes)-maxRows, "types")
	where := newTable("  where the time went", "running", "runnable", "stopped", "syscall", "blocked", "assist", "waiting", " most for")
	for i := range scopes {
		s := &scopes[i]
		if i == maxRows {
			break
		}
		top := ""
		if len(s.Waits) > 0 {
			top = " " + printable(s.Waits[0].Reason)
		}
		where.row(scopeName(s.Type), short(s.Running), short(s.Runnable), short(s.Stopped), short(s.Syscall),
			short(s.SyscallBlocked), short(s.Assist), short(s.Waiting), top)
	}
	where.write(b)
}

func scopeName(name string) string {
	if name == "" {
		return "(no type)"
	}
	return printable(name)
}

func (r *Report) textPlaces(b *strings.Builder) {
	textPlaces(b, "WHERE THEY BLOCKED", &r.Waits)
	textPlaces(b, "NETWORK", &r.Network)
	textPlaces(b, "SYSCALLS", &r.Syscalls)
}

func textPlaces(b *strings.Builder, heading string, ps *Places) {
	if len(ps.Top) == 0 {
		return
	}
	title(b, "%s (by stack)", heading)
	tab := newTable(append([]string{"", "time"}, spreadHeads...)...)
	system := 0
	for i := range ps.Top {
		p := &ps.Top[i]
		if p.System {
			system++
		}
		if p.System || len(tab.rows) == maxRows {
			continue
		}
		tab.row(append([]string{p.name(), short(p.Time)}, spreadCells(&p.Each)...)...)
	}
	tab.write(b)
	more(b, len(ps.Top)-system-len(tab.rows)+int(ps.Others), "places")
}

// name returns the function that a reader looks for: the first that is not of
// the machinery below it.
func (p *Place) name() string {
	if len(p.Stack) == 0 {
		return "(no stack)"
	}
	f := p.Stack[0]
	for _, frame := range p.Stack {
		if !isMachinery(frame.Func) {
			f = frame
			break
		}
	}
	name := functionName(f.Func)
	if f.Line > 0 {
		name += fmt.Sprintf(":%d", f.Line)
	}
	return name
}

// isMachinery reports whether a function is one that programs use for waiting,
// rather than one that waits.
func isMachinery(name string) bool {
	for _, prefix := range []string{"runtime.", "internal/", "sync.", "syscall.", "time.", "os.", "net.", "context.", "io.", "bufio."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
