package gotrace_test

import (
	"bytes"
	"testing"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// Statuses of goroutines on the wire.
const (
	wireRunning = 2
	wireSyscall = 3
	wireWaiting = 4
)

// TestBrokenRules reads events that break a rule, or several. Strict reading
// ends there; else each is told once all that it presupposes has been made good,
// and counts as one that was repaired.
func TestBrokenRules(t *testing.T) {
	type events = [][]byte // of threads 1, 2, …
	status := func(g, m, status uint64) []byte {
		return forge.Event[gotrace.Type](nil, gotrace.EvGoStatus, 1, g, m, status)
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, test := range []struct {
		name        string
		generations []events
		last        gotrace.Event // what it is about
	}{
		{
			"a start of an unknown goroutine, on a thread without a proc that runs another",
			[]events{{join(status(1, 1, wireRunning), forge.Event(nil, gotrace.EvGoStart, 1, 2, 1))}},
			gotrace.Event{M: 1, ID: 2, From: gotrace.Runnable, To: gotrace.Running},
		},
		{
			"a status of a goroutine in a system call, on a thread that runs another",
			[]events{
				{status(1, 1, wireRunning), status(5, 2, wireSyscall)},
				{status(5, 1, wireSyscall)},
			},
			gotrace.Event{M: 1, ID: 5, From: gotrace.Syscall, To: gotrace.Syscall},
		},
		{
			"a status of a goroutine in a system call, on another thread that runs another",
			[]events{
				{status(5, 3, wireSyscall), status(6, 2, wireRunning)},
				{status(5, 2, wireSyscall)},
			},
			gotrace.Event{M: 2, ID: 5, From: gotrace.Syscall, To: gotrace.Syscall},
		},
		{
			"a status of another state, on a thread that runs another",
			[]events{
				{join(status(1, 1, wireRunning), status(5, 2, wireWaiting))},
				{status(5, 1, wireSyscall)},
			},
			gotrace.Event{M: 1, ID: 5, From: gotrace.Waiting, To: gotrace.Syscall},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			for i, threads := range test.generations {
				gen := uint64(i + 1)
				f.Sync(gen)
				for m, data := range threads {
					f.Batch(gen, uint64(m+1), gen*100, data)
				}
				f.End()
			}
			if _, _, err := emitted(t, f.Bytes(), gotrace.Options{Strict: true}); err == nil {
				t.Error("read strictly all the same")
			}
			events, report := readAll(t, f.Bytes())
			if report.Repaired != 1 || report.Dropped != 0 {
				t.Errorf("%d repaired and %d dropped, want 1 and none", report.Repaired, report.Dropped)
			}
			last := events[len(events)-1]
			if got := (gotrace.Event{M: last.M, ID: last.ID, From: last.From, To: last.To}); got != test.last {
				t.Errorf("the last event is %+v, want %+v", got, test.last)
			}
		})
	}
}

// TestNoFrequency reads a trace whose clock has no frequency: times are in the
// ticks of a runtime that takes them from nanotime.
func TestNoFrequency(t *testing.T) {
	f := forge.New()
	f.Batch(1, ^uint64(0), 10, []byte{50, 8, 0, 51, 1, 1, 1, 1})
	f.Batch(1, 1, 10, forge.Event(nil, gotrace.EvProcStatus, 5, 0, 1))
	f.End()
	events, _ := readAll(t, f.Bytes())
	if len(events) != 1 || events[0].Time != 15*64 {
		t.Errorf("%+v, want one event, at %d", events, 15*64)
	}
}

// readAll reads a trace to its end, and returns its events without the Syncs.
func readAll(t *testing.T, data []byte) (events []gotrace.Event, report gotrace.Report) {
	t.Helper()
	r, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		some, err := r.Next()
		if err != nil {
			return events, r.Report()
		}
		for _, e := range some {
			if e.Type != gotrace.EvSync {
				events = append(events, e)
			}
		}
	}
}

// TestStealFromTheThreadThatItNames has two threads with one proc, which no rule
// forbids. A steal takes the proc from the thread that it names, not from the one
// that was last seen with it.
func TestStealFromTheThreadThatItNames(t *testing.T) {
	const running = 1 // of a proc
	f := forge.New()
	f.Sync(1)
	one := forge.Event[gotrace.Type](nil, gotrace.EvProcStatus, 1, 0, running)
	one = forge.Event(one, gotrace.EvGoStatus, 1, 5, 1, wireRunning)
	one = forge.Event(one, gotrace.EvGoSyscallBegin, 8, 1, 0)
	one = forge.Event(one, gotrace.EvHeapAlloc, 20, 4096) // still on P0
	f.Batch(1, 1, 10, one)
	f.Batch(1, 2, 10, forge.Event[gotrace.Type](nil, gotrace.EvProcStatus, 2, 0, running))
	three := forge.Event[gotrace.Type](nil, gotrace.EvProcStatus, 1, 1, running)
	three = forge.Event(three, gotrace.EvProcSteal, 10, 0, 2, 2)
	f.Batch(1, 3, 10, three)
	f.End()
	compare(t, f.Bytes())
	events, report := readAll(t, f.Bytes())
	if last := events[len(events)-1]; !report.Clean() || last.Type != gotrace.EvHeapAlloc || last.P != 0 {
		t.Errorf("the last event is %+v; %+v", last, report)
	}
}
