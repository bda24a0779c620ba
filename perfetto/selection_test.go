package perfetto_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

func TestSelector(t *testing.T) {
	// G1 wakes G2, which wakes G3, which wakes G4.
	const story = `
0 G1 begin goroutine "main.main"
0 G1 begin running P0
0 G2 begin goroutine "main.two" by=G1
0 G2 begin waiting "chan receive"
0 G3 begin goroutine "main.three" by=G1
0 G3 begin waiting "chan receive"
0 G4 begin goroutine "main.four" by=G1
0 G4 begin waiting "chan receive"
0 G12 begin goroutine "main.late"
0 G12 begin waiting "sleep"
10 G2 end waiting by=G1
10 G2 begin runnable by=G1
20 G3 end waiting by=G2
20 G3 begin runnable by=G2
30 G4 end waiting by=G3
30 G4 begin runnable by=G3
50 G13 begin goroutine ""
50 G13 begin waiting "sleep"
`
	for _, tt := range []struct {
		match   string
		related bool
		want    []convert.GoID
	}{
		{"1", false, []convert.GoID{1}}, // not 12
		{"12", false, []convert.GoID{12}},
		{"main\\.t", false, []convert.GoID{2, 3}},
		{"late", false, []convert.GoID{12}},
		{"unknown", false, []convert.GoID{13}},
		{"^main.main$", true, []convert.GoID{1, 2, 3}},
		{"4", true, []convert.GoID{2, 3, 4}},
	} {
		s := perfetto.Selector{Match: regexp.MustCompile(tt.match), Related: tt.related}
		if err := sinktest.Story(t, story).Replay(&s, 3); err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(s.Selection.Goroutines)); !slices.Equal(got, tt.want) {
			t.Errorf("%s, related %v: %v, want %v", tt.match, tt.related, got, tt.want)
		}
	}
	none := perfetto.Selector{Match: regexp.MustCompile("nobody")}
	if err := sinktest.Story(t, story).Replay(&none, 3); err == nil || !strings.Contains(err.Error(), `no goroutine matches "nobody"`) {
		t.Errorf("nobody: %v", err)
	}
}

// TestSelectionInSQL shows some goroutines of a real trace: what is said of
// them is as without a selection, of the others there is nothing, counters count
// all, and tasks have all their logs.
func TestSelectionInSQL(t *testing.T) {
	for _, f := range fixtures.All(t) {
		match, ok := map[string]string{
			"go1.26.8-multi.trace":             `^(net/http\.|main\.)`,
			"go1.24.0-stress-start-stop.trace": `^(net/http\.|main\.)`,
			"go1.26.8-annotations.trace":       `^runtime\.`, // which writes no log
		}[f.Name]
		if !ok {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			rec := fixtures.Load(t, f)
			selector := perfetto.Selector{Match: regexp.MustCompile(match)}
			if err := rec.Replay(&selector, 1000); err != nil {
				t.Fatal(err)
			}
			var all, some bytes.Buffer
			if err := rec.Replay(newSink(&all), 1000); err != nil {
				t.Fatal(err)
			}
			if err := rec.Replay(perfetto.New(&some, perfetto.Options{Only: &selector.Selection}), 1000); err != nil {
				t.Fatal(err)
			}
			whole, part := traceprocessor.OpenBytes(t, all.Bytes()), traceprocessor.OpenBytes(t, some.Bytes())
			part.CheckImport()
			// A table of their own: a subselect would be run for every row.
			selected := `create perfetto table selected as select utid, tid from thread join process using (upid)
				where regexp('` + match + `', process.name)`
			whole.Query(selected)
			part.Query(selected)
			for _, sql := range []string{
				`select tid, state, sum(dur) from selected join thread_state using (utid) group by 1, 2`,
				`select tid, category, slice.name, count(), sum(dur) from selected join thread_track t using (utid)
				 join slice on slice.track_id = t.id group by 1, 2, 3`,
				`select category, name, count(), sum(dur) from slice where category in ('task', 'task log') group by 1, 2`,
				`select name, count(), sum(value) from counter join counter_track t on t.id = track_id group by 1`,
			} {
				var want []string
				for _, row := range whole.Query(sql) {
					want = append(want, strings.Join(row, "\t"))
				}
				slices.Sort(want)
				compare(t, sql, part.Query(sql), want)
			}
			// What no goroutine's row says, the task's does.
			const said = `select count() from slice join args using (arg_set_id)
				where category = 'task log' and key in ('debug.goroutine', 'debug.message')`
			if got := part.Table(said); f.Name == "go1.26.8-annotations.trace" && got == "0\n" || whole.Table(said) != "0\n" {
				t.Errorf("logs of tasks have %s arguments", got)
			}
			const others = `select count() from thread_state left join selected using (utid) where tid is null`
			if got := part.Table(others); got != "0\n" || whole.Table(others) == "0\n" {
				t.Errorf("states of other goroutines: %s", got)
			}
		})
	}
}

// TestWindowInSQL loads parts of traces: the file has what the records of the
// part have, and says what is cut. Some of the parts begin or end while the world
// is being stopped, or with a system call.
func TestWindowInSQL(t *testing.T) {
	for _, f := range fixtures.All(t) {
		switch f.Name {
		case "go1.26.8-multi.trace", "go1.22.0-cgo-callback.trace", "go1.24.0-gc-stress.trace", "go1.26.8-gc-stress.trace", "tasks.trace":
		default:
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			rec := fixtures.Load(t, f)
			length := rec.Summary.End.Sub(rec.Summary.Start)
			windows := []convert.Options{{From: length / 3, To: length / 2}}
			stopped, called := false, false
			for i := range rec.Records {
				r := &rec.Records[i]
				at := r.Start.Sub(rec.Summary.Start)
				switch {
				case !stopped && r.Kind == convert.KindSTW && r.Phase == convert.End && r.ID > 1:
					stopped = true
					at += time.Duration(r.ID / 2)
					windows = append(windows, convert.Options{To: at}, convert.Options{From: at, To: at + length/10})
				case !called && r.Kind == convert.KindState && r.Phase == convert.Begin && r.State == convert.StateSyscall && r.Prev == convert.StateRunning:
					called = true // its thread runs on: nothing of it shows
					windows = append(windows, convert.Options{To: at}, convert.Options{From: at})
				}
			}
			for _, o := range windows {
				t.Run(fmt.Sprintf("%v-%v", o.From, o.To), func(t *testing.T) {
					o.Start = fixtures.Wall
					testWindow(t, f, o)
				})
			}
		})
	}
}

func testWindow(t *testing.T, f fixtures.File, o convert.Options) {
	in, err := os.Open(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var file, woken bytes.Buffer
	var want truth
	_, err = convert.Run(context.Background(), in, o, newSink(&file), perfetto.New(&woken, perfetto.Options{Wakers: true}), &want)
	if err != nil {
		t.Fatal(err)
	}
	db := traceprocessor.OpenBytes(t, file.Bytes())
	db.CheckImport()
	checkTruth(t, db, &want)
	if got := db.Table(`
		select min(ts) >= trace_start(), max(ts + dur) <= trace_end(),
		(select count() > 0 from args where key = 'debug.open_start'),
		(select count() > 0 from args where key = 'debug.open_end') from slice`); got != "1\t1\t1\t1\n" {
		t.Errorf("within the window, cut at its ends: %s", got)
	}
	checkThreads(t, db)
	checkClosed(t, db)
	checkWall(t, db, &want)

	db = traceprocessor.OpenBytes(t, woken.Bytes())
	db.CheckImport()
	checkThreads(t, db)
	checkClosed(t, db)
}

// checkThreads holds the table of threads against what it is to be: goroutines
// that have states, in a row each.
func checkThreads(t *testing.T, db *traceprocessor.DB) {
	t.Helper()
	const goroutines = "tid != 0 and tid not in (select pid from process)"
	if got := db.Table("select tid, count() from thread where " + goroutines + " group by 1 having count() > 1"); got != "" {
		t.Errorf("threads with several rows:\n%s", got)
	}
	if got := db.Table("select tid from thread where " + goroutines + " and utid not in (select utid from thread_state)"); got != "" {
		t.Errorf("threads without states:\n%s", got)
	}
}
