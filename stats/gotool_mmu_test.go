package stats

import (
	"bufio"
	"cmp"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// A goSummary is what Go's own analysis says of a trace (internal/trace of
// 1.26.8: Summarizer and MutatorUtilizationV2).
type goSummary struct {
	File   string
	ByName map[string]*goTimes `json:"goroutinesByName"`
	MMU    map[string]map[string]any
}

type goTimes struct {
	Count, Exec, Sched, Syscall, SyscallBlock, Total int64
	Block                                            map[string]int64
}

func goSummaries(t *testing.T) map[string]goSummary {
	t.Helper()
	all := make(map[string]goSummary)
	files := []string{filepath.Join(fixtures.Root(t), "testdata", "gotool-summary.jsonl")}
	if shared, ok := fixtures.Shared(t); ok {
		files = append(files, filepath.Join(shared, "gotool-summary.jsonl"))
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			var s goSummary
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				t.Fatal(err)
			}
			all[s.File] = s
		}
	}
	return all
}

// A goUtilization follows MutatorUtilizationV2 (internal/trace/gc.go) with the
// flags of go tool trace: stops, background workers, assists.
//
// It has these mistakes, each of which takes a proc from the program for good:
//
//   - a worker that runs a second time counts twice on its proc, first since it
//     is a worker, then since its label says so, and is taken back once; and
//     what was a worker once counts also when it runs as an idle one;
//   - an assist under way at the start counts on the proc whose event tells of
//     it, even if its goroutine does not run. Records do not say which proc
//     that is, so that Go's figures of such traces are left out here.
//
// When all procs are lost in this way, the rest of the trace is not looked at.
type goUtilization struct {
	mistaken bool

	records []convert.Record
	unclear bool // the second mistake matters

	procs   map[convert.ProcID]int
	n       int
	stw     int
	on      map[convert.GoID]convert.ProcID // that run, also in a system call
	assists map[convert.GoID]bool
	workers map[convert.GoID]bool
	counted map[convert.GoID]bool // unless mistaken
	steps   []step
	end     convert.Time
}

func (u *goUtilization) Begin(*convert.Trace) error {
	u.procs = map[convert.ProcID]int{}
	u.on = map[convert.GoID]convert.ProcID{}
	u.assists, u.workers, u.counted = map[convert.GoID]bool{}, map[convert.GoID]bool{}, map[convert.GoID]bool{}
	return nil
}

func (u *goUtilization) Finish(s *convert.Summary) error {
	if !u.mistaken { // Begins may be back-dated, of which Go takes no notice
		slices.SortStableFunc(u.records, func(a, b convert.Record) int { return cmp.Compare(a.Time, b.Time) })
	}
	for i := range u.records {
		u.record(&u.records[i])
	}
	u.end = s.End
	if n := len(u.steps); u.mistaken && n > 0 && u.steps[n-1].share == 0 {
		u.end = u.steps[n-1].at
	}
	return nil
}

func (u *goUtilization) Consume(b *convert.Batch) error {
	u.records = append(u.records, b.Records...)
	return nil
}

func (u *goUtilization) collects(g convert.GoID, d int) {
	if u.mistaken {
		u.procs[u.on[g]] += d
		return
	}
	if is := d > 0; is != u.counted[g] {
		u.counted[g] = is
		u.procs[u.on[g]] += d
	}
}

func (u *goUtilization) record(r *convert.Record) {
	executing := r.State == convert.StateRunning || r.State == convert.StateSyscall || r.State == convert.StateSyscallBlocked
	switch {
	case r.Kind == convert.KindMetric && r.Name == metricProcs:
		for p := range u.procs {
			if int(p) >= int(r.ID) {
				delete(u.procs, p)
			}
		}
		u.n = int(r.ID)
	case r.Kind == convert.KindSTW && strings.Contains(r.Name, "GC"):
		u.stw += map[convert.Phase]int{convert.Begin: 1, convert.End: -1}[r.Phase]
	case r.Kind == convert.KindAssist && r.Phase == convert.Begin:
		u.assists[r.G] = true
		if _, runs := u.on[r.G]; runs {
			u.collects(r.G, 1)
		}
		u.unclear = u.unclear || r.Flags&convert.OpenStart != 0
	case r.Kind == convert.KindAssist:
		delete(u.assists, r.G)
		if _, runs := u.on[r.G]; runs {
			u.collects(r.G, -1)
		}
	case r.Kind == convert.KindLabel && strings.HasPrefix(r.Name, "GC ") && r.Name != "GC (idle)":
		if _, runs := u.on[r.G]; runs || u.mistaken {
			u.workers[r.G] = u.mistaken
			u.collects(r.G, 1)
		}
	case r.Kind == convert.KindState && r.Phase == convert.Begin && executing:
		if _, ran := u.on[r.G]; ran {
			u.on[r.G] = r.P // in a system call, or out of it
			return
		}
		u.on[r.G] = r.P
		if u.assists[r.G] || u.workers[r.G] {
			u.collects(r.G, 1)
		}
	case r.Kind == convert.KindState && r.Phase == convert.Begin,
		r.Kind == convert.KindGoroutine && r.Phase == convert.End:
		if _, ran := u.on[r.G]; !ran {
			return
		}
		if u.assists[r.G] || u.workers[r.G] || u.counted[r.G] {
			u.collects(r.G, -1)
		}
		delete(u.on, r.G)
	default:
		return
	}
	if u.n == 0 {
		return
	}
	share := 0.0
	if u.stw == 0 {
		gc := 0
		for _, n := range u.procs {
			if n > 0 {
				gc++
			}
		}
		share = 1 - float64(gc)/float64(u.n)
	}
	switch n := len(u.steps); {
	case n > 0 && u.steps[n-1].share == share:
	case n > 0 && u.steps[n-1].at == r.Time:
		u.steps[n-1].share = share
	default:
		u.steps = append(u.steps, step{r.Time, share})
	}
}

func TestMMUIsAsGoHasItButForItsMistakes(t *testing.T) {
	all := goSummaries(t)
	equal, mistaken := 0, 0
	for _, f := range fixtures.All(t) {
		want := all[f.Name].MMU["STW+Background+Assist"]
		if want == nil {
			continue
		}
		gos, right := &goUtilization{mistaken: true}, &goUtilization{}
		s := New(nil, Options{})
		sum := fixtures.Run(t, f, gos, right, s)
		if len(right.steps) == 0 {
			continue // GOMAXPROCS is not known
		}
		for _, m := range s.Report().GC.MMU {
			if got := leastMean(right.steps, right.end, m.Window); math.Abs(got-m.GC) > 1e-9 {
				t.Errorf("%s over %v: %v, want %v", f.Name, m.Window, m.GC, got)
			}
			name := map[time.Duration]string{
				time.Millisecond: "mmu@1ms", 10 * time.Millisecond: "mmu@10ms", 100 * time.Millisecond: "mmu@100ms",
			}[m.Window]
			if name == "" || gos.unclear || sum.Version < "go 1.22" { // times of older ones differ from run to run
				continue
			}
			switch go1 := leastMean(gos.steps, gos.end, m.Window); {
			case math.Abs(go1-want[name].(float64)) > 1e-6:
				t.Errorf("%s over %v: Go says %v, by its rules it is %v, and by ours %v", f.Name, m.Window, want[name], go1, m.GC)
			case math.Abs(go1-m.GC) > 1e-6:
				mistaken++
			default:
				equal++
			}
		}
	}
	if equal < 10 || mistaken < 3 {
		t.Errorf("only %d figures are Go's, and %d differ for its mistakes", equal, mistaken)
	}
	t.Logf("%d figures are Go's, %d differ for its mistakes", equal, mistaken)
}
