package sinktest_test

import (
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

func TestCheckerFindsWhatIsWrong(t *testing.T) {
	const life = "0 G1 begin goroutine\n0 G1 begin running\n"
	for _, test := range []struct{ name, story, want string }{
		{"gap between states", life + "10 G1 end running\n11 G1 begin waiting prev=running", "does not follow on"},
		{"overlapping states", life + "10 G1 begin waiting prev=running", "begins twice"},
		{"wrong previous state", life + "10 G1 end running\n10 G1 begin waiting prev=syscall", "comes after running"},
		{"life longer than its states", life + "10 G1 end running\n20 G1 end goroutine", "its states end at 10"},
		{"life without states", "0 G1 begin goroutine\n5 G1 end goroutine", "had no state"},
		{"state outside of a life", "0 G1 begin running", "outside"},
		{"time goes back", "9 - gc\n5 - gc", "comes after a record at 9"},
		{"before the trace", "trace start=7\n7 - sync id=1\n5 G1 begin assist open-start", "before the trace's start"},
		{"end alone", "5 G1 end assist start=3 open-start", "never began"},
		{"end alone, not open", "5 G1 end region start=3", "does not say so"},
		{"end that does not repeat", "5 G1 begin assist\n6 G1 end assist start=4", "does not repeat"},
		{"stack not defined", "5 G1 log stack=1", "stack 1 is not defined"},
		{"open end at a begin", "5 G1 begin assist open-end", "only ends are open ends"},
		{"waker of a wait that goes on", "5 G1 begin goroutine\n5 G1 begin waiting\n9 G1 end waiting by=G2 open-end", "open, but told"},
		{"ender of a task that goes on", "5 - begin task id=1\n6 - end task id=1 by=G1 open-end", "open, but told"},
		{"exit of a goroutine that goes on", "5 G1 begin region\n6 G1 end region exited open-end", "open, but told"},
		{"label of a dead goroutine", "5 G1 label \"x\"", "does not live"},
		{"a goroutine that wakes itself", "5 G1 begin goroutine\n5 G1 begin waiting\n9 G1 end waiting by=G1", "woken by itself"},
		{"exited task", "5 - begin task id=1\n6 - end task id=1 exited", "only ends of regions"},
		{"date that jumps", "5 - sync id=1 clock=5/0/100\n9 - sync id=2 clock=9/0/105", "the date jumps from 104 to 105"},
		{"clock too fast", "5 - sync id=1 clock=5/10000001/100", "a clock gains 10000001 ns a second"},
		{"sync out of number", "5 - sync id=2", "should be sync 1"},
		{"call longer than its states", life + "5 G1 end running\n5 G1 begin call P0\n5 G1 begin syscall prev=running P0\n" +
			"9 G1 end syscall\n9 G1 end call id=3\n9 G1 begin running prev=syscall", "its syscall states last"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := sinktest.Story(t, test.story).Replay(new(sinktest.Checker), 1)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %v", test.want, err)
			}
		})
	}
}

func TestCheckerFindsIntervalWithoutEnd(t *testing.T) {
	rec := sinktest.Story(t, "5 G1 begin assist\n9 - gc")
	rec.Records = rec.Records[:len(rec.Records)-1]
	if err := rec.Replay(new(sinktest.Checker), 1); err == nil || !strings.Contains(err.Error(), "never ends") {
		t.Errorf("got %v", err)
	}
}

func TestCheckerFindsStackDefinedTwice(t *testing.T) {
	rec := sinktest.Everything(t)
	rec.Stacks[3].ID = 3
	if err := rec.Replay(new(sinktest.Checker), 1); err == nil || !strings.Contains(err.Error(), "stack 3 defined after 3") {
		t.Errorf("got %v", err)
	}
}

// TestPrefixesKeepInvariants shows that Prefix is a fair model of a trace that
// breaks off.
func TestPrefixesKeepInvariants(t *testing.T) {
	rec := sinktest.Everything(t)
	for n := 1; n <= len(rec.Records); n++ {
		p := rec.Prefix(n)
		if err := p.Replay(new(sinktest.Checker), 5); err != nil {
			t.Errorf("after %d records: %v", n, err)
		}
	}
}

func TestTracesKeepInvariants(t *testing.T) {
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) {
			var sums sinktest.Sums
			s := fixtures.Run(t, f, new(sinktest.Checker), &sums)
			if s.Loss != nil && !strings.Contains(f.Name, "sigkill") {
				t.Errorf("loss: %v", s.Loss.Err)
			}
			if sums.Kinds[convert.KindSync].Count == 0 {
				t.Error("no sync")
			}
		})
	}
}
