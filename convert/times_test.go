package convert_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/gotrace"
	"github.com/trace2otel/trace2otel/internal/sinktest"
)

// TestTimesAreOfTheTrace holds every time that records have to those that the
// trace has: events of the same time stay together.
func TestTimesAreOfTheTrace(t *testing.T) {
	ties := 0
	for _, f := range sinktest.Traces(t) {
		data, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
		if err != nil {
			continue // another decoder's
		}
		times := make(map[convert.Time]bool)
		for err == nil {
			var events []gotrace.Event
			events, err = r.Next()
			for i, e := range events {
				times[convert.Time(e.Time)] = true
				if i > 0 && e.Time == events[i-1].Time && e.Flags == 0 {
					ties++
				}
			}
		}
		var rec sinktest.Recorder
		s, err := convert.Run(t.Context(), bytes.NewReader(data), convert.Options{
			Start: sinktest.Wall, Decoder: convert.DecoderOwn, AsGo: f.AsGo,
		}, &rec)
		if err != nil {
			t.Fatal(err)
		}
		if s.Adjusted > 3+s.Events/1_000_000 {
			t.Errorf("%s: %d of %d events moved", f.Name, s.Adjusted, s.Events)
		}
		wrong := 0
		for i := range rec.Records {
			if r := &rec.Records[i]; !times[r.Time] || r.Phase == convert.End && !times[r.Start] {
				if wrong++; wrong < 4 {
					t.Errorf("%s: %+v: no event has its time", f.Name, *r)
				}
			}
		}
	}
	if ties == 0 {
		t.Error("no two events have the same time")
	}
}
