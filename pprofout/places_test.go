package pprofout_test

import (
	"testing"

	"github.com/trace2otel/trace2otel/pprofout"
)

// TestPlacesOfStories tells where goroutines are that move.
func TestPlacesOfStories(t *testing.T) {
	const (
		start = `
0 - sync id=1
0 G1 begin goroutine "main.f" open-start
0 G1 begin running P0 open-start
0 G2 begin goroutine "main.g" open-start
0 G2 begin waiting "select" stack=2
`
		end = "\n100 - metric \"x\" id=1"
	)
	for _, test := range []struct {
		name   string
		story  string
		region string // filter
		task   string // filter
		want   string
	}{
		{
			"a task that another goroutine ends cuts a wait", start + `
10 G2 end waiting
10 G2 begin running P1
10 G1 begin task "t" id=5
11 G2 begin region "r" parent=5 stack=1
12 G2 end running endstack=2
12 G2 begin waiting "select" stack=2
42 - end task id=5 by=G1 bystack=3` + end,
			"", "t",
			`1 × 1ns runtime.chanrecv1:509 main.worker:21 func=main.g state=running task=t region=r
1 × 30ns runtime.chanrecv1:509 main.worker:21 func=main.g state=waiting reason=select task=t region=r
1 × 32ns main.main:10 func=main.f state=running task=t`,
		},
		{
			"the task that began last", start + `
10 G1 begin task "outer" id=5 stack=1
20 G1 begin task "inner" id=6 parent=5 stack=1
30 G1 begin region "r" parent=5 stack=1
40 G1 end region endstack=1
50 G1 end task id=6 by=G1 bystack=1
60 G1 end task id=5 by=G1 bystack=1` + end,
			"", "outer",
			`0 × 10ns main.worker:20 func=main.f state=running task=outer region=r
0 × 20ns main.worker:20 func=main.f state=running task=inner
1 × 20ns main.worker:20 func=main.f state=running task=outer`,
		},
		{
			"a region within another", start + `
10 G1 begin region "out" stack=1
20 G1 begin region "in" stack=1
30 G1 end region endstack=1
50 G1 end region endstack=1` + end,
			"out", "",
			`0 × 10ns main.worker:20 func=main.f state=running region=in
1 × 30ns main.worker:20 func=main.f state=running region=out`,
		},
		{
			"regions begun before the trace", start + `
20 G1 begin region "in" parent=9 stack=1
30 G1 end region endstack=1
40 G1 end region "a" parent=8 start=0 open-start endstack=1
60 G1 end region "b" start=0 open-start endstack=1` + end,
			"", "",
			`0 × 10ns main.worker:20 func=main.f state=running task=unknown task region=a
0 × 10ns main.worker:20 func=main.f state=running task=unknown task region=in
0 × 20ns main.worker:20 func=main.f state=running region=b
0 × 20ns main.worker:20 func=main.f state=running task=unknown task region=a open=start
1 × 100ns runtime.chanrecv1:509 main.worker:21 func=main.g state=waiting reason=select open=end
1 × 40ns main.worker:20 func=main.f state=running open=end`,
		},
		{
			"one of them", start + `
20 G1 begin region "in" parent=9 stack=1
30 G1 end region endstack=1
40 G1 end region "a" parent=8 start=0 open-start endstack=1
60 G1 end region "b" start=0 open-start endstack=1` + end,
			"b", "",
			`0 × 10ns main.worker:20 func=main.f state=running task=unknown task region=a
0 × 10ns main.worker:20 func=main.f state=running task=unknown task region=in
0 × 20ns main.worker:20 func=main.f state=running task=unknown task region=a open=start
1 × 20ns main.worker:20 func=main.f state=running region=b`,
		},
		{
			"a region of a task that has ended", start + `
10 G1 begin task "t" id=5 stack=1
20 G1 end task id=5 by=G1 bystack=1
30 G1 begin region "r" parent=5 stack=1
40 G1 end region endstack=1` + end,
			"r", "",
			`1 × 10ns main.worker:20 func=main.f state=running region=r`,
		},
		{
			"a region of a task that ended before the window", "trace firsttask=5" + start + `
0 G1 begin region "r" parent=5 stack=1 open-start
0 G1 begin region "s" parent=4 stack=1 open-start
40 G1 end region endstack=1
60 G1 end region endstack=1` + end,
			"", "",
			`0 × 20ns main.worker:20 func=main.f state=running region=r
0 × 40ns main.worker:20 func=main.f state=running task=unknown task region=s open=start
1 × 100ns runtime.chanrecv1:509 main.worker:21 func=main.g state=waiting reason=select open=end
1 × 40ns main.worker:20 func=main.f state=running open=end`,
		},
		{
			"a task that ends with a wait", start + `
10 G2 end waiting
10 G2 begin running P1
10 G2 begin task "t" id=5 stack=1
10 G2 end running endstack=1
10 G2 begin waiting "sleep" stack=1
50 - end task id=5 by=G1 bystack=3
50 G2 end waiting
50 G2 begin runnable` + end,
			"", "",
			`1 × 0ns main.worker:20 func=main.g state=running task=t
1 × 100ns [no stack]:0 func=main.f state=running open=start+end
1 × 10ns runtime.chanrecv1:509 main.worker:21 func=main.g state=waiting reason=select
1 × 40ns main.worker:20 func=main.g state=waiting reason=sleep task=t
1 × 50ns [no stack]:0 func=main.g state=runnable open=end`,
		},
		{
			"a subtask on another goroutine", start + `
10 G1 begin task "outer" id=5 stack=1
20 G2 end waiting
20 G2 begin running P1
30 G2 begin task "inner" id=6 parent=5 stack=1
35 G1 end task id=5 by=G1 bystack=1
40 G2 begin task "last" id=7 parent=5 stack=1` + end,
			"", "outer",
			`0 × 10ns main.worker:20 func=main.g state=running task=inner
1 × 25ns main.worker:20 func=main.f state=running task=outer
1 × 60ns main.worker:20 func=main.g state=running task=last`,
		},
		{
			"a region begun before the trace, and nobody knows where it ends", start + `
10 G1 begin task "t" id=5 stack=1
20 - end task id=5 by=G2
40 G1 end region "a" start=0 open-start
50 G1 end running endstack=3
50 G1 begin runnable` + end,
			"a", "",
			`0 × 10ns main.main:10 func=main.f state=running task=t region=a
0 × 10ns main.worker:20 func=main.f state=running region=a open=start
1 × 20ns main.main:10 func=main.f state=running region=a`,
		},
		{
			"types without a name", start + `
10 G1 begin task "" id=5 stack=1
20 G1 begin region "" parent=5 stack=1
30 G1 end region endstack=1` + end,
			".*", "^$",
			`1 × 10ns main.worker:20 func=main.f state=running task=unspecified region=unspecified`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := pprofout.Options{Kind: pprofout.Wall}
			if test.region != "" {
				o.Region = match(test.region)
			}
			if test.task != "" {
				o.Task = match(test.task)
			}
			if got := labelled(convertStory(t, test.story, o)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestGoroutineFilter is about goroutines with a start function and without.
func TestGoroutineFilter(t *testing.T) {
	const story = `
0 - sync id=1
0 G1 begin goroutine "main.one"
0 G1 begin waiting "sleep" stack=2
0 G2 begin goroutine "main.two" open-start
0 G2 begin waiting "sleep" stack=2
10 G1 end waiting
10 G1 begin running P0
30 G1 end running endstack=1
30 G1 begin waiting "sleep" stack=2
40 G1 end waiting
40 G1 end goroutine
50 G2 end waiting
50 G2 end goroutine
60 G3 begin goroutine
60 G3 begin waiting "sleep" stack=2
90 G3 end waiting
90 G3 end goroutine
`
	for _, test := range []struct{ filter, want string }{
		{"", `1 × 30ns runtime.chanrecv1:509 main.worker:21 state=waiting reason=sleep
1 × 50ns runtime.chanrecv1:509 main.worker:21 func=main.two state=waiting reason=sleep
2 × 20ns runtime.chanrecv1:509 main.worker:21 func=main.one state=waiting reason=sleep`},
		{"main.one", `2 × 20ns runtime.chanrecv1:509 main.worker:21 func=main.one state=waiting reason=sleep`},
		{"two", `1 × 50ns runtime.chanrecv1:509 main.worker:21 func=main.two state=waiting reason=sleep`},
		{"^$", `1 × 30ns runtime.chanrecv1:509 main.worker:21 state=waiting reason=sleep`},
	} {
		o := pprofout.Options{Kind: pprofout.Wait}
		if test.filter != "" {
			o.Goroutine = match(test.filter)
		}
		if got := labelled(convertStory(t, story, o)); got != test.want {
			t.Errorf("%q: got\n%s\nwant\n%s", test.filter, got, test.want)
		}
	}
}

// TestRegionsThatComeLate counts a state once, of which not all regions are known
// when it ends.
func TestRegionsThatComeLate(t *testing.T) {
	const story = `
0 - sync id=1
0 G1 begin goroutine "main.late" open-start
0 G1 begin running P0 open-start
10 G1 begin region "r" stack=1
20 G1 end region endstack=1
30 G1 end running endstack=2
30 G1 begin waiting "sleep" stack=2
`
	for _, test := range []struct{ then, want string }{
		{"60 G1 end waiting\n60 G1 end goroutine", "1 × 10ns main.worker:20 func=main.late state=running region=r"},
		{
			"60 G1 end waiting\n60 G1 begin running P0\n70 G1 end region \"rr\" start=0 open-start\n80 - metric \"x\" parent=1",
			`0 × 10ns main.worker:20 func=main.late state=running region=rr open=start
0 × 10ns runtime.chanrecv1:509 main.worker:21 func=main.late state=running region=rr
1 × 10ns [no stack]:0 func=main.late state=running region=rr
1 × 10ns main.worker:20 func=main.late state=running region=r`,
		},
	} {
		o := pprofout.Options{Kind: pprofout.Run, Region: match("r")}
		if got := labelled(convertStory(t, story+test.then, o)); got != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
}

// TestTaskIdThatComesAgain has a region of a task begun before the trace end after
// another task of its id has begun, as only damaged traces have it: that task goes
// on to its own end.
func TestTaskIdThatComesAgain(t *testing.T) {
	const story = `
0 - sync id=1
0 G1 begin goroutine "main.main" open-start
0 G1 begin running P0 open-start
0 G2 begin goroutine "main.other" open-start
0 G2 begin running P1 open-start
5 G2 begin region "r" parent=7 stack=1
10 G1 begin task "t" id=7 stack=1
15 G2 end region endstack=1
20 - end task id=7 by=G1 bystack=1
40 G1 end running endstack=2
40 G1 end goroutine
`
	got := labelled(convertStory(t, story, pprofout.Options{Kind: pprofout.Run, Task: match("^t$")}))
	if want := "1 × 10ns main.worker:20 func=main.main state=running task=t"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
