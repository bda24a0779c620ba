package stats

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert/sinktest"
)

// A story is records as text, what is asked of the report, and the answer, all
// in nanoseconds.
type story struct {
	name, text string
	goroutines string // Options.Goroutine
	ask        func(r *Report) string
	want       string
}

var stories = []story{
	{
		name: "each nanosecond of a function counts once",
		text: `
trace end=100
0 G1 begin goroutine "main.main"
0 G1 begin running P0
10 G1 begin assist
15 G1 end assist
20 G1 end running
20 G1 begin call P0 M1
20 G1 begin syscall P0 M1
26 G1 end syscall
26 G1 begin syscall-blocked M1
30 G1 end syscall-blocked
30 G1 end call id=6
30 G1 begin runnable
32 G2 begin goroutine "runtime.bg"
32 G2 begin running P1
33 G2 begin stw "read mem stats" P1
36 G2 end stw
39 G1 end runnable
39 G1 begin running P0
40 G1 end running
40 G1 begin waiting "sleep"
60 G1 end waiting
60 G1 begin runnable
61 G1 end runnable
61 G1 begin running P0
70 G1 end running
70 G1 end goroutine
70 G2 end running
70 G2 end goroutine
`,
		ask: func(r *Report) (s string) {
			for _, f := range r.Functions {
				s += fmt.Sprintf("%s %d/%d/%d: total=%d running=%d assist=%d runnable=%d stopped=%d syscall=%d blocked=%d waiting=%d latency=%s\n",
					f.Name, f.Count, f.Created, f.Exited, f.Total, f.Running, f.Assist, f.Runnable, f.Stopped, f.Syscall, f.SyscallBlocked, f.Waiting, spreadText(&f.Latency))
				for _, w := range f.Waits {
					s += fmt.Sprintf("  %s %d %s\n", w.Reason, w.Time, spreadText(w.Each))
				}
			}
			return s + fmt.Sprintf("but the runtime's: %d\n", r.Totals.Total)
		},
		want: `
main.main 1/1/1: total=70 running=25 assist=5 runnable=7 stopped=3 syscall=6 blocked=4 waiting=20 latency=2 of 10, max 9 by G1 @30
  sleep 20 1 of 20, max 20 by G1 @40
runtime.bg 1/1/1: total=38 running=38 assist=0 runnable=0 stopped=0 syscall=0 blocked=0 waiting=0 latency=0 of 0, max 0
but the runtime's: 70
`,
	},
	{
		name: "what the edges of the trace cut is in sums, not in spreads",
		text: `
trace end=100
0 G1 begin goroutine "main.f" open-start
0 G1 begin waiting open-start
50 G1 end waiting
50 G1 begin runnable
60 G1 end runnable
60 G1 begin running P0
61 G1 end running
61 G1 begin waiting "select"
70 G1 end waiting
70 G1 begin runnable
72 G1 end runnable
72 G1 begin running P0
73 G1 end running
73 G1 begin waiting "select"
`,
		ask: func(r *Report) string {
			f := r.Functions[0]
			s := fmt.Sprintf("%d/%d/%d waiting %d\n", f.Count, f.Created, f.Exited, f.Waiting)
			for _, w := range f.Waits {
				s += fmt.Sprintf("%s %d: %s\n", w.Reason, w.Time, spreadText(w.Each))
			}
			return s
		},
		want: `
1/0/0 waiting 86
unknown (waiting since start) 50: 0 of 0, max 0, 1 cut
select 36: 1 of 9, max 9 by G1 @61, 1 cut
`,
	},
	{
		name: "what was repaired is in sums, not in spreads",
		text: `
trace end=100
0 G1 begin goroutine "main.f"
0 G1 begin waiting "sleep"
50 G1 end waiting repaired
50 G1 begin runnable
60 G1 end runnable
60 G1 begin running P0
`,
		ask: func(r *Report) string {
			w := r.Functions[0].Waits[0]
			return fmt.Sprintf("%s %d: %s\n%d repaired\n%s\n", w.Reason, w.Time, spreadText(w.Each), r.Trace.Repaired, strings.Join(r.Warnings, "\n"))
		},
		want: `
sleep 50: 0 of 0, max 0
1 repaired
1 states were guessed: they are in sums, but in no percentile or maximum
`,
	},
	{
		name: "the queue, and procs that idle beside it",
		text: `
trace end=100
0 - metric "/sched/gomaxprocs:threads" id=2
0 P0 begin running M1
0 P1 begin idle
0 G1 begin goroutine "main.a"
0 G1 begin running P0
10 G2 begin goroutine "main.b"
10 G2 begin runnable
20 G3 begin goroutine "main.b"
20 G3 begin runnable
30 P1 end idle
30 P1 begin running M2
30 G2 end runnable
30 G2 begin running P1
50 G3 end runnable
50 G3 begin running P0
50 G1 end running
50 G1 begin waiting "sleep"
60 G4 begin goroutine "main.b"
60 G4 begin runnable
70 P1 end running
70 P1 begin idle
70 G2 end running
70 G2 begin waiting "sleep"
75 P1 end idle
75 P1 begin running M2
75 G4 end runnable
75 G4 begin running P1
`,
		ask: func(r *Report) string {
			s := r.Scheduler
			return fmt.Sprintf("procs %d used %.3f; queue mean %.2f max %d @%d; wasted %d, at longest %d @%d\n%v\n%v\n", s.Procs, s.Utilization,
				s.QueueMean, s.QueueMax, s.QueueMaxAt, s.Wasted, s.WastedMax, s.WastedMaxAt, s.Histogram, s.Proc)
		},
		// Runnable: G2 20, G3 30, G4 15. Running procs: 100 + 65.
		want: `
procs 2 used 0.825; queue mean 0.65 max 2 @20; wasted 25, at longest 20 @10
[{8ns 1} {16ns 2}]
[{0 100ns 0s 1} {1 65ns 35ns 2}]
`,
	},
	{
		name: "nothing is wasted while the world is stopped",
		text: `
trace end=100
0 - metric "/sched/gomaxprocs:threads" id=1
0 P0 begin idle
0 G1 begin goroutine "main.a"
0 G1 begin runnable
10 G2 begin stw "GC mark termination" P0
40 G2 end stw
50 P0 end idle
50 P0 begin running M1
50 G1 end runnable
50 G1 begin running P0
`,
		ask: func(r *Report) string {
			return fmt.Sprintf("wasted %d, at longest %d @%d\n", r.Scheduler.Wasted, r.Scheduler.WastedMax, r.Scheduler.WastedMaxAt)
		},
		want: `
wasted 20, at longest 10 @0
`,
	},
	{
		name: "cycles, stops, workers",
		text: `
trace end=3000
0 - metric "/sched/gomaxprocs:threads" id=2
0 - metric "/memory/classes/heap/objects:bytes" id=1000
0 - metric "/gc/heap/goal:bytes" id=4000
0 G1 begin goroutine "main.main"
0 G1 begin running P0
100 - begin gc id=1
100 G1 begin stw "GC sweep termination" P0
110 G1 end stw id=4 stopped
110 - begin mark id=1
120 G2 begin goroutine "runtime.gcBgMarkWorker"
120 G2 begin running P1
120 G2 label "GC (dedicated)"
150 G1 begin assist
170 G1 end assist
320 G2 end running
320 G2 begin waiting "system goroutine wait"
330 G2 end waiting
330 G2 begin running P1
330 G2 label "GC (idle)"
340 G2 end running
340 G2 begin waiting "system goroutine wait"
380 - end mark id=1
380 G1 begin stw "GC mark termination" P0
390 - metric "/memory/classes/heap/objects:bytes" id=700
390 - metric "/gc/heap/goal:bytes" id=1400
400 G1 end stw id=5 stopped
400 - end gc id=1
410 P0 begin sweep
415 P0 end sweep id=64 parent=32
500 G1 begin stw "read mem stats" P0
520 G1 end stw
`,
		ask: func(r *Report) (s string) {
			g := r.GC
			s = fmt.Sprintf("%v\n%v\nassist %d workers %d idle %d sweep %d, %d swept %d reclaimed; heap at most %d\n", g.Cycles, g.Stops,
				g.Assist, g.Workers, g.IdleMark, g.Sweep, g.Swept, g.Reclaimed, g.HeapMax)
			for _, b := range g.ByReason {
				s += fmt.Sprintf("%s: %s, stopping %d\n", b.Reason, spreadText(&b.Each), b.Stopping)
			}
			// Of 3000: stopped 50, 30 of it for the GC; of one proc in two,
			// worker 200 and assist 20.
			m := g.MMU[len(g.MMU)-1]
			return s + fmt.Sprintf("over all %.0f and %.0f of 3000, short: %v\n", 3000*m.All, 3000*m.GC, m.Short)
		},
		want: `
[{1 100ns 300ns 270ns 1000 700 1400 false}]
[{GC sweep termination 1 100ns 10ns 4ns true false} {GC mark termination 1 380ns 20ns 5ns true false} {read mem stats 1 500ns 20ns 0s false false}]
assist 20 workers 200 idle 10 sweep 5, 64 swept 32 reclaimed; heap at most 1000
GC sweep termination: 1 of 10, max 10 by G1 @100, stopping 4
GC mark termination: 1 of 20, max 20 by G1 @380, stopping 5
read mem stats: 1 of 20, max 20 by G1 @500, stopping 0
over all 2840 and 2860 of 3000, short: true
`,
	},
	{
		name: "the worst of equally long waits is the earliest, whatever the functions are called",
		text: `
0 G1 begin goroutine "main.first"
0 G1 begin waiting "sleep"
0 G2 begin goroutine "main.second"
0 G2 begin running P0
10 G2 end running
10 G2 begin runnable
30 G2 end runnable
30 G2 begin running P0
40 G1 end waiting
40 G1 begin runnable
60 G1 end runnable
60 G1 begin running P1
`,
		ask: func(r *Report) string {
			return spreadText(&r.Scheduler.Latency) + "\n" + spreadText(&r.Totals.Latency) + "\n"
		},
		want: `
2 of 40, max 20 by G2 @10
2 of 40, max 20 by G2 @10
`,
	},
	{
		name: "goroutines that are listed share nothing with those that come after them",
		text: `
0 G1 begin goroutine "main.main"
0 G1 begin running P0
10 G2 begin goroutine "main.a" by=G1
10 G2 begin waiting "sleep"
20 G2 end waiting by=G1
20 G2 begin running P1
30 G2 end running
30 G2 end goroutine
40 G3 begin goroutine "main.b" by=G1
40 G3 begin waiting "select"
45 G3 end waiting by=G1
45 G3 begin running P1
50 G3 end running
50 G3 end goroutine
50 G1 end running
50 G1 end goroutine
`,
		goroutines: "main",
		ask: func(r *Report) (s string) {
			for _, g := range r.Goroutines {
				s += fmt.Sprintf("G%d %s: running %d waits %v woken by %v woke %v\n", g.ID, g.Function, g.Running, g.Waits, g.WokenBy, g.Woke)
			}
			return s
		},
		want: `
G1 main.main: running 50 waits [] woken by [] woke [{2 main.a 1} {3 main.b 1}]
G2 main.a: running 10 waits [{sleep 10ns <nil>}] woken by [{1 main.main 1}] woke []
G3 main.b: running 5 waits [{select 5ns <nil>}] woken by [{1 main.main 1}] woke []
`,
	},
	{
		name: "tasks and regions say where the time went",
		text: `
trace end=100
0 G1 begin goroutine "main.main"
0 G1 begin running P0
0 G2 begin goroutine "main.helper"
0 G2 begin running P1
5 G1 end region "before" start=0 open-start
10 G1 begin task "request" id=7
10 G1 begin region "parse" parent=7
20 G1 end running
20 G1 begin waiting "chan receive"
20 G2 begin region "help" parent=7
22 G2 begin region "inner" parent=7
30 G2 end region
35 G2 end region
40 G1 end waiting
40 G1 begin running P0
50 G1 end region
60 G1 end task id=7 by=G1
70 G1 begin task "request" id=8
75 G2 end task id=8 by=G2
80 G1 begin task "request" id=9
`,
		ask: func(r *Report) (s string) {
			for _, sc := range append(r.Tasks, r.Regions...) {
				s += fmt.Sprintf("%s %s: running %d waiting %d, %d incomplete\n", sc.Type, spreadText(&sc.Each), sc.Running, sc.Waiting, sc.Incomplete)
			}
			return s
		},
		// Task 7: 30 of G1 running, 20 waiting, 15 of G2; task 8 ended
		// elsewhere; task 9 has 20 of G1 up to the end.
		want: `
request 2 of 55, max 50 by task 7 of G1 @10, 1 cut: running 65 waiting 20, 1 incomplete
parse 1 of 40, max 40 by G1 @10: running 20 waiting 20, 0 incomplete
help 1 of 15, max 15 by G2 @20: running 15 waiting 0, 0 incomplete
inner 1 of 8, max 8 by G2 @22: running 8 waiting 0, 0 incomplete
before 0 of 0, max 0, 1 cut: running 5 waiting 0, 1 incomplete
`,
	},
	{
		name: "places are stacks; the runtime's own come last",
		text: `
stack 1: runtime.gopark proc.go:1 < main.f main.go:5
stack 2: net.Read net.go:9 < main.f main.go:6
stack 3: runtime.gopark proc.go:1 < runtime.bgsweep mgcsweep.go:3
trace end=100
0 G1 begin goroutine "main.f"
0 G1 begin waiting "sleep" stack=1
10 G1 end waiting
10 G1 begin waiting "network" stack=2
12 G1 end waiting
12 G1 begin waiting "select" stack=1
15 G1 end waiting
15 G1 begin call stack=2 P0 M1
15 G1 begin syscall stack=2 P0 M1
18 G1 end syscall
18 G1 begin syscall-blocked stack=2 M1
20 G1 end syscall-blocked
20 G1 end call id=3
20 G1 begin runnable
0 G2 begin goroutine "runtime.bgsweep"
0 G2 begin waiting "GC sweep wait" stack=3
`,
		ask: func(r *Report) (s string) {
			for _, ps := range []Places{r.Waits, r.Network, r.Syscalls} {
				for _, p := range ps.Top {
					s += fmt.Sprintf("%q %s (%s of %d) %d/%d %s system=%v\n", p.Reason, p.name(), p.Stack[len(p.Stack)-1].Func, len(p.Stack), p.Time, p.Kept, spreadText(&p.Each), p.System)
				}
			}
			return s
		},
		want: `
"sleep" main.f:5 (main.f of 2) 10/0 1 of 10, max 10 by G1 @0 system=false
"select" main.f:5 (main.f of 2) 3/0 1 of 3, max 3 by G1 @12 system=false
"GC sweep wait" runtime.gopark:1 (runtime.bgsweep of 2) 100/0 0 of 0, max 0, 1 cut system=true
"network" main.f:6 (main.f of 2) 2/0 1 of 2, max 2 by G1 @10 system=false
"" main.f:6 (main.f of 2) 5/3 1 of 5, max 5 by G1 @15 system=false
`,
	},
	{
		name:       "single goroutines, and who had to do with them",
		goroutines: "worker",
		text: `
stack 1: main.main main.go:7
trace end=100
0 G1 begin goroutine "main.main"
0 G1 begin running P0
5 G2 begin goroutine "main.worker" by=G1 bystack=1
5 G2 begin runnable by=G1
8 G2 end runnable
8 G2 begin running P1
10 G2 end running
10 G2 begin waiting "sleep"
20 G2 end waiting
20 G2 begin runnable
21 G2 end runnable
21 G2 begin running P1
22 G2 end running
22 G2 begin waiting "chan receive"
30 G2 end waiting by=G1
30 G2 begin runnable by=G1
31 G1 end running
31 G1 begin waiting "sync"
32 G2 end runnable
32 G2 begin running P1
33 G1 end waiting by=G2
33 G1 begin runnable by=G2
40 G2 end running
40 G2 end goroutine
`,
		ask: func(r *Report) (s string) {
			for _, g := range r.Goroutines {
				s += fmt.Sprintf("G%d %s @%d began=%v ended=%v creator %v at %v\nwoken by %v and %d times by none, woke %v; running %d\n",
					g.ID, g.Function, g.Start, g.Began, g.Ended, *g.Creator, g.CreatedAt, g.WokenBy, g.Poller, g.Woke, g.Running)
			}
			return s
		},
		want: `
G2 main.worker @5 began=true ended=true creator {1 main.main 1} at [{main.main main.go 7}]
woken by [{1 main.main 1}] and 1 times by none, woke [{1 main.main 1}]; running 11
`,
	},
	{
		name: "over time",
		text: `
trace end=4000
0 - metric "/sched/gomaxprocs:threads" id=1
0 P0 begin running M1
0 G1 begin goroutine "main.main"
0 G1 begin running P0
1000 - metric "/memory/classes/heap/objects:bytes" id=50
1500 - metric "/memory/classes/heap/objects:bytes" id=40
1500 G1 end running
1500 G1 begin runnable
3000 G1 end runnable
3000 G1 begin waiting "sleep"
`,
		ask: func(r *Report) string {
			tl := r.Timeline
			return fmt.Sprintf("step %d running %v runnable %v %v waiting %v procs %v of %v heap %v\n", tl.Step,
				tl.Running, tl.Runnable, tl.Most, tl.Waiting, tl.Procs, tl.MaxProcs, tl.Heap)
		},
		want: `
step 1000 running [1 0.5 0 0] runnable [0 0.5 1 0] [0 1 1 0] waiting [0 0 0 1] procs [1 1 1 1] of [1 1 1 1] heap [50 50 40 40]
`,
	},
}

func spreadText(s *Spread) string {
	text := fmt.Sprintf("%d of %d, max %d", s.Count, s.Sum, s.Max)
	if w := s.Worst; w != nil {
		text += " by "
		if w.Task != 0 {
			text += fmt.Sprintf("task %d of ", w.Task)
		}
		text += fmt.Sprintf("G%d @%d", w.Goroutine, w.Start)
	}
	if s.Cut > 0 {
		text += fmt.Sprintf(", %d cut", s.Cut)
	}
	return text
}

func TestStories(t *testing.T) {
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			o := Options{}
			if st.goroutines != "" {
				o.Goroutine = regexp.MustCompile(st.goroutines)
			}
			for _, size := range []int{1, 1000} {
				s := New(nil, o)
				if err := sinktest.Story(t, strings.TrimSpace(st.text)).Replay(s, size); err != nil {
					t.Fatal(err)
				}
				if got, want := st.ask(s.Report()), st.want[1:]; got != want {
					t.Fatalf("got:\n%swant:\n%s", got, want)
				}
			}
		})
	}
}

// TestDeepNesting wraps the regions of a task in very many others, in none and
// in other tasks: the task has the time of its outermost regions all the same.
func TestDeepNesting(t *testing.T) {
	const depth = 128
	var text strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	say("trace end=100")
	for g, name := range []string{"main.main", "main.helper"} {
		say("0 G%d begin goroutine %q", g+1, name)
		say("0 G%d begin running P%d", g+1, g)
	}
	say(`10 G1 begin task "request" id=7`)
	for i := range depth {
		say(`15 G2 begin region "around" parent=%d`, 100+i%3)
	}
	say(`20 G2 begin region "help" parent=7`)
	say(`22 G2 begin region "inner" parent=7`)
	say("30 G2 end region")
	say("35 G2 end region")
	for range depth {
		say("40 G2 end region")
	}
	say("60 G1 end task id=7 by=G1")
	s := New(nil, Options{})
	if err := sinktest.Story(t, strings.TrimSpace(text.String())).Replay(s, 1000); err != nil {
		t.Fatal(err)
	}
	for _, sc := range s.Report().Tasks {
		if want := 50 + 15; sc.Type == "request" && int(sc.Running) != want {
			t.Errorf("request: running %d, want %d", sc.Running, want)
		}
	}
}
