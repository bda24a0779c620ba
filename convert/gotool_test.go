package convert_test

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// A goSummary is what Go's own analysis (internal/trace.Summarizer, 1.26.8)
// says of a trace.
type goSummary struct {
	File           string
	Start          *int64
	End            int64
	Events         int64
	GoroutineCount int64
	All            goTimes
	ByName         map[string]*goTimes `json:"goroutinesByName"`
	Ranges         map[string]*goRange `json:"rangesBeginEnd"`
	Regions        struct {
		Durations    map[string][]int64
		MissingStart int
	}
	Tasks []struct {
		ID       uint64
		Complete bool
		Dur      int64
		Name     string
	}
	Error string
}

type goTimes struct {
	Count                              int64
	Exec, Sched, Syscall, SyscallBlock int64
	Total                              int64
	Block                              map[string]int64
}

// A goRange counts the ranges that began in the trace, and sums up those that
// ended, too.
type goRange struct{ N, Total, Max int64 }

// A goView collects from records what the Summarizer would say, its mistakes
// included. Each "Summarizer:" below is one of them, where the records say
// something else:
//
//   - the End of a wait for ever ends the goroutine (summary.go: "Forever" is
//     like goroutine death);
//   - a syscall that is open at the end counts as syscall for all its length,
//     and from the loss of its proc a second time as waiting for a proc
//     (snapshotStat);
//   - a syscall under way at the start, without a proc, counts as blocked up to
//     its status event, and as not blocked from there on; so does one that
//     begins without a proc (a cgo callback's); before Go 1.22 the status comes
//     with another goroutine's proc, and the Summarizer watches that one;
//   - the end of a syscall forgets that another goroutine is in one on the same
//     proc by now: it counts as not blocked even when the proc is lost
//     (Summarizer.syscallingP);
//   - a goroutine has a name only if a transition other than a status of a
//     later generation has a stack: some of the records' have "" there.
type goView struct {
	convert.Summary
	v1      bool
	times   map[convert.GoID]*goTimes
	forever map[convert.GoID]convert.Time
	procs   map[convert.ProcID]convert.GoID // in a syscall, as the Summarizer has it
	unseen  map[convert.GoID]bool           // lost its proc, and that was missed
	before  map[convert.GoID]int64          // how long before its status it was there
	byName  map[string]*goTimes
	count   int64
	ranges  map[string]*goRange
	regions map[string][]int64
	orphans int
	tasks   map[uint64]int64
}

func newGoView() *goView {
	return &goView{
		times:   map[convert.GoID]*goTimes{},
		forever: map[convert.GoID]convert.Time{},
		procs:   map[convert.ProcID]convert.GoID{},
		unseen:  map[convert.GoID]bool{},
		before:  map[convert.GoID]int64{},
		byName:  map[string]*goTimes{},
		ranges:  map[string]*goRange{},
		regions: map[string][]int64{},
		tasks:   map[uint64]int64{},
	}
}

func (v *goView) Begin(t *convert.Trace) error {
	v.v1 = t.Version < "go 1.22"
	return nil
}

func (v *goView) Finish(s *convert.Summary) error {
	v.Summary = *s
	return nil
}

func (v *goView) Consume(b *convert.Batch) error {
	for i := range b.Records {
		switch r := &b.Records[i]; r.Phase {
		case convert.Begin:
			v.begin(r)
		case convert.End:
			v.end(r)
		}
	}
	return nil
}

func (v *goView) begin(r *convert.Record) {
	switch {
	case r.Kind == convert.KindGoroutine:
		v.times[r.G] = &goTimes{Count: 1, Block: map[string]int64{}}
	case r.Kind == convert.KindSyscall && r.P != convert.NoProc:
		v.procs[r.P] = r.G
	case r.State == convert.StateSyscallBlocked && r.Prev == convert.StateSyscall:
		v.unseen[r.G] = true
		for p, g := range v.procs {
			if g == r.G {
				v.unseen[r.G] = false
				delete(v.procs, p)
			}
		}
	}
}

func (v *goView) end(r *convert.Record) {
	t := v.times[r.G]
	d := int64(r.Duration())
	whole := r.Flags&(convert.OpenStart|convert.OpenEnd) == 0
	switch r.Kind {
	case convert.KindState:
		if r.Flags&convert.Unseen != 0 {
			v.before[r.G] = d
		}
		switch r.State {
		case convert.StateRunning:
			t.Exec += d
		case convert.StateRunnable:
			t.Sched += d
		case convert.StateWaiting:
			name := r.Name
			if name == convert.ReasonCoroutine {
				name = "" // Go has no word for it
			}
			if name == "forever" {
				v.forever[r.G] = r.Start - convert.Time(v.before[r.G])
			} else {
				t.Block[name] += d
			}
		}
	case convert.KindSyscall:
		v.syscall(t, r)
	case convert.KindGoroutine:
		v.count++
		t.Total = d
		if at, ok := v.forever[r.G]; ok {
			t.Total = int64(at.Sub(r.Start))
			delete(v.forever, r.G)
		}
		n := v.byName[r.Name]
		if n == nil {
			n = &goTimes{Block: map[string]int64{}}
			v.byName[r.Name] = n
		}
		n.add(t)
		delete(v.times, r.G)
	case convert.KindRegion:
		if r.Flags&convert.OpenStart != 0 {
			v.orphans++
		} else if r.Flags&convert.OpenEnd == 0 {
			v.regions[r.Name] = append(v.regions[r.Name], d)
		}
	case convert.KindTask:
		if whole {
			v.tasks[r.ID] = d
		}
	default:
		if name := rangeName(r); name != "" && r.Flags&convert.OpenStart == 0 {
			v.addRange(name, d, r.Flags&convert.OpenEnd != 0)
		}
	}
}

// rangeName returns Go's name of a range.
func rangeName(r *convert.Record) string {
	switch r.Kind {
	case convert.KindSTW:
		return "stop-the-world (" + r.Name + ")"
	case convert.KindMark:
		return "GC concurrent mark phase"
	case convert.KindAssist:
		return "GC mark assist"
	case convert.KindSweep:
		return "GC incremental sweep"
	}
	return ""
}

func (v *goView) syscall(t *goTimes, r *convert.Record) {
	kept := int64(r.ID)
	blocked := int64(r.Duration()) - kept
	switch {
	case r.P == convert.NoProc && r.Flags&convert.Unseen != 0 && !v.v1:
		t.SyscallBlock += kept + blocked
	case r.P == convert.NoProc || v.unseen[r.G]:
		t.Syscall += kept + blocked
	case r.Flags&convert.OpenEnd != 0:
		t.Syscall += kept + blocked
		t.Sched += blocked
	default:
		t.Syscall += kept
		t.SyscallBlock += blocked
	}
	delete(v.procs, r.P)
	delete(v.unseen, r.G)
}

func (v *goView) addRange(name string, d int64, open bool) {
	s := v.ranges[name]
	if s == nil {
		s = &goRange{}
		v.ranges[name] = s
	}
	s.N++
	if !open {
		s.Total += d
		s.Max = max(s.Max, d)
	}
}

func (t *goTimes) add(u *goTimes) {
	t.Count += u.Count
	t.Exec += u.Exec
	t.Sched += u.Sched
	t.Syscall += u.Syscall
	t.SyscallBlock += u.SyscallBlock
	t.Total += u.Total
	for k, n := range u.Block {
		t.Block[k] += n
	}
}

// tieSlack is how far sums of times of v1 traces may be apart: the decoder puts
// simultaneous events of different procs 1 ns apart, in the order of a map, and
// we put them in one that is always the same.
const tieSlack = 32

// equal compares all times, to the nanosecond but for v1 traces.
func (v *goView) equal(t, u *goTimes) bool {
	same := func(a, b int64) bool { return a == b || v.v1 && a-b <= tieSlack && b-a <= tieSlack }
	for _, reason := range slices.Concat(slices.Collect(maps.Keys(t.Block)), slices.Collect(maps.Keys(u.Block))) {
		if !same(t.Block[reason], u.Block[reason]) {
			return false
		}
	}
	return same(t.Exec, u.Exec) && same(t.Syscall, u.Syscall) && same(t.SyscallBlock, u.SyscallBlock) &&
		same(t.Total, u.Total) && (same(t.Sched, u.Sched) || v.v1 && t.Syscall > 0)
}

// TestAgreesWithSummarizer holds the records against Go's own analysis, on
// every trace for which there is one.
func TestAgreesWithSummarizer(t *testing.T) {
	found := 0
	for _, dir := range []string{"../testdata", "../../shared/traces"} {
		for _, want := range goSummaries(t, filepath.Join(dir, "gotool-summary.jsonl")) {
			paths, _ := filepath.Glob(filepath.Join(dir, "*", want.File))
			flat, _ := filepath.Glob(filepath.Join(dir, want.File))
			for _, path := range append(paths, flat...) {
				found++
				t.Run(filepath.ToSlash(path), func(t *testing.T) { compareSummary(t, path, want) })
			}
		}
	}
	if found == 0 {
		t.Fatal("no trace to compare")
	}
}

func goSummaries(t *testing.T, path string) []*goSummary {
	f, err := os.Open(path)
	if err != nil {
		t.Logf("no summaries of %s", path)
		return nil
	}
	defer f.Close()
	var all []*goSummary
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		s := new(goSummary)
		if err := json.Unmarshal(lines.Bytes(), s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func compareSummary(t *testing.T, path string, want *goSummary) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want.Error != "" {
		t.Skip("Go's own reading ended with an error: ", want.Error)
	}
	got := newGoView()
	if _, err := convert.Run(context.Background(), f, convert.Options{AsGo: true}, got); err != nil {
		if want.GoroutineCount > 0 {
			t.Fatal(err)
		}
		t.Skipf("Go reads nothing either: %v", err)
	}

	if got.count != want.GoroutineCount || got.Goroutines != want.GoroutineCount {
		t.Errorf("goroutines: %d (summary: %d), Go has %d", got.count, got.Goroutines, want.GoroutineCount)
	}
	if got.Events != want.Events {
		t.Errorf("events: %d, Go has %d", got.Events, want.Events)
	}
	if want.Start != nil && int64(got.End-got.Start) != want.End-*want.Start {
		t.Errorf("duration: %v, Go has %v", got.End.Sub(got.Start), time.Duration(want.End-*want.Start))
	}
	all, allGo := &goTimes{Block: map[string]int64{}}, &goTimes{Block: map[string]int64{}}
	for _, v := range got.byName {
		all.add(v)
	}
	for _, name := range slices.Sorted(maps.Keys(want.ByName)) {
		u, v := want.ByName[name], got.byName[name]
		allGo.add(u)
		switch {
		case name == "" || v != nil && v.Count > u.Count && want.ByName[""] != nil:
			// Go has no name for some goroutines.
		case v == nil:
			t.Errorf("no goroutines of %q", name)
		case !got.equal(v, u):
			t.Errorf("goroutines of %q:\n got %+v\n  Go %+v", name, *v, *u)
		}
	}
	if len(want.ByName) > 0 && !got.equal(all, allGo) {
		t.Errorf("all goroutines:\n got %+v\n  Go %+v", *all, *allGo)
	}
	for name, u := range want.Ranges {
		if u.N == 0 {
			continue
		}
		v := got.ranges[name]
		if v == nil || v.N != u.N || v.Total != u.Total && !(got.v1 && max(v.Total-u.Total, u.Total-v.Total) <= tieSlack) {
			t.Errorf("range %q: got %+v, Go has %+v", name, v, u)
		}
	}
	for name, u := range want.Regions.Durations {
		slices.Sort(u)
		v := got.regions[name]
		slices.Sort(v)
		if !slices.Equal(u, v) {
			t.Errorf("regions %q: got %v, Go has %v", name, v, u)
		}
	}
	for _, task := range want.Tasks {
		if task.Complete && got.tasks[task.ID] != task.Dur {
			t.Errorf("task %d: got %d ns, Go has %d", task.ID, got.tasks[task.ID], task.Dur)
		}
	}
}
