package perfetto_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
)

// A truth is a sink that keeps of the records what SQL is to find in the file:
// tables of rows, each a key and sums.
type truth struct {
	states     table           // thread, state: time
	cpus       table           // proc: time of running, also within syscalls
	threads    table           // thread, process
	slices     table           // category, name, stacks at begin and end: count, time
	waits      table           // thread, name, stack, waker's stack: count, time, starts
	args       table           // category, argument: count, sum
	metrics    table           // name: count, sum of values
	integrals  table           // counter of goroutines or threads: time
	samples    table           // thread, proc, stack: count
	onThreads  table           // thread (M), what, goroutine, proc: count, time
	taskLogs   table           // task, message: count
	subtasks   table           // task, its parent: that is open when it begins
	exits      table           // thread, when it exited
	units      table           // counter, unit
	about      table           // attribute of the trace, value
	tasks      map[uint64]bool // that are open; false: that began before the trace, and ended
	firstTask  uint64          // the lowest id begun in the trace
	ran        map[convert.GoID]ran
	names      map[convert.GoID]string
	stacks     map[convert.StackID]string
	wall       convert.WallClock
	start, end convert.Time
}

// A table has rows of sums by key.
type table map[string][]int64

func (t table) add(key string, values ...int64) {
	row := t[key]
	if row == nil {
		row = make([]int64, len(values))
	}
	for i, v := range values {
		row[i] += v
	}
	t[key] = row
}

// rows returns the table as [traceprocessor.DB.Query] does, sorted.
func (t table) rows() []string {
	var rows []string
	for _, key := range slices.Sorted(maps.Keys(t)) {
		row := key
		for _, v := range t[key] {
			row += fmt.Sprintf("\t%d", v)
		}
		rows = append(rows, row)
	}
	slices.Sort(rows)
	return rows
}

// ran is when a goroutine ran last, and where.
type ran struct {
	until convert.Time
	d     int64
	p     convert.ProcID
}

func (t *truth) Begin(tr *convert.Trace) error {
	*t = truth{
		states: table{}, cpus: table{}, threads: table{}, slices: table{}, waits: table{}, args: table{},
		metrics: table{}, integrals: table{}, samples: table{}, onThreads: table{}, taskLogs: table{}, subtasks: table{}, exits: table{}, units: table{}, about: table{}, tasks: make(map[uint64]bool),
		start: tr.Start, firstTask: tr.FirstTask,
		ran:   make(map[convert.GoID]ran),
		names: make(map[convert.GoID]string), stacks: make(map[convert.StackID]string),
	}
	for _, counter := range []string{
		"Goroutines runnable\tgoroutines", "Goroutines running\tgoroutines", "Goroutines waiting\tgoroutines",
		"Goroutines in syscalls\tgoroutines", "OS threads in Go\tthreads", "OS threads in syscalls\tthreads",
	} {
		t.units.add(counter)
	}
	return nil
}

func (t *truth) Finish(s *convert.Summary) error {
	t.end = s.End
	for id, open := range t.tasks {
		if open { // the engine does not know of it
			t.record(&convert.Record{
				Kind: convert.KindTask, Phase: convert.End, Start: s.Start, Time: s.End, ID: id, G: convert.NoGoroutine, By: convert.NoGoroutine,
				Flags: convert.OpenStart | convert.OpenEnd,
			})
		}
	}
	about := func(name string, value any) { t.about.add(fmt.Sprintf("trace_attribute.%s\t%v", name, value)) }
	about("converted_by", "trace2otel")
	about("go_trace_format", s.Version)
	if s.Name != "" {
		about("input", s.Name)
	}
	switch {
	case s.To != 0:
		about("window", fmt.Sprintf("from %v to %v of the trace", s.From, s.To))
	case s.From != 0:
		about("window", fmt.Sprintf("from %v of the trace", s.From))
	}
	about("duration_ns", int64(s.End.Sub(s.Start)))
	about("events", s.Events)
	about("generations", s.Generations)
	about("goroutines", s.Goroutines)
	about("adjusted_events", s.Adjusted)
	if s.Loss != nil {
		about("loss", s.Loss.Err)
		about("loss_bytes", s.Loss.Bytes)
	}
	if s.Repairs.Any() {
		about("repairs", s.Repairs)
	}
	if s.Regions.Any() {
		about("nesting", s.Regions.String())
	}
	if s.ClockSteps.Count > 0 {
		about("clock_steps", s.ClockSteps.String())
	}
	if s.Unstopped {
		about("note", convert.UnstoppedNote)
	}
	damage := func(name string) {
		t.slices.add("damage\t"+name+"\t\t", 1, 0)
		t.args.add("damage\tdebug.message", 1, 0)
	}
	if s.Repairs.Cut > 0 && s.Repairs.CutAt <= s.End {
		damage("incomplete from here on")
	}
	switch {
	case s.Last > s.End:
	case s.Loss != nil:
		damage("the rest is lost")
	case s.Unstopped:
		damage("the end may be missing")
	}
	return nil
}

func (t *truth) Consume(b *convert.Batch) error {
	for _, st := range b.Stacks {
		var frames []string
		for _, f := range slices.Backward(st.Frames) {
			frames = append(frames, fmt.Sprintf("%s:%d", plain(f.Func), max(f.Line, 0)))
		}
		t.stacks[st.ID] = strings.Join(frames, "<")
	}
	for i := range b.Records {
		t.record(&b.Records[i])
	}
	return nil
}

func (t *truth) record(r *convert.Record) {
	if r.Kind == convert.KindSync {
		t.wall.Sync(r)
	}
	switch r.Kind {
	case convert.KindRegion:
		t.mention(r.Parent)
	case convert.KindLog:
		t.mention(r.ID)
	}
	if r.Phase == convert.Begin {
		if r.Kind == convert.KindTask {
			if t.firstTask == 0 || r.ID < t.firstTask {
				t.firstTask = r.ID
			}
			t.mention(r.Parent)
			if t.tasks[r.Parent] {
				t.subtasks.add(fmt.Sprintf("%d\t%d", r.ID, r.Parent))
			}
			t.tasks[r.ID] = true
		}
		if r.Kind == convert.KindGoroutine && r.By != convert.NoGoroutine {
			name := "created"
			if r.Flags&convert.OpenStart != 0 {
				name = "created before"
			}
			t.slice(r, "goroutine", name, r.ByStack, 0)
			t.args.add("goroutine\tdebug.creator", 1, int64(r.By))
		}
		return
	}
	d := int64(r.Duration())
	switch r.Kind {
	case convert.KindGoroutine:
		if r.Name != "" {
			t.names[r.G] = plain(r.Name)
		}
		if r.Phase == convert.End {
			name, ok := t.names[r.G]
			if !ok {
				name = "unknown"
			}
			t.threads.add(fmt.Sprintf("%d\t%s", r.G, name))
			if r.Flags&convert.OpenEnd == 0 {
				t.exits.add(fmt.Sprintf("%d\t%d", r.G, r.Time))
			}
		}
	case convert.KindState:
		t.state(r, d)
	case convert.KindProc:
		if r.State == convert.StateRunning {
			t.count("OS threads in Go", d)
		}
	case convert.KindSyscall:
		t.onThread(r, "syscall", d)
		t.slice(r, "syscall", "syscall", r.Stack, 0)
	case convert.KindAssist:
		t.slice(r, "assist", "GC mark assist", r.Stack, 0)
	case convert.KindGC:
		t.slice(r, "gc", fmt.Sprintf("GC %d", r.ID), 0, 0)
	case convert.KindMark:
		t.slice(r, "gc", fmt.Sprintf("mark %d", r.ID), 0, 0)
	case convert.KindSTW:
		t.slice(r, "stw", plain(r.Name), r.Stack, 0)
		if r.ID > 0 {
			t.slices.add("stw\tstopping\t\t", 1, int64(r.ID))
			if r.Flags&convert.OpenStart != 0 {
				t.args.add("stw\tdebug.open_start", 1, 1)
			}
			if r.Flags&convert.Stopped == 0 {
				t.args.add("stw\tdebug.open_end", 1, 1)
			}
		}
		if r.Flags&convert.Stopped != 0 {
			t.args.add("stw\tdebug.stopping_ns", 1, int64(r.ID))
		}
	case convert.KindSweep:
		t.slice(r, "sweep", "sweep", r.Stack, 0)
		t.args.add("sweep\tdebug.swept_bytes", 1, int64(r.ID))
		t.args.add("sweep\tdebug.reclaimed_bytes", 1, int64(r.Parent))
	case convert.KindTask:
		delete(t.tasks, r.ID)
		if t.firstTask == 0 || r.ID < t.firstTask {
			t.tasks[r.ID] = false
		}
		t.slice(r, "task", plain(r.TaskType()), r.Stack, r.ByStack)
		t.args.add("task\tcorrelation_id", 1, int64(r.ID))
		if r.Parent != convert.NoTask {
			t.args.add("task\tdebug.parent", 1, int64(r.Parent))
		}
		if r.By != r.G && r.By != convert.NoGoroutine {
			t.args.add("task\tdebug.ender", 1, int64(r.By))
		}
	case convert.KindRegion:
		t.slice(r, "region", orElse(plain(r.Name), "region"), r.Stack, r.ByStack)
		if r.By != convert.NoGoroutine {
			t.args.add("region\tdebug.ender", 1, int64(r.By))
		}
		if r.Parent != convert.NoTask {
			t.args.add("region\tcorrelation_id", 1, int64(r.Parent))
		}
	case convert.KindLog:
		t.slice(r, "log", orElse(plain(r.Name), "log"), r.Stack, 0)
		t.args.add("log\tdebug.message", 1, 0)
		if t.tasks[r.ID] {
			name := orElse(plain(r.Text), orElse(plain(r.Name), "log"))
			if r.Text != "" && r.Name != "" {
				name = plain(r.Name + ": " + r.Text)
			}
			t.taskLogs.add(fmt.Sprintf("%d\t%s", r.ID, name), 1)
		}
		if r.ID != convert.NoTask {
			t.args.add("log\tcorrelation_id", 1, int64(r.ID))
		}
	case convert.KindLabel:
		t.slice(r, "label", plain(r.Name), r.Stack, 0)
	case convert.KindMetric:
		t.metrics.add(plain(r.Name), 1, int64(r.ID))
		t.units.add(map[string]string{
			"/memory/classes/heap/objects:bytes": "Heap live\tbytes",
			"/gc/heap/goal:bytes":                "Heap goal\tbytes",
			"/sched/gomaxprocs:threads":          "GOMAXPROCS\tthreads",
		}[r.Name])
	case convert.KindSample:
		if stack := t.stacks[r.Stack]; r.P == convert.NoProc || r.G > math.MaxUint32 || stack == "" {
			t.slice(r, "sample", "CPU sample", r.Stack, 0)
		} else {
			t.samples.add(fmt.Sprintf("%d\t%d\t%s", r.G, r.P, stack), 1)
		}
	}
}

// slice adds a slice or an instant of a record, with the stacks at its begin and
// its end, and what its flags say.
// mention takes note of a task that something else refers to: it may have begun
// before the trace.
func (t *truth) mention(id uint64) {
	_, known := t.tasks[id]
	if id != convert.NoTask && !known && (t.firstTask == 0 || id < t.firstTask) {
		t.tasks[id] = true
	}
}

func (t *truth) slice(r *convert.Record, category, name string, begin, end convert.StackID) {
	t.slices.add(fmt.Sprintf("%s\t%s\t%s\t%s", category, name, t.stacks[begin], t.stacks[end]), 1, int64(r.Duration()))
	for flag, arg := range map[convert.Flags]string{
		convert.OpenStart: "open_start", convert.OpenEnd: "open_end", convert.Exited: "exited", convert.Repaired: "repaired",
	} {
		if r.Flags&flag != 0 && (r.Phase == convert.End || r.Kind == convert.KindLabel) {
			t.args.add(category+"\tdebug."+arg, 1, 1)
		}
	}
}

func (t *truth) state(r *convert.Record, d int64) {
	state, counter := "", ""
	switch r.State {
	case convert.StateRunnable:
		state, counter = "R", "runnable"
	case convert.StateWaiting:
		state, counter = "S", "waiting"
		name := plain(r.Reason())
		t.slice(r, "wait", name, r.Stack, r.ByStack)
		t.waits.add(fmt.Sprintf("%d\t%s\t%s\t%s", r.G, name, t.stacks[r.Stack], t.stacks[r.ByStack]), 1, d, int64(r.Start-t.start))
		if r.By != convert.NoGoroutine {
			t.args.add("wait\tdebug.waker", 1, int64(r.By))
		}
	case convert.StateSyscallBlocked:
		state, counter = "D", "in syscalls"
	case convert.StateRunning:
		state, counter = "Running", "running"
		if r.P == convert.NoProc {
			state = "T"
		}
	case convert.StateSyscall:
		state, counter = "Running", "in syscalls"
		if r.P == convert.NoProc {
			state = "D"
		}
	}
	if r.State == convert.StateRunning {
		t.onThread(r, "run", d)
	}
	if d == 0 {
		return
	}
	t.states.add(fmt.Sprintf("%d\t%s", r.G, state), d)
	t.count("Goroutines "+counter, d)
	switch r.State {
	case convert.StateSyscall:
		t.count("OS threads in syscalls", d)
		t.count("OS threads in Go", -d)
	case convert.StateSyscallBlocked:
		t.count("OS threads in syscalls", d)
	}
	if state == "Running" {
		t.cpus.add(fmt.Sprint(r.P), d)
		if last := t.ran[r.G]; last.until == r.Start && last.p != r.P && last.d > 1 {
			// From P to P at one time: the timeline has it runnable for 1 ns.
			t.states.add(fmt.Sprintf("%d\tRunning", r.G), -1)
			t.states.add(fmt.Sprintf("%d\tR", r.G), 1)
			t.cpus.add(fmt.Sprint(last.p), -1)
		}
		t.ran[r.G] = ran{r.Time, d, r.P}
	}
}

func (t *truth) count(counter string, d int64) {
	if t.integrals.add(counter, d); t.integrals[counter][0] == 0 {
		delete(t.integrals, counter)
	}
}

func (t *truth) onThread(r *convert.Record, what string, d int64) {
	if r.M != convert.NoThread {
		t.onThreads.add(fmt.Sprintf("M %d\t%s\t%d\t%d", r.M, what, r.G, r.P), 1, d)
	}
}

// plain returns s as it is in a file.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\u2400")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
