package pprofout_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/pprofout"
)

// TestMemoryIsBounded lets goroutines come and go in a task that stays open.
func TestMemoryIsBounded(t *testing.T) {
	round := sinktest.Story(t, stacks+worker)
	all := sinktest.Recorder{Trace: round.Trace, Stacks: round.Stacks, Summary: round.Summary}
	retained := func(rounds int) uint64 {
		sink := newAll(io.Discard, pprofout.Options{Region: match("b")})
		if err := sink.Begin(&all.Trace); err != nil {
			t.Fatal(err)
		}
		b := convert.Batch{Stacks: all.Stacks}
		consume := func(r convert.Record) {
			b.Records = append(b.Records[:0], r)
			if err := sink.Consume(&b); err != nil {
				t.Fatal(err)
			}
			b.Stacks = nil
		}
		consume(convert.Record{Kind: convert.KindTask, Phase: convert.Begin, G: 1 << 40, ID: 1, Name: "all"})
		for i := range rounds {
			for _, r := range round.Records {
				if r.Kind == convert.KindSync && i%100 != 0 {
					continue
				}
				shift := convert.Time(i * 1000)
				r.Time, r.Start = r.Time+shift, r.Start+shift
				switch r.Kind {
				case convert.KindRegion:
					r.ID += uint64(i * len(round.Records))
					r.Parent = 1
				case convert.KindTask:
					r.ID += uint64(i)
				case convert.KindGoroutine:
					if i%3 == 0 {
						r.Name = "" // never known
					}
				}
				if r.G >= 0 {
					r.G += convert.GoID(i)
				}
				consume(r)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(sink)
		return m.HeapAlloc
	}
	few := retained(100)
	if many := retained(100000); many > few+256<<10 {
		t.Errorf("%d bytes are kept after 100,000 rounds, %d after 100", many, few)
	}
}
