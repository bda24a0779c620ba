package perfetto_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// A flowTruth keeps the arrows that there are to be.
type flowTruth struct {
	flows    table // from, why, to: count, time
	runnable map[convert.GoID]convert.Record
}

func (t *flowTruth) Begin(*convert.Trace) error {
	*t = flowTruth{flows: table{}, runnable: make(map[convert.GoID]convert.Record)}
	return nil
}

func (t *flowTruth) Finish(*convert.Summary) error { return nil }

func (t *flowTruth) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		if r.Kind != convert.KindState || r.Phase != convert.Begin {
			continue
		}
		made, ok := t.runnable[r.G]
		delete(t.runnable, r.G)
		switch {
		case r.State == convert.StateRunnable && r.By != convert.NoGoroutine && r.By != r.G && r.Flags == 0:
			t.runnable[r.G] = *r
		case r.State == convert.StateRunning && ok:
			why := "wakes"
			if made.Prev == convert.StateNone {
				why = "creates"
			}
			t.flows.add(fmt.Sprintf("%d\t%s\t%d", made.By, why, r.G), 1, int64(r.Time-made.Time))
		}
	}
	return nil
}

// TestFlowsInSQL asks for the two ends of each arrow.
func TestFlowsInSQL(t *testing.T) {
	for _, f := range fewTraces(t) {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			var want flowTruth
			o := perfetto.Options{Flows: perfetto.FlowCreate | perfetto.FlowWake}
			fixtures.Run(t, f, perfetto.New(&file, o), &want)
			db := traceprocessor.OpenBytes(t, file.Bytes())
			db.CheckImport()
			compare(t, "flows", db.Query(`
				select a.tid, o.name, b.tid, count(), sum(i.ts - o.ts)
				from flow join slice o on o.id = slice_out join slice i on i.id = slice_in
				join thread_track at on at.id = o.track_id join thread a on a.utid = at.utid
				join thread_track bt on bt.id = i.track_id join thread b on b.utid = bt.utid
				group by 1, 2, 3`), want.flows.rows())
		})
	}
}

func TestFlowsOfOneKind(t *testing.T) {
	const story = `
0 G1 begin goroutine "main.main"
0 G1 begin running P0
10 G2 begin goroutine "main.worker" by=G1
10 G2 begin runnable by=G1
20 G2 end runnable
20 G2 begin running P1
30 G2 end running
30 G2 begin waiting "chan receive"
40 G2 end waiting by=G1
40 G2 begin runnable prev=waiting by=G1
50 G2 end runnable
50 G2 begin running P1
`
	for _, tt := range []struct {
		flows perfetto.Flows
		want  string
	}{
		{0, ""},
		{perfetto.FlowCreate, "10\t20\n"},
		{perfetto.FlowWake, "40\t50\n"},
		{perfetto.FlowCreate | perfetto.FlowWake, "10\t20\n40\t50\n"},
	} {
		var file bytes.Buffer
		if err := sinktest.Story(t, story).Replay(perfetto.New(&file, perfetto.Options{Flows: tt.flows}), 3); err != nil {
			t.Fatal(err)
		}
		db := traceprocessor.OpenBytes(t, file.Bytes())
		db.CheckImport()
		if got := db.Table("select o.ts, i.ts from flow join slice o on o.id = slice_out join slice i on i.id = slice_in order by 1"); got != tt.want {
			t.Errorf("flows %d: got\n%swant\n%s", tt.flows, got, tt.want)
		}
	}
}
