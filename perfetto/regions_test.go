package perfetto_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert/sinktest"
)

// TestRegionThatLeavesManyOpen ends a region before many that began within it.
// They go to lanes; it and the regions around it nest, and stay on the track.
func TestRegionThatLeavesManyOpen(t *testing.T) {
	const many = 200
	var b strings.Builder
	at := 0
	say := func(format string, args ...any) {
		at += 10
		fmt.Fprintf(&b, "%d G1 "+format+"\n", append([]any{at}, args...)...)
	}
	say(`begin goroutine "main.main"`)
	say("begin running P0")
	say(`begin region "outer" id=1`)
	say(`begin region "leaves" id=2`)
	for i := range many {
		say(`begin region "left" id=%d`, 3+i)
	}
	say(`end region "leaves" id=2`)
	say(`begin region "after" id=%d`, 3+many)
	say(`end region "after" id=%d`, 3+many)
	for i := range many {
		say(`end region "left" id=%d`, 3+i)
	}
	say(`end region "outer" id=1`)
	say("end running")
	say("end goroutine")

	tracks := make(map[string]string) // of regions
	lanes := make(map[string]bool)
	var track string // of the goroutine
	for line := range strings.Lines(printFile(t, write(t, sinktest.Story(t, b.String())))) {
		f := strings.Fields(line)
		switch {
		case f[0] == "track" && strings.Contains(line, "/1 "):
			track = f[1]
		case len(f) > 5 && f[3] == "begin" && f[4] == "region" && f[5] == `"left"`:
			lanes[f[2]] = true
		case len(f) > 5 && f[3] == "begin" && f[4] == "region":
			tracks[f[5]] = f[2]
		}
	}
	for _, name := range []string{`"outer"`, `"leaves"`, `"after"`} {
		if tracks[name] != track {
			t.Errorf("%s is on track %s, not on the goroutine's, %s", name, tracks[name], track)
		}
	}
	if len(lanes) != many || lanes[track] {
		t.Errorf("%d regions are in %d lanes", many, len(lanes))
	}
}
