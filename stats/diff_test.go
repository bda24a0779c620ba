package stats

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// runOf returns the report of a trace in which a goroutine of f runs and waits
// so long, several times.
func runOf(t *testing.T, f string, running, waiting int, times int) *Report {
	t.Helper()
	var b strings.Builder
	now := 0
	fmt.Fprintf(&b, "0 G1 begin goroutine %q\n0 G1 begin running P0\n", f)
	for range times {
		now += running
		fmt.Fprintf(&b, "%d G1 end running\n%d G1 begin waiting \"select\"\n", now, now)
		now += waiting
		fmt.Fprintf(&b, "%d G1 end waiting\n%d G1 begin running P0\n", now, now)
	}
	s := New(nil, Options{})
	if err := sinktest.Story(t, fmt.Sprintf("trace %q end=%d\n%s", f, now, &b)).Replay(s, 100); err != nil {
		t.Fatal(err)
	}
	return s.Report()
}

func diffText(t *testing.T, old, new []*Report, o DiffOptions) string {
	t.Helper()
	d, err := Compare(old, new, o)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range d.Changes {
		line := fmt.Sprintf("%s %s %s: %v -> %v (%+g %s)", c.Group, c.Name, c.What, c.Old, c.New, c.Delta, c.Unit)
		if c.Percent != nil {
			line += fmt.Sprintf(" %+.0f%%", *c.Percent)
		}
		if c.P != nil {
			line += fmt.Sprintf(" p=%.3f", *c.P)
		}
		lines = append(lines, line)
	}
	return strings.Join(append(lines, d.Warnings...), "\n")
}

func TestDiffOfTwoTraces(t *testing.T) {
	got := diffText(t, []*Report{runOf(t, "main.f", 10, 100, 4)}, []*Report{runOf(t, "main.f", 30, 80, 4)}, DiffOptions{})
	want := `goroutines main.f running: 40 -> 120 (+80 ns) +200%
goroutines main.f waiting: select: 400 -> 320 (-80 ns) -20%
goroutines main.f waiting: select max: 100 -> 80 (-20 ns each) -20%
goroutines main.f waiting: select p50: 100 -> 80 (-20 ns each) -20%
goroutines main.f waiting: select p99: 100 -> 80 (-20 ns each) -20%`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDiffKnowsWhatIsNewAndGone(t *testing.T) {
	got := diffText(t, []*Report{runOf(t, "main.f", 10, 100, 1)}, []*Report{runOf(t, "main.g", 10, 100, 1)}, DiffOptions{})
	want := `goroutines main.f waiting: select: 100 -> 0 (-100 ns) -100%
goroutines main.g waiting: select: 0 -> 100 (+100 ns)
goroutines main.f running: 10 -> 0 (-10 ns) -100%
goroutines main.g running: 0 -> 10 (+10 ns)
goroutines main.f goroutines: 1 -> 0 (-1 count) -100%
goroutines main.g goroutines: 0 -> 1 (+1 count)`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDiffPerSecond(t *testing.T) {
	old, new := runOf(t, "main.f", 10, 100, 4), runOf(t, "main.f", 10, 100, 8)
	if got := diffText(t, []*Report{old}, []*Report{new}, DiffOptions{}); !strings.Contains(got, "main.f running: 40 -> 80") ||
		!strings.HasSuffix(got, "compare them per second") {
		t.Errorf("got\n%s", got)
	}
	// The one goroutine is twice as often there in a second of the shorter.
	got := diffText(t, []*Report{old}, []*Report{new}, DiffOptions{PerSecond: true})
	if want := "goroutines main.f goroutines: "; !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
		t.Errorf("got\n%s", got)
	}
}

// TestDiffTellsChance has four traces on each side: p for a complete
// separation is 2/70 (of 8 over 4), and the waits overlap.
func TestDiffTellsChance(t *testing.T) {
	var old, new []*Report
	for i := range 4 {
		old = append(old, runOf(t, "main.f", 10+i, 100+7*i, 3))
		new = append(new, runOf(t, "main.f", 20+i, 101+7*i, 3))
	}
	got := diffText(t, old, new, DiffOptions{})
	if !strings.HasPrefix(got, "goroutines main.f running: 34.5 -> 64.5 (+30 ns) +87% p=0.029\n") {
		t.Errorf("got\n%s", got)
	}
	if !strings.Contains(got, "main.f waiting: select: 331.5 -> 334.5 (+3 ns) +1% p=0.") || strings.Contains(got, "select: 331.5 -> 334.5 (+3 ns) +1% p=0.0") {
		t.Errorf("got\n%s", got)
	}
	d, _ := Compare(old, new, DiffOptions{})
	var text bytes.Buffer
	if err := d.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	if s := text.String(); !strings.Contains(s, "main.f  running") || strings.Contains(s, "main.f  waiting: select  ") || !strings.Contains(s, "chance explains") {
		t.Errorf("the text is\n%s", s)
	}
}

func TestDiffText(t *testing.T) {
	old, new := runOf(t, "main.f", 1000, 2000, 2), runOf(t, "main.f", 1500, 2000, 2)
	d, err := Compare([]*Report{old}, []*Report{new}, DiffOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := d.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	want := `old: main.f
new: main.f
! the traces are of 6µs and 7µs: sums grow with length, so compare them per second

WHERE TIME WENT
                      old     new   change       %  p
  main.f  running  2.00µs  3.00µs  +1.00µs  +50.0%
`
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &text, want)
	}
}

func TestDiffOfEqualTracesIsEmpty(t *testing.T) {
	for _, f := range fixtures.All(t) {
		s := New(nil, Options{})
		fixtures.Run(t, f, s)
		d, err := Compare([]*Report{s.Report()}, []*Report{s.Report()}, DiffOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Changes) != 0 {
			t.Errorf("%s differs from itself: %v", f.Name, d.Changes)
		}
		var out bytes.Buffer
		if err := d.WriteJSON(&out); err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["schema"] != DiffSchema || back["changes"] == nil {
			t.Errorf("%s: as JSON: %s (%v)", f.Name, &out, err)
		}
	}
	if _, err := Compare(nil, []*Report{{}}, DiffOptions{}); err == nil {
		t.Error("nothing compares with something")
	}
}
