package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/perfetto"
	"github.com/trace2otel/trace2otel/pprofout"
	"github.com/trace2otel/trace2otel/stats"
)

// An account has the times that an output tells, in nanoseconds, by what they
// are the time of.
type account map[string]int64

// add adds ns to what key has. A time of zero is none.
func (a account) add(key string, ns int64) {
	if ns != 0 {
		a[key] += ns
	}
}

// A ledger is an output, with a reader of its account.
type ledger struct {
	output
	read func(t *testing.T, file []byte, a account)
}

// ledgers returns outputs of every format but the timeline, with options that
// leave out as little as possible.
func ledgers() []ledger {
	spans := func(d otlp.Detail) func(io.Writer) convert.Sink {
		return func(w io.Writer) convert.Sink {
			return otlp.New(w, otlp.Options{Format: otlp.Binary, Detail: d, MinWait: 1, MaxSpans: 1 << 20})
		}
	}
	all := []ledger{
		{output{"stats", func(w io.Writer) convert.Sink {
			return stats.New(w, stats.Options{Format: stats.JSON, Goroutine: regexp.MustCompile(`^main\.`)})
		}}, readStats},
		{output{"otlp", spans(otlp.DetailStates)}, readSpans},
		{output{"otlp, tasks alone", spans(otlp.DetailTasks)}, readSpansOfTasks},
	}
	for _, k := range pprofout.Kinds {
		read := readProfile
		if k == pprofout.Create {
			read = readCreations
		}
		all = append(all, ledger{output{"pprof " + k.String(), func(w io.Writer) convert.Sink {
			return pprofout.New(w, pprofout.Options{Kind: k})
		}}, read})
	}
	return all
}

// timelines returns the layouts of a timeline.
func timelines() []ledger {
	return []ledger{
		{output{"perfetto", func(w io.Writer) convert.Sink {
			return perfetto.New(w, perfetto.Options{})
		}}, readTimeline},
		{output{"perfetto in lanes", func(w io.Writer) convert.Sink {
			return perfetto.New(w, perfetto.Options{Layout: perfetto.LayoutProcs})
		}}, readLanes},
	}
}

// TestWindowsAddUp converts the thirds of traces, and the whole, to every
// format. What three outputs tell adds up to what the output of the whole does,
// to the nanosecond.
func TestWindowsAddUp(t *testing.T) {
	for _, file := range []string{
		"go1.26.8-multi.trace", "go1.26.8-gc-stress.trace", "go1.26.8-cgo-callback.trace", "go1.26.8-iter-pull.trace",
		"go1.26.8-annotations.trace", "go1.26.8-annotations-stress.trace", "go1.24.0-stress-start-stop.trace",
		"go1.22.0-annotations-stress.trace", "go1.22.0-wait-on-pipe.trace",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			addUp(t, file, ledgers())
		})
	}
}

// TestTimelinesOfWindowsAddUp asks trace_processor likewise.
func TestTimelinesOfWindowsAddUp(t *testing.T) {
	for _, file := range []string{
		"go1.26.8-gc-stress.trace", "go1.26.8-annotations-stress.trace", "go1.24.0-stress-start-stop.trace",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			addUp(t, file, timelines())
		})
	}
}

// addUp holds the accounts of the thirds of a trace to those of the whole.
func addUp(t *testing.T, file string, all []ledger) {
	data, err := os.ReadFile(filepath.Join(fixtures.Root(t), "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	whole, length := accountsOf(t, data, 0, 0, all)
	sums := make([]account, len(all))
	for i := range sums {
		sums[i] = make(account)
	}
	third := length / 3
	for _, w := range [][2]time.Duration{{0, third}, {third, 2 * third}, {2 * third, 0}} {
		part, _ := accountsOf(t, data, w[0], w[1], all)
		for i := range part {
			for key, ns := range part[i] {
				sums[i].add(key, ns)
			}
		}
	}
	for i := range all {
		compareAccounts(t, all[i].name, sums[i], whole[i])
	}
}

// accountsOf converts a window of a trace. It returns the account of each
// output, and the length of the window.
func accountsOf(t *testing.T, data []byte, from, to time.Duration, all []ledger) ([]account, time.Duration) {
	t.Helper()
	files := make([]bytes.Buffer, len(all))
	sinks := []convert.Sink{new(sinktest.Checker)}
	for i := range all {
		sinks = append(sinks, all[i].sink(&files[i]))
	}
	o := convert.Options{Start: start, From: from, To: to}
	s, err := convert.Run(context.Background(), bytes.NewReader(data), o, sinks...)
	if err != nil {
		t.Fatal(err)
	}
	accounts := make([]account, len(all))
	for i := range all {
		accounts[i] = make(account)
		all[i].read(t, files[i].Bytes(), accounts[i])
	}
	return accounts, s.End.Sub(s.Start)
}

// compareAccounts reports the first times that differ.
func compareAccounts(t *testing.T, what string, thirds, whole account) {
	t.Helper()
	keys := maps.Clone(thirds)
	maps.Copy(keys, whole)
	const most = 5
	n := 0
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if thirds[key] == whole[key] {
			continue
		}
		if n++; n <= most {
			t.Errorf("%s: %s: %d in the thirds, %d in the whole", what, key, thirds[key], whole[key])
		}
	}
	if n > most {
		t.Errorf("%s: %d more of %d", what, n-most, len(keys))
	}
}

// readStats adds up the times of an analysis.
func readStats(t *testing.T, file []byte, a account) {
	var r stats.Report
	if err := json.Unmarshal(file, &r); err != nil {
		t.Fatal(err)
	}
	times := func(what string, x *stats.Times) {
		a.add(what+" total", int64(x.Total))
		a.add(what+" running", int64(x.Running))
		a.add(what+" assist", int64(x.Assist))
		a.add(what+" runnable", int64(x.Runnable))
		a.add(what+" stopped", int64(x.Stopped))
		a.add(what+" syscall", int64(x.Syscall))
		a.add(what+" syscall blocked", int64(x.SyscallBlocked))
		a.add(what+" waiting", int64(x.Waiting))
		for _, w := range x.Waits {
			a.add(what+" waiting: "+w.Reason, int64(w.Time))
		}
	}
	times("totals", &r.Totals.Times)
	for i := range r.Functions {
		times("function "+r.Functions[i].Name, &r.Functions[i].Times)
	}
	for i := range r.Goroutines {
		times(fmt.Sprint("goroutine ", r.Goroutines[i].ID), &r.Goroutines[i].Times)
	}
	if r.Unlisted > 0 {
		t.Errorf("%d goroutines are not listed", r.Unlisted)
	}
	for i := range r.Tasks {
		times("task "+r.Tasks[i].Type, &r.Tasks[i].Times)
	}
	for i := range r.Regions {
		times("region "+r.Regions[i].Type, &r.Regions[i].Times)
	}
	for _, p := range r.Scheduler.Proc {
		a.add(fmt.Sprint("proc ", p.ID, " running"), int64(p.Running))
		a.add(fmt.Sprint("proc ", p.ID, " idle"), int64(p.Idle))
	}
	a.add("wasted", int64(r.Scheduler.Wasted))
	for what, p := range map[string]*stats.Places{"waits": &r.Waits, "network": &r.Network, "syscalls": &r.Syscalls} {
		for i := range p.Top {
			a.add(what, int64(p.Top[i].Time))
			a.add(what+", with a proc", int64(p.Top[i].Kept))
		}
		a.add(what, int64(p.Rest))
	}
	a.add("GC assist", int64(r.GC.Assist))
	a.add("GC workers", int64(r.GC.Workers))
	a.add("GC idle workers", int64(r.GC.IdleMark))
	a.add("GC sweep", int64(r.GC.Sweep))
	for _, c := range r.GC.Cycles {
		a.add("GC cycles", int64(c.Time))
		a.add("GC cycles, mark", int64(c.Mark))
	}
	for _, s := range r.GC.Stops {
		a.add("stop "+s.Reason, int64(s.Time))
	}
	for _, s := range r.GC.ByReason {
		a.add("stopping "+s.Reason, int64(s.Stopping))
	}
}

// readSpans adds up the times of spans: by the goroutine, the proc or the task
// of those that have one, else by their names.
func readSpans(t *testing.T, file []byte, a account) {
	data := new(tracepb.TracesData)
	if err := proto.Unmarshal(file, data); err != nil {
		t.Fatal(err)
	}
	for _, rs := range data.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				readSpan(s, a)
			}
		}
	}
}

// readSpansOfTasks does so of spans without those of goroutines. A region that
// outlives its task has no span in a window after that: it is folded.
func readSpansOfTasks(t *testing.T, file []byte, a account) {
	readSpans(t, file, a)
	maps.DeleteFunc(a, func(key string, _ int64) bool { return strings.HasPrefix(key, "region ") })
}

func readSpan(s *tracepb.Span, a account) {
	number, text := make(map[string]int64), make(map[string]string)
	for _, kv := range s.Attributes {
		number[kv.Key] = kv.Value.GetIntValue()
		text[kv.Key] = kv.Value.GetStringValue()
	}
	kind := text["gotrace.kind"]
	what := kind
	switch kind {
	case "task":
		what = fmt.Sprint(kind, " ", number["gotrace.task.id"])
	case "proc":
		what = fmt.Sprint(kind, " ", number["gotrace.proc.id"])
	case "goroutine", "wait", "runnable", "syscall", "gc_assist":
		what = fmt.Sprint(kind, " ", number["gotrace.goroutine.id"])
	case "region", "stw":
		what = kind + " " + s.Name
	}
	for key, ns := range number {
		switch {
		case !strings.HasSuffix(key, "_ns"), key == "gotrace.proc.longest_idle_ns", strings.Contains(key, ".folded."):
		case strings.HasPrefix(key, "gotrace.inclusive."):
			// A subtask that outlives its task counts on it in a window that
			// does not see that.
		default:
			a.add(what+": "+key, ns)
		}
	}
	switch kind {
	case "wait", "runnable", "syscall", "gc_assist", "gc_mark", "stw":
		a.add(what, int64(s.EndTimeUnixNano-s.StartTimeUnixNano))
	}
}

// readProfile adds up the times of a profile by its labels. Stacks are left out:
// a window does not know where a goroutine stopped after it.
func readProfile(t *testing.T, file []byte, a account) {
	p, err := profile.ParseData(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Sample {
		var labels []string
		for key, values := range s.Label {
			if key != "open" {
				labels = append(labels, fmt.Sprint(key, "=", values))
			}
		}
		slices.Sort(labels)
		a.add(strings.Join(labels, " "), s.Value[1])
	}
}

// readCreations counts the goroutines created, by start function: the time of
// their lives is that in the window of their creation.
func readCreations(t *testing.T, file []byte, a account) {
	p, err := profile.ParseData(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Sample {
		a.add(fmt.Sprint(s.Label["goroutine_func"]), s.Value[0])
	}
}

// known leaves out tasks of which only the id is told. A part of a trace shows
// them if something in it refers to them, for as long as they may have gone on.
const known = "name <> '" + convert.TaskUnknown + "'"

// readTimeline adds up the states of threads and CPUs, slices and counters.
func readTimeline(t *testing.T, file []byte, a account) {
	readSQL(t, file, a,
		`select 'thread ' || tid || ' ' || state, sum(iif(dur = -1, trace_end() - ts, dur))
		from thread_state join thread using (utid) where state is not 'X' group by 1`,
		`select 'CPU ' || cpu, sum(iif(dur = -1, trace_end() - ts, dur)) from sched group by 1`,
		`select 'slices ' || category || ' ' || name, sum(dur) from slice where `+known+` group by 1`,
		`select 'M ' || track.name || ' ' || slice.name, sum(dur) from slice join track on track.id = slice.track_id
		where category = 'thread' group by 1`,
		`select 'counter ' || name, sum(cast(value as int) * (next - ts)) from (
			select t.name, value, ts, lead(ts, 1, trace_end()) over (partition by t.id order by ts) as next
			from counter join counter_track t on t.id = counter.track_id where t.name glob 'Goroutines *' or t.name glob 'OS threads *')
		group by 1`)
}

// readLanes adds up what ran on each P, the lives of goroutines, and the slices
// within.
func readLanes(t *testing.T, file []byte, a account) {
	readSQL(t, file, a,
		`select track.name || ' G' || int_value, sum(dur) from slice join track on track.id = track_id
		join args using (arg_set_id) where category = 'proc' and key = 'debug.goroutine' group by 1`,
		`select 'life ' || slice.name, sum(dur) from slice where category = 'goroutine' and slice.name glob 'G*' group by 1`,
		`select 'slices ' || category || ' ' || iif(category in ('proc', 'goroutine', 'thread'), '', name), sum(dur) from slice where `+known+` group by 1`)
}

// readSQL adds up the rows of queries: each has a key and a time. The subtest
// gives its trace_processor back to the next.
func readSQL(t *testing.T, file []byte, a account, queries ...string) {
	t.Run("SQL", func(t *testing.T) {
		db := traceprocessor.OpenBytes(t, file)
		for _, sql := range queries {
			for _, row := range db.Query(sql) {
				ns, err := strconv.ParseInt(row[1], 10, 64)
				if err != nil {
					t.Fatalf("%v of %s", row, sql)
				}
				a.add(row[0], ns)
			}
		}
	})
}
