package perfetto_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/sinktest"
)

// TestLateNamesAreWaitedForInBounds has goroutines run on a thread, again and
// again, one of which gets its name at the very end. No more than 1024 slices
// wait for it; those before do without.
func TestLateNamesAreWaitedForInBounds(t *testing.T) {
	const (
		waiting = 1024
		runs    = 3000
	)
	var story strings.Builder
	story.WriteString("0 G1 begin goroutine\n0 G1 begin runnable\n0 G2 begin goroutine \"main.two\"\n0 G2 begin runnable\n")
	for i := range runs {
		g := 1 + i%2
		fmt.Fprintf(&story, "%[1]d G%[3]d end runnable\n%[1]d G%[3]d begin running P0 M5\n%[2]d G%[3]d end running\n%[2]d G%[3]d begin runnable\n",
			10*i, 10*i+5, g)
	}
	fmt.Fprintf(&story, "%d G1 goroutine \"main.one\"\n", 10*runs)
	text := printFile(t, write(t, sinktest.Story(t, story.String())))
	count := func(name string) int { return strings.Count(text, fmt.Sprintf("begin thread %q", name)) }
	if n := count("main.two"); n != runs/2 {
		t.Errorf("%d slices of main.two, want %d", n, runs/2)
	}
	named, unknown := count("main.one"), count("unknown")
	if named+unknown != runs/2 || named < waiting/2-1 || named > waiting/2+1 {
		t.Errorf("of %d slices of main.one, %d have its name and %d do without, want %d with", runs/2, named, unknown, waiting/2)
	}
}
