package stats

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// asserted is a report with figures that are easy to compare with.
func asserted() *Report {
	each := func(n int64) Spread {
		return Spread{
			Count: n, Sum: time.Second, P50: 1 * time.Millisecond, P90: 2 * time.Millisecond, P95: 3 * time.Millisecond,
			P99: 4 * time.Millisecond, P999: 5 * time.Millisecond, Max: 6 * time.Millisecond,
		}
	}
	few, cut := each(99), each(2000)
	cut.Cut, cut.CutMax = 1, 7*time.Millisecond
	return &Report{
		Totals:    Totals{Times: Times{Waits: []Wait{{Reason: "sync", Each: &few}, {Reason: "chan receive", Each: &cut}}}},
		Scheduler: Sched{Latency: each(2000), Goroutines: 10, QueueMax: 5, QueueMean: 0.5, Utilization: 0.25, Wasted: time.Second, WastedMax: time.Millisecond},
		Functions: []Function{{Name: "main.worker", Latency: each(100)}},
		Network:   Places{Each: each(2000)},
		Syscalls:  Places{Each: each(1)},
		GC: GC{Stop: each(10), GCStop: each(5), Each: each(0), HeapMax: 64 << 20,
			MMU: []MMU{{Window: 10 * time.Millisecond, All: 0.5, GC: 0.75}, {Window: time.Second, All: 0.9, Short: true}}},
		Tasks: []Scope{{Type: `check "out" <1>`, Each: each(20)}},
	}
}

func TestAssertions(t *testing.T) {
	for _, tt := range []struct{ assertion, strict, partial string }{
		{"sched.p99 < 5ms", "ok: it is 4.00ms", ""},
		{"sched.p99 < 4ms", "FAIL: it is 4.00ms", ""},
		{"sched.p99<=4ms", "ok: it is 4.00ms", ""},
		{" sched.p99 > 4ms ", "FAIL: it is 4.00ms", ""},
		{"sched.p99 >= 4ms", "ok: it is 4.00ms", ""},
		{"sched.p999 < 6ms", "ok: it is 5.00ms", ""},
		{"sched.count >= 2000", "ok: it is 2,000", ""},
		{"sched.sum <= 1s", "ok: it is 1.00s", ""},
		{"sched.max < 1h", "ok: it is 6.00ms", ""},
		{`goroutine["main.worker"].p50 < 2ms`, "ok: it is 1.00ms", ""},
		{`goroutine["main.other"].p50 < 2ms`, "FAIL: there is none in the trace from beginning to end", "ok: there is nothing to measure"},
		{"wait.sync.p95 < 4ms", "ok: it is 3.00ms", ""},
		{"wait.sync.p99 < 5ms", "FAIL: it is 4.00ms, but there are 99 in the trace, and p99 needs 100", "ok: it is 4.00ms"},
		{"wait.sync.p99 < 1ms", "FAIL: it is 4.00ms", ""},
		{`wait["chan receive"].p99 < 5ms`, "ok: it is 4.00ms", ""},
		{`wait["chan receive"].max < 6500us`, "FAIL: it is at least 7.00ms", ""},
		{`wait["chan receive"].count < 2002`, "ok: it is 2,001", ""},
		{`wait.select.count < 1`, "ok: it is 0", ""},
		{"network.p90 < 3ms", "ok: it is 2.00ms", ""},
		{"syscall.p50 < 3ms", "FAIL: it is 1.00ms, but there are 1 in the trace, and p50 needs 2", "ok: it is 1.00ms"},
		{"syscall.max < 7ms", "ok: it is 6.00ms", ""},
		{"stw.max < 7ms", "ok: it is 6.00ms", ""},
		{"gc.stw.count == 5", "", ""},
		{"gc.stw.count <= 5", "ok: it is 5", ""},
		{"gc.cycle.max < 1s", "FAIL: there is none in the trace from beginning to end", "ok: there is nothing to measure"},
		{"gc.mmu@10ms >= 50%", "ok: it is 50.0%", ""},
		{"gc.mmu@10ms > 50%", "FAIL: it is 50.0%", ""},
		{"gc.mmu@1s > 50%", "FAIL: it is 90.0%, but the trace is shorter than 1s", "ok: it is 90.0%"},
		{"gc.mmu@20ms > 50%", "FAIL: GOMAXPROCS is not known", "ok: there is nothing to measure"},
		{`task["check \"out\" <1>"].p95 < 4ms`, "ok: it is 3.00ms", ""},
		{`region["none"].max < 4ms`, "FAIL: there is none in the trace from beginning to end", "ok: there is nothing to measure"},
		{"goroutines.max < 11", "ok: it is 10", ""},
		{"queue.max <= 5", "ok: it is 5", ""},
		{"queue.mean < 0.4", "FAIL: it is 0.50", ""},
		{"procs.used > 20%", "ok: it is 25.0%", ""},
		{"heap.max <= 64MiB", "ok: it is 64.0 MiB", ""},
		{"heap.max < 67108864", "FAIL: it is 64.0 MiB", ""},
		{"heap.max < 67.2MB", "ok: it is 64.0 MiB", ""},
		{"wasted.sum < 2s", "ok: it is 1.00s", ""},
		{"wasted.max < 1ms", "FAIL: it is 1.00ms", ""},
	} {
		a, err := ParseAssertion(tt.assertion)
		if err != nil {
			if tt.strict != "" {
				t.Errorf("%s: %v", tt.assertion, err)
			}
			continue
		}
		for _, partial := range []bool{false, true} {
			want := tt.strict
			if partial && tt.partial != "" {
				want = tt.partial
			}
			c := a.Check(asserted(), partial)
			got := strings.TrimPrefix(c.String(), strings.TrimSpace(tt.assertion)+": ")
			if c.Holds {
				got = "ok: " + got
			} else {
				got = "FAIL: " + got
			}
			if got != want {
				t.Errorf("%s, partial %v:\ngot  %s\nwant %s", tt.assertion, partial, got, want)
			}
		}
	}
}

func TestAssertionsFailOnDamage(t *testing.T) {
	a, err := ParseAssertion("sched.p99 < 5ms")
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range []func(*Report){
		func(r *Report) { r.Trace.Loss = &Loss{Error: "cut"} },
		func(r *Report) { r.Trace.Repairs = "1 batch was lost" },
	} {
		r := asserted()
		damage(r)
		if c := a.Check(r, false); c.Holds || c.String() != "sched.p99 < 5ms: it is 4.00ms, but the trace is damaged" {
			t.Error(c)
		}
		if c := a.Check(r, true); !c.Holds {
			t.Error(c)
		}
	}
	if c := (Assertion{}).Check(asserted(), false); c.Holds {
		t.Error("nothing is asserted, and holds")
	}
}

func TestAssertionsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "it has none of <, <=, > and >=",
		"sched.p99":                 "it has none of <, <=, > and >=",
		"sched < 5ms":               `sched has the figures p50,`,
		"sched.p98 < 5ms":           `has the figures p50, p90, p95, p99, p999, max, sum and count, not "p98"`,
		"latency.p99 < 5ms":         `there is nothing called "latency.p99"`,
		"sched.p99 < 5":             `it compares with a time, as in 5ms, not "5"`,
		"sched.p99 <":               `it compares with a time, as in 5ms, not ""`,
		"sched.count < 5ms":         `it compares with a number, not "5ms"`,
		"goroutines.max < NaN":      `it compares with a number, not "NaN"`,
		"heap.max < 5 parsecs":      `it compares with a number of bytes, as in 64MiB, not "5 parsecs"`,
		"procs.used < 0.8":          `it compares with a percentage, as in 80%, not "0.8"`,
		"task.p99 < 5ms":            `which task? It is task["…"].p99`,
		`task["a" < 5ms`:            "a key is in brackets and quotes",
		`task[a].p99 < 5ms`:         "a key is in brackets and quotes",
		`sched["main.main"].p9 < 1`: "sched has no parts to choose from",
		"gc.mmu > 50%":              `there is nothing called "gc.mmu"`,
		"gc.mmu@11ms > 50%":         "gc.mmu is known over 10µs, 20µs",
		"gc.mmu@often > 50%":        "gc.mmu is known over 10µs, 20µs",
	} {
		_, err := ParseAssertion(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestMeasuresAreThere finds each measure of a real trace, and in the help.
func TestMeasuresAreThere(t *testing.T) {
	s := New(nil, Options{})
	fixtures.Run(t, fixtures.File{Name: "multi", Path: filepath.Join(fixtures.Root(t), "testdata", "go1.26.8-multi.trace")}, s)
	r := s.Report()
	var texts []string
	for name := range spreadMeasures {
		switch name {
		case "wait":
			name = "wait.select"
		case "task", "region", "goroutine":
			name += map[string]string{"task": `["request"]`, "region": `["work"]`, "goroutine": `["main.main"]`}[name]
		}
		texts = append(texts, name+".max > 0s")
	}
	for name, m := range valueMeasures {
		bound := map[Unit]string{UnitCount: "0", UnitPercent: "-1%", UnitBytes: "0", UnitSum: "0s"}[m.unit]
		if name == measureMMU {
			name += "@1s"
		}
		texts = append(texts, name+" > "+bound)
	}
	for _, text := range texts {
		a, err := ParseAssertion(text)
		if err != nil {
			t.Error(err)
			continue
		}
		if c := a.Check(r, false); !c.Holds {
			t.Error(c)
		}
		if !strings.Contains(Measures, strings.TrimSuffix(a.measure, "@1s")) {
			t.Errorf("the help has no %s", a.measure)
		}
	}
}

func FuzzParseAssertion(f *testing.F) {
	for _, text := range []string{"sched.p99 < 5ms", `task["a\""].p95 >= 1s`, "gc.mmu@10ms > 80%", "heap.max < 64MiB", "wait.sync.max <= 1h"} {
		f.Add(text)
	}
	r := asserted()
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAssertion(text)
		if err != nil {
			return
		}
		for _, partial := range []bool{false, true} {
			if c := a.Check(r, partial); !c.Holds && c.Why == "" && c.Measured == "" {
				t.Errorf("%q: no reason why it does not hold", text)
			}
		}
	})
}
