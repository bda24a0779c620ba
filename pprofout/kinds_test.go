package pprofout_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/pprofout"
)

// labelled returns the samples of p as text, with their labels, sorted.
func labelled(p *profile.Profile) string {
	var lines []string
	for _, s := range p.Sample {
		var b strings.Builder
		fmt.Fprintf(&b, "%d × %dns", s.Value[0], s.Value[1])
		for _, l := range s.Location {
			fmt.Fprintf(&b, " %s:%d", l.Line[0].Function.Name, l.Line[0].Line)
		}
		for _, key := range []string{"goroutine_func", "state", "reason", "task", "region", "open"} {
			if v := s.Label[key]; v != nil {
				fmt.Fprintf(&b, " %s=%s", strings.TrimPrefix(key, "goroutine_"), strings.Join(v, "+"))
			}
		}
		lines = append(lines, b.String())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func match(expr string) *regexp.Regexp { return regexp.MustCompile(expr) }

// A worker waits in a region of a task, runs on for as long as nobody stops it,
// and exits. Its times are 50 runnable, 50 running, 200 waiting, 10 runnable,
// 140 running.
const worker = create + run + `
160 G1 begin task "request" id=7 stack=1
170 G1 begin region "db" parent=7 stack=1
200 G1 end running endstack=2
200 G1 begin waiting "chan receive" stack=2
400 G1 end waiting by=G9 bystack=3
400 G1 begin runnable stack=2 by=G9 bystack=3
410 G1 end runnable
410 G1 begin running P0 stack=2
430 G1 sample stack=4 P0
450 G1 end region endstack=1
460 - end task id=7 by=G9 bystack=3
500 - metric "x" id=1
550 G1 end running
550 G1 end goroutine
`

func TestKindsOfStories(t *testing.T) {
	for _, test := range []struct {
		name  string
		story string
		o     pprofout.Options
		want  string
	}{
		{
			"waits of every reason", create + run + `
200 G1 end running
200 G1 begin waiting "sleep" stack=2
300 G1 end waiting
300 G1 begin waiting "" stack=2
330 G1 end waiting
330 G1 begin waiting "coroutine switch" stack=1
340 G1 end waiting
340 G1 begin running P0`,
			pprofout.Options{Kind: pprofout.Wait},
			`1 × 100ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=waiting reason=sleep
1 × 10ns main.worker:20 func=main.worker state=waiting reason=coroutine switch
1 × 30ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=waiting reason=unspecified`,
		},
		{
			"initial waits", `
0 - sync id=1
0 G1 begin goroutine open-start
0 G1 begin waiting stack=2 open-start
100 G1 end waiting
100 G1 begin waiting "select" stack=2
150 - metric "x" id=1`,
			pprofout.Options{Kind: pprofout.Wait},
			`1 × 100ns runtime.chanrecv1:509 main.worker:21 state=waiting reason=unknown (waiting since start) open=start
1 × 50ns runtime.chanrecv1:509 main.worker:21 state=waiting reason=select open=end`,
		},
		{
			"what the whole trace lasts", `
0 - sync id=1
0 G1 begin goroutine "main.main" open-start
0 G1 begin waiting stack=2 open-start
100 - metric "x" id=1`,
			pprofout.Options{Kind: pprofout.Wall},
			`1 × 100ns runtime.chanrecv1:509 main.worker:21 func=main.main state=waiting reason=unknown (waiting since start) open=start+end`,
		},
		{
			// Where the goroutine was seen: beginning a task and a region, stopping, sampled,
			// leaving the region, and, when the trace has no more, exiting.
			"run", worker, pprofout.Options{Kind: pprofout.Run},
			`0 × 20ns main.worker:20 func=main.worker state=running task=request
0 × 20ns main.worker:20 func=main.worker state=running task=request region=db
0 × 20ns syscall.Read:180 main.worker:22 func=main.worker state=running task=request region=db
1 × 100ns main.worker:20 func=main.worker state=running
1 × 30ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=running task=request region=db`,
		},
		{
			"wall", worker, pprofout.Options{Kind: pprofout.Wall},
			`0 × 20ns main.worker:20 func=main.worker state=running task=request
0 × 20ns main.worker:20 func=main.worker state=running task=request region=db
0 × 20ns syscall.Read:180 main.worker:22 func=main.worker state=running task=request region=db
1 × 100ns main.worker:20 func=main.worker state=running
1 × 10ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=runnable task=request region=db
1 × 200ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=waiting reason=chan receive task=request region=db
1 × 30ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=running task=request region=db
1 × 50ns main.worker:20 func=main.worker state=runnable`,
		},
		{
			"wall in a region", worker, pprofout.Options{Kind: pprofout.Wall, Region: match("^d")},
			`0 × 20ns syscall.Read:180 main.worker:22 func=main.worker state=running task=request region=db
1 × 10ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=runnable task=request region=db
1 × 200ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=waiting reason=chan receive task=request region=db
1 × 20ns main.worker:20 func=main.worker state=running task=request region=db
1 × 30ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=running task=request region=db`,
		},
		{
			"wait in other regions", worker, pprofout.Options{Kind: pprofout.Wait, Region: match("^x")}, "",
		},
		{
			"wait of others", worker, pprofout.Options{Kind: pprofout.Wait, Goroutine: match("main$")}, "",
		},
		{
			"create", worker + `
560 G1 begin goroutine "main.late" by=G9 bystack=3
560 G1 begin runnable
660 - metric "x" id=1`,
			pprofout.Options{Kind: pprofout.Create},
			`0 × 20ns main.main:10 func=main.worker task=request
0 × 280ns main.main:10 func=main.worker task=request region=db
1 × 100ns main.main:10 func=main.late open=end
1 × 150ns main.main:10 func=main.worker`,
		},
		{
			"sched by waker", worker, pprofout.Options{Kind: pprofout.Sched},
			`1 × 10ns main.main:10 func=main.worker state=runnable task=request region=db
1 × 50ns main.main:10 func=main.worker state=runnable`,
		},
		{
			"sched by waiter", worker, pprofout.Options{Kind: pprofout.Sched, Stack: pprofout.WaiterStack},
			`1 × 10ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=runnable task=request region=db
1 × 50ns main.worker:20 func=main.worker state=runnable`,
		},
		{
			"waits by waker", worker, pprofout.Options{Kind: pprofout.Sync, Stack: pprofout.WakerStack},
			`1 × 200ns main.main:10 func=main.worker state=waiting reason=chan receive task=request region=db`,
		},
		{
			"waits by both", worker, pprofout.Options{Kind: pprofout.Wait, Stack: pprofout.BothStacks, ReasonFrames: true},
			`1 × 200ns [chan receive]:0 main.main:10 [woken by]:0 runtime.chanrecv1:509 main.worker:21 func=main.worker state=waiting reason=chan receive task=request region=db`,
		},
		{
			"waits that nobody ended", create + `
150 G1 end runnable
150 G1 begin waiting "sleep" stack=2
200 G1 end waiting
200 G1 begin running P0`,
			pprofout.Options{Kind: pprofout.Wait, Stack: pprofout.BothStacks},
			`1 × 50ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=waiting reason=sleep`,
		},
		{
			"states as frames", create + run + "200 G1 end running endstack=2\n200 G1 begin waiting \"select\" stack=2\n300 - metric \"x\" id=1",
			pprofout.Options{Kind: pprofout.Wall, ReasonFrames: true},
			`1 × 100ns [waiting: select]:0 runtime.chanrecv1:509 main.worker:21 func=main.worker state=waiting reason=select open=end
1 × 50ns [runnable]:0 main.worker:20 func=main.worker state=runnable
1 × 50ns [running]:0 runtime.chanrecv1:509 main.worker:21 func=main.worker state=running`,
		},
		{
			"gc", create + run + `
160 G1 begin assist stack=2
180 G1 end assist
200 P0 begin sweep G1 stack=3
230 P0 end sweep id=8192 parent=4096
300 G1 begin stw "GC mark termination" P0 stack=1
310 G1 end stw
350 P1 begin sweep stack=4
370 P1 end sweep`,
			pprofout.Options{Kind: pprofout.GC},
			`1 × 10ns main.worker:20 func=main.worker reason=stop the world: GC mark termination
1 × 20ns runtime.chanrecv1:509 main.worker:21 func=main.worker reason=mark assist
1 × 20ns syscall.Read:180 main.worker:22 reason=sweep
1 × 30ns main.main:10 func=main.worker reason=sweep`,
		},
		{
			"gc open at the end", create + run + `
160 G1 begin stw "GC mark termination" P0 stack=1
200 G1 end running open-end
200 G1 end goroutine open-end
200 G1 end stw open-end`,
			pprofout.Options{Kind: pprofout.GC},
			`1 × 40ns main.worker:20 func=main.worker reason=stop the world: GC mark termination open=end`,
		},
		{
			// The task ends while the assist lasts.
			"gc in a task", create + run + `
155 G1 begin task "t" id=3
160 G1 begin assist stack=2
172 - end task id=3 by=G9
180 G1 end assist
200 P1 begin sweep stack=4
210 P1 end sweep`,
			pprofout.Options{Kind: pprofout.GC, Task: match("t")},
			`1 × 12ns runtime.chanrecv1:509 main.worker:21 func=main.worker reason=mark assist task=t`,
		},
		{
			"cpu", worker, pprofout.Options{Kind: pprofout.CPU},
			`1 × 10000000ns syscall.Read:180 main.worker:22 func=main.worker task=request region=db`,
		},
		{
			"cpu at a rate, of nobody and of strangers", `
0 - sync id=1
0 G7 begin goroutine "main.seven" open-start
0 G7 begin running open-start
10 - sample stack=1
20 G7 sample stack=2
30 G7 sample stack=2
40 G8 sample stack=2
60 - sync id=2`,
			pprofout.Options{Kind: pprofout.CPU, CPURate: 1000},
			`1 × 1000000ns main.worker:20
1 × 1000000ns runtime.chanrecv1:509 main.worker:21
2 × 2000000ns runtime.chanrecv1:509 main.worker:21 func=main.seven`,
		},
		{
			"cpu of one goroutine", `
0 - sync id=1
0 G7 begin goroutine "main.seven" open-start
0 G7 begin running open-start
10 - sample stack=1
20 G7 sample stack=2
40 G8 sample stack=2`,
			pprofout.Options{Kind: pprofout.CPU, Goroutine: match("seven")},
			`1 × 10000000ns runtime.chanrecv1:509 main.worker:21 func=main.seven`,
		},
		{
			"an exit that nothing tells the place of", create + run + `
200 G1 end running endstack=2
200 G1 begin waiting "select" stack=2
300 G1 end waiting
300 G1 begin running P0 stack=2
330 G1 end running
330 G1 end goroutine`,
			pprofout.Options{Kind: pprofout.Run},
			`1 × 30ns main.worker:20 func=main.worker state=running
1 × 50ns runtime.chanrecv1:509 main.worker:21 func=main.worker state=running`,
		},
		{
			"a syscall that is cut is one call", `
0 - sync id=1
0 G1 begin goroutine "main.f" open-start
0 G1 begin call stack=4 P0 M3 open-start
0 G1 begin syscall stack=4 P0 M3 open-start
20 G1 end syscall
20 G1 begin syscall-blocked prev=syscall stack=4 M3
90 - metric "x" id=1`,
			pprofout.Options{Kind: pprofout.Syscall},
			`0 × 70ns syscall.Read:180 main.worker:22 func=main.f state=syscall-blocked open=end
1 × 20ns syscall.Read:180 main.worker:22 func=main.f state=syscall open=start`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := labelled(convertStory(t, test.story, test.o)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestStartLines takes them from the stacks of goroutines that are created.
func TestStartLines(t *testing.T) {
	p := convertStory(t, worker, pprofout.Options{Kind: pprofout.Wall})
	for _, f := range p.Function {
		want := int64(0)
		if f.Name == "main.worker" {
			want = 20
		}
		if f.StartLine != want {
			t.Errorf("%s starts in line %d, want %d", f.Name, f.StartLine, want)
		}
	}
}
