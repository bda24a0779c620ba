package perfetto_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// manyGoroutines returns the records of a trace in which n goroutines wait,
// and run once.
func manyGoroutines(n int) *sinktest.Recorder {
	rec := &sinktest.Recorder{Trace: convert.Trace{Version: "go 1.26"}}
	add := func(kind convert.Kind, phase convert.Phase, t int, g convert.GoID) *convert.Record {
		rec.Records = append(rec.Records, convert.Record{
			Kind: kind, Phase: phase, Time: convert.Time(t), Start: convert.Time(t),
			G: g, By: convert.NoGoroutine, P: convert.NoProc, M: convert.NoThread,
		})
		return &rec.Records[len(rec.Records)-1]
	}
	add(convert.KindSync, convert.Instant, 0, convert.NoGoroutine).ID = 1
	end := 10*n + 10
	for i := range n {
		r := add(convert.KindGoroutine, convert.Begin, 0, convert.GoID(i+1))
		r.Name, r.Flags = "main.worker", convert.OpenStart
		r = add(convert.KindState, convert.Begin, 0, convert.GoID(i+1))
		r.State, r.Flags = convert.StateWaiting, convert.OpenStart
	}
	for i := range n {
		g, t := convert.GoID(i+1), 10*i
		state := func(phase convert.Phase, t, since int, s, prev convert.State) {
			r := add(convert.KindState, phase, t, g)
			r.Start, r.State, r.Prev = convert.Time(since), s, prev
			if since == 0 {
				r.Flags = convert.OpenStart
			}
			if s == convert.StateRunning {
				r.P, r.M = convert.ProcID(i%8), convert.ThreadID(i%8)
			}
		}
		state(convert.End, t+1, 0, convert.StateWaiting, convert.StateNone)
		state(convert.Begin, t+1, t+1, convert.StateRunning, convert.StateWaiting)
		state(convert.End, t+9, t+1, convert.StateRunning, convert.StateWaiting)
		r := add(convert.KindGoroutine, convert.End, t+9, g)
		r.Start, r.Name, r.Flags = 0, "main.worker", convert.OpenStart
	}
	rec.Summary = convert.Summary{Trace: rec.Trace, End: convert.Time(end), Events: int64(3 * n), Generations: 1, Goroutines: int64(n)}
	return rec
}

// TestManyGoroutines loads as many as a Go program may have: as threads, and in
// lanes, which are as many as live at once.
func TestManyGoroutines(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const n = 150_000
	rec := manyGoroutines(n)
	sinktest.CheckInvariants(t, rec)
	for _, tt := range []struct {
		o         perfetto.Options
		sql, want string
	}{
		{
			perfetto.Options{},
			"select state, count(), sum(max(dur, 0)) from thread_state group by 1",
			"Running\t150000\t1200000\nS\t150000\t112499400000\nX\t150000\t0\n",
		},
		{
			perfetto.Options{Layout: perfetto.LayoutProcs},
			`select category, count(), sum(dur) from slice where category != 'thread' group by 1 union all
			select 'tracks', count(), count(distinct track_group_id) from track where name = 'main.worker'`,
			"goroutine\t150000\t112500600000\nproc\t150000\t1200000\nwait\t150000\t112499400000\ntracks\t150000\t293\n",
		},
	} {
		t.Run(fmt.Sprintf("layout %d", tt.o.Layout), func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			if err := rec.Replay(perfetto.New(&file, tt.o), convert.DefaultBatchSize); err != nil {
				t.Fatal(err)
			}
			db := traceprocessor.OpenBytes(t, file.Bytes())
			db.CheckImport()
			if got := db.Table(tt.sql); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}
