package perfetto_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
)

// stacksSQL makes a table of call stacks as text, root first, and one of the
// stacks at the begin and the end of slices. Sorted, they join fast.
const stacksSQL = `
create perfetto table ends as
select slice_id, max(callsite_id) as first, max(end_callsite_id) as last
from __intrinsic_track_event_callstacks group by 1 order by 1;
create perfetto table stacks as
with recursive
	frames as (
		select f.id, f.name || ':' || (
			select line_number from stack_profile_symbol y where y.symbol_set_id = f.symbol_set_id) as text
		from stack_profile_frame f),
	stacks(id, text) as (
		select c.id, f.text from stack_profile_callsite c join frames f on f.id = c.frame_id
		where c.parent_id is null
		union all
		select c.id, s.text || '<' || f.text
		from stacks s join stack_profile_callsite c on c.parent_id = s.id join frames f on f.id = c.frame_id)
select id, text from stacks order by id`

// tasksSQL makes a table of tasks by their ids.
const tasksSQL = `
create perfetto table tasks as
select cast(substr(extract_arg(arg_set_id, 'correlation_id'), 5) as int) as id,
	extract_arg(arg_set_id, 'debug.parent') as parent, track_id, id as slice_id
from slice where category = 'task' order by 1`

// queries find in the file what a truth has of the records.
var queries = []struct {
	what string
	want func(*truth) table
	sql  string
}{
	{"thread states", func(t *truth) table { return t.states }, `
		select tid, state, sum(iif(dur = -1, trace_end() - ts, dur)) as time
		from thread_state join thread using (utid) where state is not 'X' group by 1, 2 having time > 0`},
	{"running on CPUs", func(t *truth) table { return t.cpus }, `
		select cpu, sum(iif(dur = -1, trace_end() - ts, dur)) as time from sched group by 1 having time > 0`},
	{"threads in processes", func(t *truth) table { return t.threads }, `
		select tid, process.name from thread join process using (upid)
		where utid in (select utid from thread_state)`},
	{"slices", func(t *truth) table { return t.slices }, `
		select category, slice.name, ifnull(b.text, ''), ifnull(e.text, ''), count(), sum(dur)
		from slice left join ends on ends.slice_id = slice.id
		left join stacks b on b.id = ends.first left join stacks e on e.id = ends.last
		where category not in ('thread', 'task log') group by 1, 2, 3, 4`},
	{"logs of tasks", func(t *truth) table { return t.taskLogs }, `
		select t.id, l.name, count() from slice l join tasks t on t.slice_id = l.parent_id
		where l.category = 'task log' group by 1, 2`},
	{"tasks under tasks", func(t *truth) table { return t.subtasks }, `
		select c.id, p.id from tasks c join track on track.id = c.track_id
		join tasks p on p.id = c.parent and p.track_id = track.parent_id`},
	{"exits of goroutines", func(t *truth) table { return t.exits }, `
		select tid, ts from thread_state join thread using (utid) where state = 'X'`},
	{"OS threads", func(t *truth) table { return t.onThreads }, `
		select track.name, iif(slice.name = 'syscall', 'syscall', 'run'), g.int_value, ifnull(p.int_value, -1), count(), sum(dur)
		from slice join track on track.id = slice.track_id
		left join args g on g.arg_set_id = slice.arg_set_id and g.key = 'debug.goroutine'
		left join args p on p.arg_set_id = slice.arg_set_id and p.key = 'debug.proc'
		where category = 'thread' group by 1, 2, 3, 4`},
	{"waits", func(t *truth) table { return t.waits }, `
		select tid, slice.name, ifnull(b.text, ''), ifnull(e.text, ''), count(), sum(dur), sum(ts - trace_start())
		from slice join thread_track on thread_track.id = slice.track_id join thread using (utid)
		left join ends on ends.slice_id = slice.id
		left join stacks b on b.id = ends.first left join stacks e on e.id = ends.last
		where category = 'wait' group by 1, 2, 3, 4`},
	{"arguments", func(t *truth) table { return t.args }, `
		select category, key, count(), ifnull(sum(iif(key = 'correlation_id', cast(substr(string_value, 5) as int), int_value)), 0)
		from slice join args using (arg_set_id)
		where key in ('debug.creator', 'debug.waker', 'debug.swept_bytes', 'debug.reclaimed_bytes',
			'debug.ender', 'debug.parent', 'debug.message', 'debug.stopping_ns', 'debug.open_start', 'debug.open_end',
			'debug.exited', 'debug.repaired', 'correlation_id') and category != 'thread'
		group by 1, 2`},
	{"metrics", func(t *truth) table { return t.metrics }, `
		select description, count(), cast(sum(value) as int) from counter join counter_track t on t.id = counter.track_id
		where description glob '/*' group by 1`},
	{"units of counters", func(t *truth) table { return t.units }, `
		select name, unit from counter_track where name != 'cpu-profile'`},
	{"about the trace", func(t *truth) table { return t.about }, `
		select name, coalesce(str_value, int_value) from metadata where name glob 'trace_attribute.*'`},
	{"counters of goroutines and threads", func(t *truth) table { return t.integrals }, `
		select name, sum(cast(value as int) * (next - ts)) as time from (
			select t.name, value, ts, lead(ts, 1, trace_end()) over (partition by t.id order by ts) as next
			from counter join counter_track t on t.id = counter.track_id where t.name glob 'Goroutines *' or t.name glob 'OS threads *')
		group by 1 having time != 0`},
	{"samples", func(t *truth) table { return t.samples }, `
		select iif(thread.name = 'no goroutine', -1, tid), perf_sample.cpu, ifnull(text, ''), count()
		from perf_sample join thread using (utid) left join stacks on stacks.id = callsite_id group by 1, 2, 3`},
}

// TestTracesInSQL converts every trace there is and asks trace_processor
// whether all of it has arrived: no import error, and of everything as much as
// the records have.
func TestTracesInSQL(t *testing.T) {
	windows := slices.DeleteFunc(fixtures.Windows(t), func(f fixtures.File) bool {
		// These take long.
		return strings.HasPrefix(f.Name, "go1.26.8-multi") || testing.Short() && strings.HasPrefix(f.Name, "go1.26.8-gc-stress")
	})
	for _, f := range slices.Concat(fixtures.All(t), windows) {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			var want truth
			fixtures.Run(t, f, newSink(&file), &want)
			db := traceprocessor.OpenBytes(t, file.Bytes())
			db.CheckImport()
			checkTruth(t, db, &want)
			if got, want := db.Table("select trace_start(), trace_end()"), fmt.Sprintf("%d\t%d\n", want.start, want.end); got != want {
				t.Errorf("trace from and to: %s, want %s", got, want)
			}
			checkClosed(t, db)
			checkWall(t, db, &want)
			if !strings.HasPrefix(f.Name, "fuzz-") { // ids that come again have several
				checkThreads(t, db)
			}
			checkNames(t, db)
		})
	}
}

// checkTruth asks for all that a truth has.
func checkTruth(t *testing.T, db *traceprocessor.DB, want *truth) {
	t.Helper()
	db.Query(stacksSQL)
	db.Query(tasksSQL)
	for _, q := range queries {
		compare(t, q.what, db.Query(q.sql), q.want(want).rows())
	}
}

// checkClosed holds all to be closed but what has no length.
func checkClosed(t *testing.T, db *traceprocessor.DB) {
	t.Helper()
	open := db.Table(`
		select 'slice', count() from slice where dur = -1 union all
		select 'state', count() from thread_state where dur = -1 and state is not 'X' and ts < trace_end() union all
		select 'sched', count() from sched where dur = -1 and ts < trace_end() union all
		select 'no state', count() from thread_state where state is null union all
		select 'real-time', count() from sched where priority < 100`)
	if open != "slice\t0\nstate\t0\nsched\t0\nno state\t0\nreal-time\t0\n" {
		t.Errorf("open, without a state, or drawn as real-time:\n%s", open)
	}
}

// checkNames asks for what is named after a start function that was not known
// yet, though it came later.
func checkNames(t *testing.T, db *traceprocessor.DB) {
	t.Helper()
	if got := db.Table(`
		select s.category, s.ts, a.int_value, p.name from slice s join args a using (arg_set_id)
		join thread on thread.tid = a.int_value join process p using (upid)
		where s.category in ('thread', 'proc') and s.name = 'unknown' and a.key = 'debug.goroutine' and p.name != 'unknown'`); got != "" {
		t.Errorf("named unknown:\n%s", got)
	}
}

// checkWall asks for the dates of some moments.
func checkWall(t *testing.T, db *traceprocessor.DB, want *truth) {
	step := max((want.end-want.start)/50, 1)
	var times []convert.Time
	var values []string
	for at := want.start; at <= want.end; at += step {
		times = append(times, at)
		values = append(values, fmt.Sprintf("(%d)", at))
	}
	rows := db.Query("with t(ts) as (values " + strings.Join(values, ",") + ") select to_realtime(ts) from t")
	for i, at := range times {
		ns, ok := want.wall.Wall(at)
		if !ok {
			t.Fatal("no date")
		}
		if got := rows[i][0]; got != fmt.Sprint(ns) {
			t.Errorf("to_realtime(%d) is %s, want %d", at, got, ns)
		}
	}
}

// compare reports rows that are on one side only.
func compare(t *testing.T, what string, rows [][]string, want []string) {
	t.Helper()
	var got []string
	for _, r := range rows {
		got = append(got, strings.Join(r, "\t"))
	}
	slices.Sort(got)
	report := func(sign string, in, notIn []string) {
		n := 0
		for _, r := range in {
			if _, found := slices.BinarySearch(notIn, r); !found {
				if n++; n <= 5 {
					t.Errorf("%s: %s %s", what, sign, r)
				}
			}
		}
		if n > 5 {
			t.Errorf("%s: %s %d more", what, sign, n-5)
		}
	}
	if !slices.Equal(got, want) {
		report("unexpected", got, want)
		report("missing", want, got)
	}
}
