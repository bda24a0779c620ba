package account_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/account"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// A book keeps the accounts of all goroutines of a trace.
type book struct {
	world account.World
	open  map[convert.GoID]*account.Account
	done  map[convert.GoID]account.Totals
	lives map[convert.GoID]time.Duration
}

func (b *book) Begin(*convert.Trace) error {
	b.open = map[convert.GoID]*account.Account{}
	b.done = map[convert.GoID]account.Totals{}
	b.lives = map[convert.GoID]time.Duration{}
	return nil
}

func (b *book) Finish(*convert.Summary) error { return nil }

func (b *book) Consume(batch *convert.Batch) error {
	for i := range batch.Records {
		b.record(&batch.Records[i])
	}
	return nil
}

func (b *book) record(r *convert.Record) {
	b.world.Add(r)
	switch r.Kind {
	case convert.KindState, convert.KindAssist:
		if a := b.open[r.G]; a != nil {
			a.Add(&b.world, r)
		}
	case convert.KindGoroutine:
		switch r.Phase {
		case convert.Begin:
			b.open[r.G] = new(account.Account)
		case convert.End:
			var t account.Totals
			b.open[r.G].At(&b.world, r.Time, &t)
			sum := b.done[r.G] // ids are used again in hostile traces
			sum.Add(&t)
			b.done[r.G] = sum
			b.lives[r.G] += r.Duration()
			delete(b.open, r.G)
		}
	}
}

func TestTotalsExcludeOneAnother(t *testing.T) {
	for _, tt := range []struct{ name, story, want string }{
		{"assist is taken out of running, but not out of the wait within", `
0 G1 begin goroutine
0 G1 begin running P0
10 G1 begin assist
15 G1 end running
15 G1 begin waiting "GC mark assist wait for work"
20 G1 end waiting by=G2
20 G1 begin runnable by=G2
22 G1 end runnable
22 G1 begin running P0
30 G1 end assist
35 G1 begin assist
36 G1 end assist
40 G1 end running
40 G1 end goroutine
`, "running=19 assist=14 runnable=2 GC mark assist wait for work=5"},
		{"stopped is taken out of runnable alone", `
0 G1 begin goroutine
0 G1 begin running P0
0 G2 begin goroutine
0 G2 begin runnable
10 G1 begin stw "read mem stats" P0
20 G1 end stw
22 G2 end runnable
22 G2 begin running P1
25 G1 begin stw "read mem stats" P0
26 G2 end running
26 G2 begin runnable
30 G1 end stw
31 G2 end runnable
31 G2 end goroutine
31 G1 end running
31 G1 end goroutine
`, "running=4 runnable=13 stopped=14"},
		{"stops that overlap count once", `
0 G1 begin goroutine
0 G1 begin running P0
0 G2 begin goroutine
0 G2 begin runnable
10 G1 begin stw "read mem stats" P0
15 G3 begin stw "GOMAXPROCS" P0
20 G1 end stw
25 G3 end stw
40 G2 end runnable
40 G2 begin syscall-blocked
45 G2 end syscall-blocked
45 G2 end goroutine
45 G1 end running
45 G1 end goroutine
`, "runnable=25 stopped=15 blocked=5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := sinktest.Story(t, strings.TrimSpace(tt.story))
			var b book
			if err := rec.Replay(&b, 1); err != nil {
				t.Fatal(err)
			}
			g := convert.GoID(2)
			if _, two := b.done[g]; !two {
				g = 1
			}
			got := b.done[g]
			if text := describe(&got); text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
}

func describe(t *account.Totals) string {
	var parts []string
	add := func(name string, d time.Duration) {
		if d != 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", name, d.Nanoseconds()))
		}
	}
	add("running", t.Running)
	add("assist", t.Assist)
	add("runnable", t.Runnable)
	add("stopped", t.Stopped)
	add("syscall", t.Syscall)
	add("blocked", t.SyscallBlocked)
	for _, w := range t.Waits {
		add(w.Reason, w.Time)
	}
	return strings.Join(parts, " ")
}

// TestTotalsAreTheStates compares with the records, on real traces: what is
// taken out of a state is given back to it here.
func TestTotalsAreTheStates(t *testing.T) {
	for _, f := range slices.Concat(fixtures.All(t), fixtures.Windows(t)) {
		var b book
		var sums sinktest.Sums
		fixtures.Run(t, f, &b, &sums)
		want := sums.ByState()
		var got account.Totals
		for g, totals := range b.done {
			if totals.Sum() != b.lives[g] {
				t.Errorf("%s: G%d: %v of %v", f.Name, g, totals.Sum(), b.lives[g])
			}
			if totals.Assist < 0 || totals.Running < 0 || totals.Stopped < 0 || totals.Runnable < 0 {
				t.Errorf("%s: G%d: negative: %s", f.Name, g, describe(&totals))
			}
			got.Add(&totals)
		}
		for state, d := range map[convert.State]time.Duration{
			convert.StateRunning:        got.Running + got.Assist,
			convert.StateRunnable:       got.Runnable + got.Stopped,
			convert.StateWaiting:        got.Waiting(),
			convert.StateSyscall:        got.Syscall,
			convert.StateSyscallBlocked: got.SyscallBlocked,
		} {
			if want[state].Time != d {
				t.Errorf("%s: state %d: %v, want %v", f.Name, state, d, want[state].Time)
			}
		}
		if assists := sums.Kinds[convert.KindAssist].Time; got.Assist > assists {
			t.Errorf("%s: assists of %v, but only %v in all", f.Name, got.Assist, assists)
		}
	}
}

func TestSubLeavesWhatCameSince(t *testing.T) {
	then := account.Totals{Running: 5, Waits: []account.Wait{{Reason: "sleep", Time: 3}}}
	now := account.Totals{Running: 9, Runnable: 1, Waits: []account.Wait{{Reason: "sleep", Time: 3}, {Reason: "select", Time: 2}}}
	now.Sub(&then)
	if now.Running != 4 || now.Waiting() != 2 || now.Sum() != 7 {
		t.Errorf("got %s", describe(&now))
	}
	var again account.Totals
	again.Set(&then)
	again.Waits[0].Time++
	if then.Waits[0].Time != 3 {
		t.Error("Set shares its waits")
	}
}

func TestTimesOfForgedTracesAddUp(t *testing.T) {
	const most = time.Duration(math.MaxInt64)
	long := account.Totals{Running: most, Waits: []account.Wait{{Reason: "sleep", Time: most}, {Reason: "select", Time: most}}}
	sum := account.Totals{}
	sum.Add(&long)
	sum.Add(&long)
	if sum.Running != most || sum.Waits[0].Time != most || sum.Waiting() != most {
		t.Errorf("got %s", describe(&sum))
	}
}

func TestReasonsAreBounded(t *testing.T) {
	var sum account.Totals
	for i := range 1000 {
		sum.Add(&account.Totals{Waits: []account.Wait{{Reason: fmt.Sprint(i), Time: 2}}})
	}
	if n := len(sum.Waits); n != 64 || sum.Waiting() != 2000 {
		t.Errorf("%d reasons, %d ns", n, sum.Waiting())
	}
	if last := sum.Waits[63]; last.Reason != account.OtherReasons || last.Time != 2*(1000-63) {
		t.Errorf("the last is %v", last)
	}
}
