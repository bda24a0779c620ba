package endtoend

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/perfetto"
	"github.com/trace2otel/trace2otel/pprofout"
	"github.com/trace2otel/trace2otel/stats"
)

// TestUnknownTasks holds all outputs to call tasks alike of which the trace does
// not have the beginning, and those of an empty type.
func TestUnknownTasks(t *testing.T) {
	rec := sinktest.Story(t, `trace wall=1000000000
0 G1 begin goroutine "main.main" open-start
0 G1 begin running P0 open-start
10 G1 begin task "" id=8 parent=3
20 G1 begin region "work" parent=3
30 G1 end region "work" parent=3
40 - end task id=3 start=0 open-start by=G1
50 G1 end task id=8 by=G1
60 G1 end running open-end`)
	var page, text, spans, timeline, wall bytes.Buffer
	for _, s := range []convert.Sink{
		stats.New(&page, stats.Options{Format: stats.HTML}),
		stats.New(&text, stats.Options{}),
		otlp.New(&spans, otlp.Options{}),
		perfetto.New(&timeline, perfetto.Options{}),
		pprofout.New(&wall, pprofout.Options{Kind: pprofout.Wall}),
	} {
		if err := rec.Replay(s, 3); err != nil {
			t.Fatal(err)
		}
	}
	p, err := profile.Parse(&wall)
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, s := range p.Sample {
		labels = append(labels, s.Label["task"]...)
	}
	slices.Sort(labels)
	if labels = slices.Compact(labels); !slices.Equal(labels, []string{convert.TaskUnknown, convert.ReasonUnspecified}) {
		t.Errorf("a profile has the tasks %q", labels)
	}
	for _, name := range []string{convert.TaskUnknown, convert.ReasonUnspecified} {
		for what, file := range map[string]string{
			"a page": page.String(), "an analysis": text.String(), "spans": spans.String(), "a timeline": timeline.String(),
		} {
			want := name
			if what == "spans" {
				want = `"name":"` + name + `"`
			}
			if !strings.Contains(file, want) {
				t.Errorf("%s has no %s", what, want)
			}
		}
	}
}
