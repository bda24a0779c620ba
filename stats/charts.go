package stats

import (
	"html/template"
	"math"
	"slices"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A chart is a drawing and its caption.
type chart struct {
	ID, Title, Note string
	SVG             template.HTML
	Keys            []key
}

// A key tells what a tone stands for.
type key struct {
	Tone tone
	Text string
}

const (
	chartWidth  = 600
	chartHeight = 230
	fontSize    = 12
	most        = 1e18 // of any value drawn: the library's ticks fail far beyond
)

// A plotting collects what makes up a chart, and the first error.
type plotting struct {
	*plot.Plot
	grid  *plotter.Grid // of horizontal lines
	chart chart
	err   error
}

func newPlotting(id, title, note string, keys ...key) *plotting {
	p := &plotting{Plot: plot.New(), grid: plotter.NewGrid(), chart: chart{ID: id, Title: title, Note: note, Keys: keys}}
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color = tone("rule")
		axis.Tick.Color = tone("rule")
		axis.Tick.Length = 4
		axis.Tick.Label.Color = tone("ink")
		axis.Tick.Label.Font.Variant = "Sans" // as wide as Arial and Helvetica
		axis.Tick.Label.Font.Size = fontSize
		axis.Padding = 0
	}
	p.X.Tick.Length = 7 // clear of the lowest label of y
	p.Y.Tick.Marker = unitTicks("")
	p.grid.Vertical.Width = 0
	p.grid.Vertical.Color = tone("grid")
	p.grid.Horizontal.Color = tone("grid")
	p.Add(p.grid)
	return p
}

// area adds a polygon.
func (p *plotting) area(t tone, points plotter.XYs) {
	shape, err := plotter.NewPolygon(points)
	if err != nil {
		p.fail(err)
		return
	}
	shape.Color = t
	shape.LineStyle.Width = 0
	p.Add(shape)
}

// line adds a line.
func (p *plotting) line(t tone, points plotter.XYs, dashes ...vg.Length) {
	l, err := plotter.NewLine(points)
	if err != nil {
		p.fail(err)
		return
	}
	l.Color = t
	l.Width = 1.5
	l.Dashes = dashes
	p.Add(l)
}

// labels adds texts to the right of points.
func (p *plotting) labels(points plotter.XYs, texts []string) {
	l, err := plotter.NewLabels(plotter.XYLabels{XYs: points, Labels: texts})
	if err != nil {
		p.fail(err)
		return
	}
	for i := range l.TextStyle {
		l.TextStyle[i].Color = tone("ink")
		l.TextStyle[i].Font.Variant = "Sans"
		l.TextStyle[i].Font.Size = fontSize
		l.TextStyle[i].YAlign = -0.4
	}
	l.Offset = vg.Point{X: 4}
	p.Add(l)
}

func (p *plotting) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// draw returns the chart.
func (p *plotting) draw(height vg.Length) (chart, error) {
	if p.err != nil {
		return chart{}, p.err
	}
	c := newCanvas(chartWidth, height)
	p.Draw(draw.Crop(draw.New(c), 2, -8, 2, -8)) // half a label may hang over an axis's end
	p.chart.SVG = template.HTML(c.svg(p.chart.Title))
	return p.chart, nil
}

// charts returns those of the report that have something to show.
func (r *Report) charts() (map[string]chart, error) {
	all := make(map[string]chart)
	for _, draw := range []func() (chart, error){
		r.waitsChart, r.statesChart, r.activeChart, r.procsChart, r.heapChart, r.latencyChart, r.mmuChart,
	} {
		c, err := draw()
		if err != nil {
			return nil, err
		}
		if c.SVG != "" {
			all[c.ID] = c
		}
	}
	return all, nil
}

// waitsMost is how many bars the chart of waits has.
const waitsMost = 12

// waitsChart shows for what goroutines waited most, a P and system calls among
// it.
func (r *Report) waitsChart() (chart, error) {
	t := &r.Totals
	type bar struct {
		name string
		tone tone
		time time.Duration
	}
	bars := []bar{
		{"a P", "runnable", t.Runnable},
		{"the end of a stop", "runnable", t.Stopped},
		{"system calls", "syscall", t.Syscall + t.SyscallBlocked},
	}
	for _, w := range t.Waits {
		bars = append(bars, bar{shorten(reasonName(w.Reason), 30), "waiting", w.Time})
	}
	bars = slices.DeleteFunc(bars, func(b bar) bool { return b.time <= 0 })
	if len(bars) == 0 {
		return chart{}, nil
	}
	slices.SortStableFunc(bars, func(a, b bar) int { return int(min(max(b.time-a.time, -1), 1)) })
	bars = bars[:min(len(bars), waitsMost)]

	p := newPlotting("chart-waits", "What goroutines waited for", "Time, summed over all goroutines but the runtime's own.",
		key{"waiting", "blocked"}, key{"runnable", "ready to run"}, key{"syscall", "in a system call"})
	unit, name := timeUnit(bars[0].time)
	p.X.Min, p.X.Max = 0, 1.3*float64(bars[0].time)/unit // room for the label
	p.X.Tick.Marker = unitTicks(name)
	p.Y.Min, p.Y.Max = -0.6, float64(len(bars))-0.4
	var names []plot.Tick
	var ends plotter.XYs
	var texts []string
	for i, b := range bars {
		y, x := float64(len(bars)-1-i), float64(b.time)/unit
		p.area(b.tone, rectangle(0, y-0.36, x, y+0.36))
		names = append(names, plot.Tick{Value: y, Label: b.name})
		ends = append(ends, plotter.XY{X: x, Y: y})
		texts = append(texts, short(b.time)+" · "+percent(float64(b.time), float64(t.Total)))
	}
	p.labels(ends, texts)
	p.grid.Vertical, p.grid.Horizontal = p.grid.Horizontal, p.grid.Vertical
	p.Y.Tick.Marker = plot.ConstantTicks(names)
	p.Y.Tick.Length = 0
	return p.draw(vg.Length(60 + 20*len(bars)))
}

// A series is one area or line over time.
type series struct {
	tone   tone
	name   string
	values []float64
}

// overTime returns a chart with the axis of time.
func (r *Report) overTime(id, title, note string, all ...series) *plotting {
	keys := make([]key, len(all))
	for i, s := range all {
		keys[i] = key{s.tone, s.name}
	}
	p := newPlotting(id, title, note, keys...)
	unit, name := timeUnit(r.Trace.Duration)
	p.X.Min, p.X.Max = 0, max(float64(r.Trace.Duration), 1)/unit
	p.X.Tick.Marker = unitTicks(name)
	p.Y.Min = 0
	return p
}

// steps returns values as a line of steps, in the units of the axis of time.
func (r *Report) steps(values []float64, scale float64) (points plotter.XYs) {
	unit, _ := timeUnit(r.Trace.Duration)
	for i, v := range values {
		from, to := time.Duration(i)*r.Timeline.Step, time.Duration(i+1)*r.Timeline.Step
		y := min(max(v/scale, 0), most)
		points = append(points,
			plotter.XY{X: float64(min(from, r.Trace.Duration)) / unit, Y: y},
			plotter.XY{X: float64(min(to, r.Trace.Duration)) / unit, Y: y})
	}
	return points
}

// stack adds series as areas, each upon those before it, and returns the top.
func (r *Report) stack(p *plotting, all ...series) (top float64) {
	var below plotter.XYs
	for _, s := range all {
		above := r.steps(s.values, 1)
		for i := range above {
			if i < len(below) {
				above[i].Y += below[i].Y
			}
			top = max(top, above[i].Y)
		}
		shape := slices.Clone(above)
		for i := len(above) - 1; i >= 0; i-- {
			at := plotter.XY{X: above[i].X}
			if i < len(below) {
				at.Y = below[i].Y
			}
			shape = append(shape, at)
		}
		if len(shape) > 0 {
			p.area(s.tone, shape)
		}
		below = above
	}
	return top
}

func (r *Report) statesChart() (chart, error) {
	t := &r.Timeline
	return r.stacked("chart-states", "Goroutines by state", series{"running", "running", t.Running},
		series{"runnable", "runnable", t.Runnable}, series{"syscall", "in a system call", t.Syscall}, series{"waiting", "waiting", t.Waiting})
}

func (r *Report) activeChart() (chart, error) {
	t := &r.Timeline
	return r.stacked("chart-active", "Goroutines by state, without the waiting", series{"running", "running", t.Running},
		series{"runnable", "runnable", t.Runnable}, series{"syscall", "in a system call", t.Syscall})
}

// stacked draws series on top of one another; nothing, if there is nothing to
// see.
func (r *Report) stacked(id, title string, all ...series) (chart, error) {
	p := r.overTime(id, title, "Means over steps of "+short(r.Timeline.Step)+".", all...)
	top := r.stack(p, all...)
	if top == 0 {
		return chart{}, nil
	}
	p.Y.Max = 1.05 * top
	return p.draw(chartHeight)
}

func (r *Report) procsChart() (chart, error) {
	t := &r.Timeline
	run, procs := series{"running", "procs that run", t.Procs}, series{"limit", "GOMAXPROCS", t.MaxProcs}
	p := r.overTime("chart-procs", "Procs running", "Means over steps of "+short(t.Step)+".", run, procs)
	top := r.stack(p, run)
	limit := r.steps(procs.values, 1)
	for _, at := range limit {
		top = max(top, at.Y)
	}
	if top == 0 {
		return chart{}, nil
	}
	if len(limit) > 0 {
		p.line(procs.tone, limit, 5, 3)
	}
	p.Y.Max = 1.1 * top
	return p.draw(chartHeight)
}

func (r *Report) heapChart() (chart, error) {
	heap, goal := series{"heap", "live heap", floats(r.Timeline.Heap)}, series{"limit", "goal", floats(r.Timeline.Goal)}
	p := r.overTime("chart-heap", "Heap", "The most in each step of "+short(r.Timeline.Step)+", and the goal that was last set.", heap, goal)
	top := 0.0
	for _, v := range slices.Concat(heap.values, goal.values) {
		top = max(top, min(v, most))
	}
	if top == 0 {
		return chart{}, nil
	}
	unit, name := 1.0, "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if top/unit >= 1024 {
			unit, name = unit*1024, next
		}
	}
	for i := range heap.values {
		heap.values[i] /= unit
	}
	r.stack(p, heap)
	if line := r.steps(goal.values, unit); len(line) > 0 {
		p.line(goal.tone, line, 5, 3)
	}
	p.Y.Max = 1.1 * top / unit
	p.Y.Tick.Marker = unitTicks(" " + name)
	return p.draw(chartHeight)
}

func (r *Report) latencyChart() (chart, error) {
	l := &r.Scheduler.Latency
	p := newPlotting("chart-latency", "Scheduling latency", "How long goroutines that were ready waited for a P. Both axes are logarithmic.",
		key{"runnable", "times"})
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	const least = 0.7 // below 1, so that a single one shows
	var top, from, to float64
	for _, b := range r.Scheduler.Histogram {
		if b.From < 0 || b.Count <= 0 {
			continue
		}
		x := max(float64(b.From), 0.5)
		p.area("runnable", rectangle(x*1.03, least, x*2*0.97, float64(b.Count)))
		top = max(top, float64(b.Count))
		if to == 0 {
			from, to = x, 2*x
		}
		from, to = min(from, x), max(to, 2*x)
	}
	if top == 0 {
		return chart{}, nil
	}
	p.X.Min, p.X.Max = from/1.5, to*2.5
	p.Y.Min, p.Y.Max = least, 3*top
	var at plotter.XYs
	var texts []string
	for _, mark := range []struct {
		name string
		at   time.Duration
	}{{"p50", l.P50}, {"p90", l.P90}, {"p99", l.P99}, {"max", l.Max}} {
		x := float64(mark.at)
		if x < p.X.Min || x > p.X.Max {
			continue
		}
		p.line("ink", plotter.XYs{{X: x, Y: least}, {X: x, Y: 1.4 * top}}, 3, 2)
		const room = 0.08 // of the axis, for a label
		if n := len(at); n > 0 && p.X.Norm(x)-p.X.Norm(at[n-1].X) < room {
			texts[n-1] += ", " + mark.name
			continue
		}
		at = append(at, plotter.XY{X: x, Y: 1.9 * top})
		texts = append(texts, mark.name)
	}
	if len(at) > 0 {
		p.labels(at, texts)
	}
	p.X.Tick.Marker = decadeTicks(func(v float64) string { return time.Duration(v).String() })
	p.Y.Tick.Marker = decadeTicks(func(v float64) string { return count(int64(v)) })
	return p.draw(chartHeight)
}

func (r *Report) mmuChart() (chart, error) {
	p := newPlotting("chart-mmu", "Minimum mutator utilization",
		"The least share of the procs that the program got in any window of a length. The axis of windows is logarithmic.",
		key{"mutator", "all stops of the world"}, key{"limit", "the collector's alone"})
	var all, gc plotter.XYs
	for _, m := range r.GC.MMU {
		if m.Window > 0 && !m.Short {
			all = append(all, plotter.XY{X: float64(m.Window), Y: 100 * min(max(m.All, 0), 1)})
			gc = append(gc, plotter.XY{X: float64(m.Window), Y: 100 * min(max(m.GC, 0), 1)})
		}
	}
	if len(all) < 2 {
		return chart{}, nil
	}
	p.X.Scale = plot.LogScale{}
	p.line("mutator", all)
	p.line("limit", gc, 5, 3)
	p.X.Tick.Marker = decadeTicks(func(v float64) string { return time.Duration(v).String() })
	p.Y.Min, p.Y.Max = 0, 105
	p.Y.Tick.Marker = unitTicks("%")
	return p.draw(chartHeight)
}

func rectangle(x0, y0, x1, y1 float64) plotter.XYs {
	return plotter.XYs{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// timeUnit returns the unit, in nanoseconds, in which a time has few digits.
func timeUnit(d time.Duration) (unit float64, name string) {
	switch {
	case d >= 2*time.Second:
		return float64(time.Second), "s"
	case d >= 2*time.Millisecond:
		return float64(time.Millisecond), "ms"
	case d >= 2*time.Microsecond:
		return float64(time.Microsecond), "µs"
	}
	return 1, "ns"
}

// unitTicks labels about five round numbers with a unit.
func unitTicks(unit string) plot.Ticker {
	return plot.TickerFunc(func(lo, hi float64) (ticks []plot.Tick) {
		step := math.Pow(10, math.Floor(math.Log10((hi-lo)/4)))
		for _, times := range []float64{2, 2.5, 2} { // 2, 5, 10
			if (hi-lo)/step > 6 {
				step *= times
			}
		}
		for n := math.Ceil(lo / step); n*step <= hi; n++ {
			v := n * step
			ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64) + unit})
		}
		return ticks
	})
}

// decadeTicks labels the powers of ten.
func decadeTicks(label func(float64) string) plot.Ticker {
	return plot.TickerFunc(func(lo, hi float64) (ticks []plot.Tick) {
		for power := math.Floor(math.Log10(lo)); power <= math.Log10(hi); power++ {
			for digit := 1.0; digit < 10; digit++ {
				tick := plot.Tick{Value: digit * math.Pow(10, power)}
				if tick.Value < lo || tick.Value > hi {
					continue
				}
				if digit == 1 {
					tick.Label = label(math.Round(tick.Value))
				}
				ticks = append(ticks, tick)
			}
		}
		return ticks
	})
}

func floats(values []uint64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}
