package otlp

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/forge"
)

// clocked converts a trace whose wall clock is ahead by offsets.
func clocked(t *testing.T, date time.Time, offsets ...time.Duration) []*tracepb.Span {
	t.Helper()
	var file bytes.Buffer
	s, err := convert.Run(context.Background(), bytes.NewReader(forge.Clocked(date, offsets...)), convert.Options{},
		New(&file, Options{Format: Binary}))
	if err != nil || s.Loss != nil || s.Repairs.Any() {
		t.Fatal(err, s)
	}
	return allSpans(decode(t, file.Bytes()))
}

// TestSpansNestWhateverTheClock converts tasks, regions and goroutines that nest
// in the trace, and whose wall clock drifts from the trace's, or is set.
func TestSpansNestWhateverTheClock(t *testing.T) {
	date := time.Date(2026, time.October, 25, 2, 59, 55, 0, time.UTC)
	const drift, set = 870 * time.Microsecond, time.Hour
	for _, test := range []struct {
		name    string
		offsets []time.Duration
		lasts   time.Duration // the task parent, on the wall
		steps   string
	}{
		{"steady", []time.Duration{0, 0, 0, 0, 0}, 4100 * time.Millisecond, ""},
		{"ahead", []time.Duration{0, drift, 2 * drift, 3 * drift, 4 * drift}, 4100*time.Millisecond + 4100*time.Microsecond*87/100, ""},
		{"behind", []time.Duration{0, -drift, -2 * drift, -3 * drift, -4 * drift}, 4100*time.Millisecond - 4100*time.Microsecond*87/100, ""},
		{"set ahead", []time.Duration{0, 0, set, set, set}, 4100 * time.Millisecond, "set ahead by 1h0m0s between 1s and 2s of the trace;"},
		{"set back", []time.Duration{0, 0, -set, -set, -set}, 4100 * time.Millisecond, "set back by 1h0m0s between 1s and 2s of the trace;"},
	} {
		t.Run(test.name, func(t *testing.T) {
			spans := clocked(t, date, test.offsets...)
			byID := make(map[string]*tracepb.Span)
			for _, s := range spans {
				byID[string(s.SpanId)] = s
			}
			var run, parent *tracepb.Span
			for _, s := range spans {
				attrs := attrsOf(t, s.Attributes)
				switch {
				case attrs[attrKind] == kindRun:
					run = s
				case s.Name == "parent":
					parent = s
				}
			}
			if run == nil || parent == nil {
				t.Fatalf("of %d spans none is the run, or the task", len(spans))
			}
			steps, _ := attrsOf(t, run.Attributes)[attrClockSteps].(string)
			if !strings.Contains(steps, test.steps) || (steps == "") != (test.steps == "") {
				t.Errorf("the run's steps are %q, want %q", steps, test.steps)
			}
			// The clock learns of a drift a second late.
			lasts := time.Duration(parent.EndTimeUnixNano - parent.StartTimeUnixNano)
			if off := lasts - test.lasts; max(off, -off) > drift {
				t.Errorf("the task lasts %v, want %v", lasts, test.lasts)
			}
			if test.offsets[1] == 0 && lasts != test.lasts {
				t.Errorf("the task lasts %v, want %v to the nanosecond", lasts, test.lasts)
			}
			nested := 0
			for _, s := range spans {
				around := byID[string(s.ParentSpanId)]
				if around == nil {
					around = run
				} else {
					nested++
				}
				if s.StartTimeUnixNano < around.StartTimeUnixNano || s.EndTimeUnixNano > around.EndTimeUnixNano {
					t.Errorf("%q is dated %d to %d, but what it is in, %q, %d to %d",
						s.Name, s.StartTimeUnixNano, s.EndTimeUnixNano, around.Name, around.StartTimeUnixNano, around.EndTimeUnixNano)
				}
			}
			if nested < 6 {
				t.Errorf("%d spans have parents", nested)
			}
		})
	}
}

// TestMetricsGoForward dates the points of a trace whose clock is set back.
func TestMetricsGoForward(t *testing.T) {
	var file bytes.Buffer
	data := forge.Clocked(time.Unix(1e9, 0), 0, 0, -time.Hour, -time.Hour)
	if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, NewMetrics(&file, Options{})); err != nil {
		t.Fatal(err)
	}
	last, n := "", 0
	for rest := file.String(); ; n++ {
		_, after, ok := strings.Cut(rest, `"timeUnixNano":"`)
		if !ok {
			break
		}
		at, after, _ := strings.Cut(after, `"`)
		if at < "1000000000000000000" || at > "1000000004000000000" {
			t.Errorf("a point at %s, after %s", at, last)
		}
		last, rest = at, after
	}
	if n < 10 {
		t.Errorf("%d points", n)
	}
}
