package stats

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// shapes returns the corners of what a chart fills or draws in a tone, read
// back from its SVG.
func shapes(t *testing.T, r *Report, chart, class string) (all [][][2]float64) {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	for _, f := range elements(parse(t, out.Bytes()), "figure") {
		if id, _ := attribute(f, "id"); id != chart {
			continue
		}
		for _, p := range elements(f, "path") {
			if got, _ := attribute(p, "class"); got == class {
				all = append(all, corners(t, p))
			}
		}
	}
	return all
}

func corners(t *testing.T, path *html.Node) (points [][2]float64) {
	t.Helper()
	d, _ := attribute(path, "d")
	for _, part := range strings.FieldsFunc(d, func(r rune) bool { return strings.ContainsRune("MLZ", r) }) {
		x, y, _ := strings.Cut(part, " ")
		var p [2]float64
		for i, text := range []string{x, y} {
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatalf("%q: %v", d, err)
			}
			p[i] = f
		}
		points = append(points, p)
	}
	return points
}

func TestBarsAreAsLongAsWaits(t *testing.T) {
	r := &Report{Totals: Totals{Times: Times{
		Total: 1000, Waiting: 900, Runnable: 100,
		Waits: []Wait{{Reason: "sleep", Time: 600}, {Reason: "select", Time: 300}},
	}}}
	var widths []float64
	for _, class := range []string{"fill waiting", "fill runnable"} {
		for _, bar := range shapes(t, r, "chart-waits", class) {
			widths = append(widths, bar[1][0]-bar[0][0])
		}
	}
	if len(widths) != 3 {
		t.Fatalf("there are %d bars", len(widths))
	}
	for i, want := range []float64{1, 0.5, 1. / 6} {
		if got := widths[i] / widths[0]; math.Abs(got-want) > 0.01 {
			t.Errorf("bar %d is %.3f of the longest, want %.3f", i, got, want)
		}
	}
}

func TestAreasAreStacked(t *testing.T) {
	r := &Report{
		Trace: About{Duration: 20},
		Timeline: Timeline{Step: 10, Running: []float64{1, 2}, Runnable: []float64{3, 0},
			Syscall: []float64{0, 0}, Waiting: []float64{0, 4}},
	}
	// Upper edges, from the left: two corners for each step.
	height := func(class string) (heights []float64) {
		area := shapes(t, r, "chart-states", class)[0]
		for _, p := range area[:4] {
			heights = append(heights, p[1])
		}
		return heights
	}
	running, waiting := height("fill running"), height("fill waiting")
	one := running[0] - running[2] // a goroutine, in units of the drawing
	if one <= 0 {
		t.Fatalf("the area of running goroutines is at %v", running)
	}
	for i, want := range []float64{3, 3, 4, 4} { // above those that run
		if got := (running[i] - waiting[i]) / one; math.Abs(got-want) > 0.05 {
			t.Errorf("corner %d is %.2f above, want %v", i, got, want)
		}
	}
}

func TestHistogramHasBarForEachBucket(t *testing.T) {
	r := &Report{Scheduler: Sched{Histogram: []Bucket{{256, 10}, {512, 100}, {4096, 1000}}}}
	bars := shapes(t, r, "chart-latency", "fill runnable")
	if len(bars) != 3 {
		t.Fatalf("there are %d bars", len(bars))
	}
	// Ten times as many are a step of one height; twice as long is one of width.
	top := func(i int) float64 { return bars[i][2][1] }
	if first, second := top(0)-top(1), top(1)-top(2); first < 10 || math.Abs(first-second) > 0.3 {
		t.Errorf("steps of %.1f and %.1f", first, second)
	}
	left := func(i int) float64 { return bars[i][0][0] }
	if first, second := left(1)-left(0), left(2)-left(1); math.Abs(second-3*first) > 0.5 {
		t.Errorf("distances of %.1f and %.1f", first, second)
	}
}

func TestMutatorCurveLeavesOutWindowsLongerThanTrace(t *testing.T) {
	r := &Report{GC: GC{MMU: []MMU{
		{Window: time.Microsecond, All: 0, GC: 0.5}, {Window: time.Millisecond, All: 0.5, GC: 1}, {Window: time.Second, All: 1, GC: 1, Short: true},
	}}}
	all, gc := shapes(t, r, "chart-mmu", "line mutator"), shapes(t, r, "chart-mmu", "line limit")
	if len(all) != 1 || len(gc) != 1 || len(all[0]) != 2 || len(gc[0]) != 2 {
		t.Fatalf("the curves are %v and %v", all, gc)
	}
	if all[0][1][1] != gc[0][0][1] || all[0][0][1] <= gc[0][0][1] {
		t.Errorf("halves are not at one height: %v and %v", all, gc)
	}
}

func TestHeadlineTellsWhatWasWaitedFor(t *testing.T) {
	r := &Report{Totals: Totals{Times: Times{
		Total: 1000, Running: 40, Assist: 10, Runnable: 100, Stopped: 20, Syscall: 20, SyscallBlocked: 10, Waiting: 800,
		Waits: []Wait{{Reason: "network", Time: 500}, {Reason: "sync", Time: 150}, {Reason: "select", Time: 100}, {Reason: "sleep", Time: 50}},
	}}}
	const want = "Goroutines spent 80.0% of their time waiting (network 50.0%, sync 15.0%, select 10.0%), " +
		"12.0% ready to run, 5.0% running and 3.0% in system calls."
	if got := r.headline(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var names []string
	for _, f := range r.figures() {
		names = append(names, f.Name)
	}
	if slices.Contains(names, "longest stop of the world") || !slices.Contains(names, "procs used") {
		t.Errorf("the figures are %v", names)
	}
}
