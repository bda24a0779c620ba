package stats

import (
	"context"
	"os"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

func TestColumnsAreThoseOfGoroutinePage(t *testing.T) {
	all := goSummaries(t)
	compared := 0
	for _, f := range fixtures.All(t) {
		want := all[f.Name]
		if want.ByName == nil {
			continue
		}
		in, err := os.Open(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		s := New(nil, Options{})
		sum, err := convert.Run(context.Background(), in, convert.Options{AsGo: true}, s)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Version < "go 1.22" {
			continue // times of those differ from run to run
		}
		for _, fn := range s.Report().Functions {
			g := want.ByName[fn.Name]
			if g != nil && g.Count != fn.Count && want.ByName[""] != nil {
				continue // Go has no name for some goroutines
			}
			if g != nil {
				compareWithGo(t, f.Name+": "+fn.Name, &fn, g)
				compared++
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d functions were compared", compared)
	}
}

// compareWithGo compares a function with Go's page. They differ where Go's
// analysis is mistaken (see package convert's test of it): a goroutine that
// blocks for ever has not ended; initial waits have no reason, and switches of
// coroutines none either; and a system call under way at the start, or of a
// callback, is not all with its proc.
func compareWithGo(t *testing.T, name string, fn *Function, g *goTimes) {
	t.Helper()
	var forever, unreasoned int64
	for _, w := range fn.Waits {
		switch w.Reason {
		case "forever":
			forever += int64(w.Time)
		case convert.ReasonUnknown, convert.ReasonCoroutine, convert.ReasonUnspecified:
			unreasoned += int64(w.Time)
		default:
			if g.Block[w.Reason] != int64(w.Time) {
				t.Errorf("%s: waited for %s for %d ns, want %d", name, w.Reason, w.Time, g.Block[w.Reason])
			}
		}
	}
	for _, c := range []struct {
		column    string
		got, want int64
	}{
		{"count", fn.Count, g.Count},
		{"total", int64(fn.Total) - forever, g.Total},
		{"running", int64(fn.Running + fn.Assist), g.Exec},
		{"runnable", int64(fn.Runnable + fn.Stopped), g.Sched},
		{"syscalls", int64(fn.Syscall + fn.SyscallBlocked), g.Syscall + g.SyscallBlock},
		{"waiting for no reason", unreasoned, g.Block[""]},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s: %d, want %d", name, c.column, c.got, c.want)
		}
	}
	if fn.SyscallBlocked == 0 && g.SyscallBlock != 0 {
		t.Errorf("%s: blocked in syscalls: none, want %d", name, g.SyscallBlock)
	}
}
