package perfetto_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// A laneTruth keeps what LayoutProcs is to show.
type laneTruth struct {
	procs table // P, goroutine: time
	lives table // start function, goroutine: count, time
	inner table // start function, category: count, time

	names map[convert.GoID]string
	spent map[convert.GoID]map[string][2]int64 // by category: count, time
}

func (t *laneTruth) Begin(*convert.Trace) error {
	*t = laneTruth{
		procs: table{}, lives: table{}, inner: table{},
		names: make(map[convert.GoID]string), spent: make(map[convert.GoID]map[string][2]int64),
	}
	return nil
}

func (t *laneTruth) Finish(*convert.Summary) error { return nil }

func (t *laneTruth) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		if r.Phase == convert.Begin {
			continue
		}
		d := int64(r.Duration())
		switch {
		case r.Kind == convert.KindGoroutine && r.Phase == convert.End:
			name := orElse(plain(r.Name), "unknown")
			t.lives.add(fmt.Sprintf("%s\tG%d", name, r.G), 1, d)
			for category, sum := range t.spent[r.G] {
				t.inner.add(name+"\t"+category, sum[0], sum[1])
			}
			delete(t.spent, r.G)
		case r.Kind == convert.KindSyscall:
			t.spend(r.G, "syscall", d)
		case r.Kind != convert.KindState:
		case r.State == convert.StateWaiting:
			t.spend(r.G, "wait", d)
		case r.State == convert.StateRunnable:
			t.spend(r.G, "runnable", d)
		case r.State != convert.StateSyscallBlocked && r.P != convert.NoProc && d > 0:
			t.procs.add(fmt.Sprintf("P %d\t%d", r.P, r.G), d)
		}
	}
	return nil
}

func (t *laneTruth) spend(g convert.GoID, category string, d int64) {
	if t.spent[g] == nil {
		t.spent[g] = make(map[string][2]int64)
	}
	sum := t.spent[g][category]
	t.spent[g][category] = [2]int64{sum[0] + 1, sum[1] + d}
}

// TestLanesInSQL asks the plain tracks of LayoutProcs for what ran on each P,
// and for each goroutine's life.
func TestLanesInSQL(t *testing.T) {
	for _, f := range fewTraces(t) {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			var want laneTruth
			fixtures.Run(t, f, perfetto.New(&file, perfetto.Options{Layout: perfetto.LayoutProcs, NoThreads: true}), &want)
			db := traceprocessor.OpenBytes(t, file.Bytes())
			db.CheckImport()
			compare(t, "procs", db.Query(`
				select track.name, int_value, sum(dur) as time from slice join track on track.id = track_id
				join args using (arg_set_id) where category = 'proc' and key = 'debug.goroutine'
				group by 1, 2 having time > 0`), want.procs.rows())
			compare(t, "lives", db.Query(`
				select track.name, slice.name, count(), sum(dur) from slice join track on track.id = track_id
				where category = 'goroutine' and slice.name glob 'G*' group by 1, 2`), want.lives.rows())
			compare(t, "in lives", db.Query(`
				with recursive up(id, life) as (
					select id, id from slice where category = 'goroutine' and name glob 'G*'
					union all select slice.id, life from up join slice on slice.parent_id = up.id)
				select track.name, s.category, count(), sum(s.dur) from up join slice s using (id)
				join slice l on l.id = life join track on track.id = l.track_id
				where s.category in ('wait', 'runnable', 'syscall') and s.track_id = l.track_id group by 1, 2`), want.inner.rows())
			if got := db.Table(`
				select p.ts, a.int_value from slice p join args a using (arg_set_id)
				where p.category = 'proc' and p.name = 'unknown' and a.key = 'debug.goroutine' and a.int_value in (
					select int_value from slice join args using (arg_set_id) join track on track.id = track_id
					where category = 'goroutine' and key = 'debug.goroutine' and track.name != 'unknown')`); got != "" {
				t.Errorf("named unknown on their Ps:\n%s", got)
			}
			if got := db.Table("select count() from thread_state"); got != "0\n" {
				t.Errorf("%s thread states", got)
			}
		})
	}
}
