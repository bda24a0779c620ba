package pprofout_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/pprofout"
)

// stacks are those of the stories.
const stacks = `
stack 1: main.worker main.go:20
stack 2: runtime.chanrecv1 chan.go:509 < main.worker main.go:21
stack 3: main.main main.go:10
stack 4: syscall.Read syscall_unix.go:180 < main.worker main.go:22
`

// convertStory returns the profile of a story.
func convertStory(t *testing.T, text string, o pprofout.Options) *profile.Profile {
	t.Helper()
	var out bytes.Buffer
	if err := sinktest.Story(t, stacks+text).Replay(pprofout.New(&out, o), 3); err != nil {
		t.Fatal(err)
	}
	return parse(t, &out)
}

// samplesOf returns the samples of p as text: values, and functions with their
// lines, leaf first.
func samplesOf(p *profile.Profile) string {
	var b strings.Builder
	for _, s := range p.Sample {
		fmt.Fprintf(&b, "%d × %dns", s.Value[0], s.Value[1])
		for _, l := range s.Location {
			fmt.Fprintf(&b, " %s:%d", l.Line[0].Function.Name, l.Line[0].Line)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A story's lives begin with these.
const (
	// created at 100, G1 runs from 150 on
	create = `
0 - sync id=1
100 G1 begin goroutine "main.worker" by=G9 bystack=3 stack=1
100 G1 begin runnable by=G9 bystack=3 stack=1
`
	run = `150 G1 end runnable
150 G1 begin running P0
`
)

func TestProfilesOfStories(t *testing.T) {
	for _, test := range []struct {
		name             string
		kind             pprofout.Kind
		story            string
		complete, compat string
	}{
		{
			"wait on a channel", pprofout.Sync, create + run + `
200 G1 end running
200 G1 begin waiting "chan receive" stack=2
450 G1 end waiting by=G9
450 G1 begin runnable stack=2 by=G9 bystack=3
460 G1 end runnable
460 G1 begin running P0`,
			"1 × 250ns runtime.chanrecv1:509 main.worker:21\n",
			"1 × 250ns runtime.chanrecv1:509 main.worker:21\n",
		},
		{
			"reasons of sync and of others", pprofout.Sync, create + run + `
200 G1 end running
200 G1 begin waiting "coroutine switch" stack=2
300 G1 end waiting
300 G1 begin waiting "network" stack=2
400 G1 end waiting
400 G1 begin waiting "sleep" stack=2
500 G1 end waiting
500 G1 begin waiting "select" stack=2
600 G1 end waiting
600 G1 begin waiting "sync.(*Cond).Wait" stack=2
700 G1 end waiting
700 G1 begin waiting "" stack=2
800 G1 end waiting
800 G1 begin running P0`,
			// By reason.
			"1 × 100ns runtime.chanrecv1:509 main.worker:21\n1 × 100ns runtime.chanrecv1:509 main.worker:21\n",
			"2 × 200ns runtime.chanrecv1:509 main.worker:21\n",
		},
		{
			"network", pprofout.Net, create + run + `
200 G1 end running
200 G1 begin waiting "network" stack=4
300 G1 end waiting
300 G1 begin waiting "chan receive" stack=2
400 G1 end waiting
400 G1 begin running P0`,
			"1 × 100ns syscall.Read:180 main.worker:22\n",
			"1 × 100ns syscall.Read:180 main.worker:22\n",
		},
		{
			"latency from creation on", pprofout.Sched, create + run + `
200 G1 end running
200 G1 begin runnable stack=2
207 G1 end runnable
207 G1 begin running P0`,
			// Nobody woke it after 200: its own stack.
			"1 × 7ns runtime.chanrecv1:509 main.worker:21\n1 × 50ns main.main:10\n",
			"1 × 7ns runtime.chanrecv1:509 main.worker:21\n",
		},
		{
			"latency of a goroutine that never ran", pprofout.Sched, create + `
130 G1 end runnable
130 G1 begin waiting "odd"
160 G1 end waiting
160 G1 begin runnable stack=2
190 G1 end runnable
190 G1 begin waiting "odd"`,
			"1 × 30ns runtime.chanrecv1:509 main.worker:21\n1 × 30ns main.main:10\n",
			"1 × 30ns runtime.chanrecv1:509 main.worker:21\n1 × 30ns main.main:10\n",
		},
		{
			"open at the end", pprofout.Sync, create + run + `
200 G1 end running
200 G1 begin waiting "chan send" stack=2
900 - metric "x" id=1`,
			"1 × 700ns runtime.chanrecv1:509 main.worker:21\n",
			"",
		},
		{
			"initial states", pprofout.Syscall, `
0 - sync id=1
0 G1 begin goroutine open-start
0 G1 begin call stack=4 M3 open-start
0 G1 begin syscall-blocked stack=4 M3 open-start
100 G1 end syscall-blocked
100 G1 end call
100 G1 begin waiting "sync"`,
			"1 × 100ns syscall.Read:180 main.worker:22\n",
			"1 × 100ns syscall.Read:180 main.worker:22\n",
		},
		{
			"initial states before their status", pprofout.Syscall, `
0 - sync id=1
0 G1 begin goroutine open-start
0 G1 begin call stack=4 M3 open-start unseen
0 G1 begin syscall-blocked stack=4 M3 open-start unseen
40 G1 end syscall-blocked
40 G1 end call
40 G1 begin call stack=4 M3 open-start
40 G1 begin syscall-blocked stack=4 M3 open-start prev=syscall-blocked
100 G1 end syscall-blocked
100 G1 end call
100 G1 begin waiting "sync"`,
			"2 × 100ns syscall.Read:180 main.worker:22\n",
			"1 × 60ns syscall.Read:180 main.worker:22\n",
		},
		{
			"initial wait", pprofout.Sync, `
0 - sync id=1
0 G1 begin goroutine open-start
0 G1 begin waiting stack=2 open-start
100 G1 end waiting
100 G1 begin running P0`,
			"", "",
		},
		{
			"syscall that loses its P", pprofout.Syscall, create + run + `
200 G1 end running
200 G1 begin call stack=4 P0 M3
200 G1 begin syscall stack=4 P0 M3
220 G1 end syscall
220 G1 begin syscall-blocked stack=4 M3
300 G1 end syscall-blocked
300 G1 end call id=20
300 G1 begin running P0`,
			// By state: one call.
			"1 × 20ns syscall.Read:180 main.worker:22\n0 × 80ns syscall.Read:180 main.worker:22\n",
			"1 × 100ns syscall.Read:180 main.worker:22\n",
		},
		{
			"no stack", pprofout.Sync, create + run + `
200 G1 end running
200 G1 begin waiting "select"
300 G1 end waiting
300 G1 begin running P0`,
			"1 × 100ns [no stack]:0\n",
			"1 × 100ns [no stack]:0\n",
		},
		{
			"no time", pprofout.Sync, create + run + `
200 G1 end running
200 G1 begin waiting "select" stack=2
200 G1 end waiting
200 G1 begin running P0`,
			"1 × 0ns runtime.chanrecv1:509 main.worker:21\n",
			"",
		},
		{
			"nothing", pprofout.Net, "", "", "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := samplesOf(convertStory(t, test.story, pprofout.Options{Kind: test.kind})); got != test.complete {
				t.Errorf("complete: got\n%swant\n%s", got, test.complete)
			}
			if got := samplesOf(convertStory(t, test.story, pprofout.Options{Kind: test.kind, Compat: true})); got != test.compat {
				t.Errorf("as Go's tool: got\n%swant\n%s", got, test.compat)
			}
		})
	}
}

// The syscalls of an extra M's goroutine, which comes again under its id.
const (
	callback1 = `
0 - sync id=1
100 G7 begin goroutine
100 G7 begin call stack=4 M3
100 G7 begin syscall-blocked stack=4 M3
110 G7 end syscall-blocked
110 G7 end call
110 G7 begin running P0
200 G7 end running
200 G7 begin call stack=2 M3
200 G7 begin syscall-blocked stack=2 M3
220 G7 end syscall-blocked
220 G7 end call
220 G7 end goroutine
`
	callback2 = `300 G7 begin goroutine
300 G7 begin call stack=4 M3
300 G7 begin syscall-blocked stack=4 M3
340 G7 end syscall-blocked
340 G7 end call
`
	runs = `340 G7 begin running P0
400 G7 end running
400 G7 begin call stack=3 M3
400 G7 begin syscall-blocked stack=3 M3
480 G7 end syscall-blocked
480 G7 end call
480 G7 end goroutine
`
	never = `340 G7 begin waiting "odd"
`
	broken = "loss \"broken trace\" broken\n"
	sync2  = "250 - sync id=2\n"
)

func TestCompatRules(t *testing.T) {
	for _, test := range []struct{ name, story, want string }{
		{
			"samples after the first run", callback1,
			"1 × 20ns runtime.chanrecv1:509 main.worker:21\n",
		},
		{
			"only the last life has a first run", callback1 + callback2 + runs,
			"1 × 80ns main.main:10\n",
		},
		{
			"the last life never runs", callback1 + callback2 + never,
			"1 × 20ns runtime.chanrecv1:509 main.worker:21\n2 × 50ns syscall.Read:180 main.worker:22\n",
		},
		{
			"broken off in the first generation", callback1 + broken,
			"",
		},
		{
			"broken off in the second generation", callback1 + sync2 + callback2 + never + broken,
			"1 × 10ns syscall.Read:180 main.worker:22\n1 × 20ns runtime.chanrecv1:509 main.worker:21\n",
		},
		{
			"first run in what is broken off", callback1 + sync2 + callback2 + runs + broken,
			"",
		},
		{
			"first run in the second generation", callback1 + sync2 + callback2 + runs,
			"1 × 80ns main.main:10\n",
		},
		{
			"loss between generations", callback1 + "loss \"trailing bytes\"",
			"1 × 20ns runtime.chanrecv1:509 main.worker:21\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := convertStory(t, test.story, pprofout.Options{Kind: pprofout.Syscall, Compat: true})
			// By stack, as ids of stacks are not in the order of first use here.
			got := strings.Split(strings.TrimSuffix(samplesOf(p), "\n"), "\n")
			want := strings.Split(strings.TrimSuffix(test.want, "\n"), "\n")
			if !sameLines(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), test.want)
			}
		})
	}
}

func sameLines(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, line := range a {
		if !strings.Contains("\n"+strings.Join(b, "\n")+"\n", "\n"+line+"\n") {
			return false
		}
	}
	return true
}

// TestCompatForgetsWhoIsGone keeps the memory of a long trace bounded: a
// goroutine that ended for good counts even if its id comes again.
func TestCompatForgetsWhoIsGone(t *testing.T) {
	const life = create + run + `
200 G1 end running
200 G1 begin waiting "select" stack=2
300 G1 end waiting
300 G1 begin running P0
400 G1 end running
400 G1 end goroutine
`
	again := strings.NewReplacer("\n1", "\n11", "\n2", "\n12", "\n3", "\n13", "\n4", "\n14").Replace(
		strings.TrimPrefix(life, "\n0 - sync id=1"))
	p := convertStory(t, life+again, pprofout.Options{Kind: pprofout.Sync, Compat: true})
	if got, want := samplesOf(p), "2 × 200ns runtime.chanrecv1:509 main.worker:21\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestRepairedIntervalsAreNotCounted: what damage ended was not measured.
func TestRepairedIntervalsAreNotCounted(t *testing.T) {
	story := create + run + `
200 G1 end running
200 G1 begin waiting "chan receive" stack=2
300 G1 end waiting "chan receive" stack=2 by=G9 bystack=3%s
300 G1 begin runnable by=G9 bystack=3 stack=2
400 G1 end runnable by=G9 bystack=3 stack=2
400 G1 begin running P0
500 G1 end running
500 G1 end goroutine
`
	for flag, want := range map[string]int64{"": 100, " repaired": 0} {
		p := convertStory(t, fmt.Sprintf(story, flag), pprofout.Options{Kind: pprofout.Sync})
		if _, delay := total(p); delay != want {
			t.Errorf("%q: %d ns counted, want %d:\n%s", flag, delay, want, samplesOf(p))
		}
	}
}
