package perfetto_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// A wakerTruth keeps who woke whom, and what goroutines were blocked in.
type wakerTruth struct {
	woken   table // goroutine, waker: count, time until it ran
	blocked table // goroutine, state, reason: time
}

func (t *wakerTruth) Begin(*convert.Trace) error {
	*t = wakerTruth{woken: table{}, blocked: table{}}
	return nil
}

func (t *wakerTruth) Finish(*convert.Summary) error { return nil }

func (t *wakerTruth) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		d := int64(r.Duration())
		if r.Kind != convert.KindState || d <= 1 || r.G > math.MaxInt32 {
			continue
		}
		switch {
		case r.State == convert.StateRunnable && r.By != convert.NoGoroutine && r.By <= math.MaxInt32:
			t.woken.add(fmt.Sprintf("%d\t%d", r.G, r.By), 1, d)
		case r.State == convert.StateWaiting:
			t.blocked.add(fmt.Sprintf("%d\tS\t%s", r.G, plain(r.Reason())), d)
		case r.State == convert.StateSyscallBlocked:
			t.blocked.add(fmt.Sprintf("%d\tD\tsyscall", r.G), d)
		}
	}
	return nil
}

// TestWakersInSQL asks thread_state who woke whom, and what threads were
// blocked in: the columns that Perfetto's critical path is made of. All else
// is as without them.
func TestWakersInSQL(t *testing.T) {
	for _, f := range fewTraces(t) {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			var wakers wakerTruth
			var want truth
			fixtures.Run(t, f, perfetto.New(&file, perfetto.Options{Wakers: true}), &wakers, &want)
			db := traceprocessor.OpenBytes(t, file.Bytes())
			db.CheckImport()
			compare(t, "wakers", db.Query(`
				select thread.tid, waker.tid, count(), sum(dur) from thread_state s
				join thread using (utid) join thread waker on waker.utid = s.waker_utid
				where dur > 1 group by 1, 2`), wakers.woken.rows())
			compare(t, "blocked functions", db.Query(`
				select tid, state, blocked_function, sum(dur) from thread_state join thread using (utid)
				where state in ('S', 'D') and dur > 1 group by 1, 2, 3`), wakers.blocked.rows())
			compare(t, "thread states", db.Query(queries[0].sql), queries[0].want(&want).rows())
		})
	}
}

// TestCriticalPath follows the wakers with Perfetto's own module. While main.main
// blocks, what it waits for is main.worker, until that wakes it.
func TestCriticalPath(t *testing.T) {
	rec := sinktest.Story(t, `
0 G1 begin goroutine "main.main"
0 G1 begin running P0
0 G2 begin goroutine "main.worker" by=G1
0 G2 begin waiting "chan receive"
40 G2 end waiting by=G1
40 G2 begin runnable by=G1
50 G1 end running
50 G1 begin waiting "sync"
60 G2 end runnable
60 G2 begin running P0
80 G1 end waiting by=G2
80 G1 begin runnable by=G2
90 G2 end running
90 G2 end goroutine
95 G1 end runnable
95 G1 begin running P0
100 G1 end running
100 G1 end goroutine
`)
	var file bytes.Buffer
	if err := rec.Replay(perfetto.New(&file, perfetto.Options{Wakers: true}), 3); err != nil {
		t.Fatal(err)
	}
	db := traceprocessor.OpenBytes(t, file.Bytes())
	db.CheckImport()
	db.Query("include perfetto module sched.thread_executing_span")
	got := db.Table(`
		select r.tid, b.tid, c.ts, c.dur from _thread_executing_span_critical_path(
			(select utid from thread where tid = 1), 0, 100) c
		join thread r on r.utid = c.root_utid join thread b using (utid) order by c.ts`)
	const want = "1\t2\t50\t30\n1\t1\t80\t20\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestWakerThatEnds has a goroutine that wakes another and ends at the same time,
// as far as a coarse clock tells: it has one thread.
func TestWakerThatEnds(t *testing.T) {
	rec := sinktest.Story(t, `
0 G1 begin goroutine "main.main"
0 G1 begin running P0
0 G2 begin goroutine "main.worker" by=G1
0 G2 begin waiting "chan receive"
50 G2 end waiting by=G1
50 G2 begin runnable by=G1
50 G1 end running P0
50 G1 end goroutine "main.main"
60 G2 end runnable by=G1
60 G2 begin running P0
90 G2 end running P0
90 G2 end goroutine "main.worker"
`)
	var file bytes.Buffer
	if err := rec.Replay(perfetto.New(&file, perfetto.Options{Wakers: true}), 3); err != nil {
		t.Fatal(err)
	}
	db := traceprocessor.OpenBytes(t, file.Bytes())
	db.CheckImport()
	checkThreads(t, db)
	if got := db.Table("select ts, dur from thread_state join thread using (utid) where tid = 2 and state = 'R'"); got != "50\t10\n" {
		t.Errorf("runnable: %q", got)
	}
}

// TestEmptyWait has a wait of no length, as far as a coarse clock tells: the
// goroutine ran up to then, and was runnable from then on.
func TestEmptyWait(t *testing.T) {
	rec := sinktest.Story(t, `
0 G1 begin goroutine "main.main"
0 G1 begin running P0
0 G2 begin goroutine "main.worker" by=G1
0 G2 begin running P1
0 G3 begin goroutine "main.other" by=G1
0 G3 begin runnable
50 G2 end running P1
50 G2 begin waiting "chan receive"
50 G2 end waiting by=G1
50 G2 begin runnable by=G1
60 G3 end runnable
60 G3 begin running P1
70 G2 end runnable by=G1
70 G2 begin running P2
90 G1 end running P0
90 G1 end goroutine
90 G2 end running P2
90 G2 end goroutine
90 G3 end running P1
90 G3 end goroutine
`)
	for _, wakers := range []bool{false, true} {
		var file bytes.Buffer
		if err := rec.Replay(perfetto.New(&file, perfetto.Options{Wakers: wakers}), 3); err != nil {
			t.Fatal(err)
		}
		db := traceprocessor.OpenBytes(t, file.Bytes())
		db.CheckImport()
		checkClosed(t, db)
		got := db.Table("select state, ts, dur from thread_state join thread using (utid) where tid = 2 and state != 'X' order by ts")
		if want := "Running\t0\t50\nR\t50\t20\nRunning\t70\t20\n"; got != want {
			t.Errorf("with wakers %v, got\n%swant\n%s", wakers, got, want)
		}
	}
}
