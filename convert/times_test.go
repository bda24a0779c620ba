package convert_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// TestTimesAreOfTheTrace holds every time that records have to those that the
// trace has: events of the same time stay together.
func TestTimesAreOfTheTrace(t *testing.T) {
	ties := 0
	for _, f := range fixtures.All(t) {
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
			Start: fixtures.Wall, Decoder: convert.DecoderOwn, AsGo: f.AsGo,
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

// TestMovedEventsAreCounted reads two generations that overlap by half a
// microsecond. Events of the second that are earlier than the last of the first
// are moved to the time of that, and counted.
func TestMovedEventsAreCounted(t *testing.T) {
	const running, tick = 1, 64
	f := forge.New()
	f.Sync(1)
	f.Batch(1, 1, 1000, forge.Event[gotrace.Type](nil, gotrace.EvProcStatus, 0, 0, running))
	f.End()
	f.Batch(2, ^uint64(0), 992, append(binary.AppendUvarint([]byte{50, 8}, 1e9/tick), 51, 1, 1, 1, 1))
	f.Batch(2, 1, 994, forge.Event(forge.Event[gotrace.Type](nil, gotrace.EvProcStatus, 0, 0, running), gotrace.EvProcStop, 1))
	f.Batch(2, 1, 1010, forge.Event[gotrace.Type](nil, gotrace.EvProcStart, 0, 0, 1))
	f.End()
	var rec sinktest.Recorder
	s, err := convert.Run(t.Context(), bytes.NewReader(f.Bytes()), convert.Options{}, &rec, new(sinktest.Checker))
	if err != nil {
		t.Fatal(err)
	}
	if s.Adjusted != 2 || s.Loss != nil || s.Repairs.Any() {
		t.Errorf("%d events moved, want 2; %+v, %v", s.Adjusted, s.Loss, s.Repairs)
	}
	for _, r := range rec.Records {
		if r.Kind == convert.KindProc && r.State == convert.StateIdle && r.Phase == convert.End {
			if r.Start != 1000*tick || r.Time != 1010*tick {
				t.Errorf("idle from %d to %d, want from %d to %d", r.Start, r.Time, 1000*tick, 1010*tick)
			}
			return
		}
	}
	t.Error("P0 never idles")
}
