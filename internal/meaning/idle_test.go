package meaning_test

import (
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/meaning"
)

// TestIdle has a row for each of the table of idle waits, and the same frames
// where they are a problem.
func TestIdle(t *testing.T) {
	const read = "internal/poll.(*FD).Read < net.(*netFD).Read < net.(*conn).Read < "
	for _, c := range []struct{ reason, stack, want string }{
		{"network", "internal/poll.(*FD).Accept < net.(*netFD).accept < main.main", "waits for a connection"},
		{"network", read + "net/http.(*connReader).Read < bufio.(*Reader).fill < bufio.(*Reader).Peek < net/http.(*conn).serve", "waits for the next request of a kept connection"},
		{"network", read + "net/http.(*connReader).Read < bufio.(*Reader).fill < net/http.(*conn).readRequest < net/http.(*conn).serve", ""},
		{"network", read + "net/http.(*connReader).backgroundRead", "watches whether the client goes away"},
		{"network", read + "crypto/tls.(*Conn).readRecord < crypto/tls.(*Conn).Read < net/http.(*connReader).backgroundRead", "watches whether the client goes away"},
		{"sync.(*Cond).Wait", "sync.(*Cond).Wait < net/http.(*connReader).abortPendingRead < net/http.(*conn).serve", ""},
		{"select", "runtime.selectgo < net/http.(*persistConn).readLoop", "connection's loop: who waits for the reply is counted there"},
		{"select", "runtime.selectgo < net/http.(*persistConn).writeLoop", "connection's loop: who waits for the reply is counted there"},
		{"network", read + "net/http.(*persistConn).Read < bufio.(*Reader).fill < bufio.(*Reader).Peek < net/http.(*persistConn).readLoop", "connection's loop: who waits for the reply is counted there"},
		{"select", "runtime.selectgo < net/http.(*persistConn).wroteRequest < net/http.(*persistConn).readLoop", ""},
		{"sync", "sync.(*Mutex).Lock < net/http.(*persistConn).readLoop", ""},
		{"select", "runtime.selectgo < net/http.(*persistConn).roundTrip < main.f", ""},
		{"select", "runtime.selectgo < net/http.(*http2serverConn).serve < net/http.(*conn).serve", "connection's loop: who waits for the reply is counted there"},
		{"select", "runtime.selectgo < net/http/internal/http2.(*serverConn).serve < net/http.(*conn).serve", "connection's loop: who waits for the reply is counted there"},
		{"network", read + "io.ReadFull < golang.org/x/net/http2.readFrameHeader < golang.org/x/net/http2.(*Framer).ReadFrame", "connection's loop: who waits for the reply is counted there"},
		{"select", "runtime.selectgo < golang.org/x/net/http2.(*serverConn).writeDataFromHandler < main.f", ""},
		{"select", "runtime.selectgo < net/http.(*http2clientStream).doRequest", "stands for the caller, whose wait is counted"},
		{"select", "runtime.selectgo < google.golang.org/grpc/internal/transport.(*controlBuffer).get < google.golang.org/grpc/internal/transport.(*loopyWriter).run", "loop of gRPC's own"},
		{"select", "runtime.selectgo < google.golang.org/grpc/internal/transport.(*ClientStream).waitOnHeader < main.f", ""},
		{"select", "runtime.selectgo < database/sql.(*DB).connectionOpener", "helper of the standard library: watches for the end"},
		{"select", "runtime.selectgo < database/sql.(*DB).conn < main.f", ""},
		{"select", "runtime.selectgo < os/signal.NotifyContext.func1", "waits for a signal"},
		{"chan receive", "runtime.chanrecv1 < testing.(*T).Run < x.TestX < testing.tRunner", "test waits for its subtest"},
		{"select", "runtime.selectgo < github.com/robfig/cron/v3.(*Cron).run", "service loop of a library"},
		{"sync.(*Cond).Wait", "sync.(*Cond).Wait < k8s.io/client-go/util/workqueue.(*Typed[...]).Get < main.work", "worker waits for an item of its queue"},
		{"network", "internal/poll.(*FD).Read < os.(*File).read < os.(*File).Read < github.com/fsnotify/fsnotify.(*inotify).readEvents", "service loop of a library"},
		{"chan receive", "runtime.chanrecv1 < main.f", ""},
		{"sync", "sync.(*Mutex).Lock < main.f", ""},
	} {
		f := factsOf(c.stack)
		if got := f.Idle(f.Cause(c.reason)); got != c.want {
			t.Errorf("%q at %s: idle %q, want %q", c.reason, c.stack, got, c.want)
		}
	}
}

// TestIdleSystemCalls holds that blocked system calls can be idle, too.
func TestIdleSystemCalls(t *testing.T) {
	for stack, want := range map[string]string{
		"os/signal.signal_recv < os/signal.loop": "waits for a signal",
		"syscall.Syscall6 < golang.org/x/sys/unix.EpollWait < github.com/fsnotify/fsnotify.(*Watcher).readEvents": "service loop of a library",
		"syscall.Fsync < os.(*File).Sync < main.f":                                                                "",
	} {
		f := factsOf(stack)
		if got := f.Idle(f.SystemCause()); got != want {
			t.Errorf("%s: idle %q, want %q", stack, got, want)
		}
	}
}

// TestNextInput holds the structural rule, and what must stay out of it.
func TestNextInput(t *testing.T) {
	for _, c := range []struct {
		stack              string
		once, again, atEnd bool
	}{
		{"runtime.chanrecv2 < main.worker", true, true, true},
		{"runtime.gopark < runtime.chanrecv < runtime.chanrecv2 < main.worker", true, true, true},
		{"runtime.chanrecv2 < main.worker < sync.(*WaitGroup).Go.func1", true, true, true},
		{"runtime.selectgo < main.(*queue).loop", false, true, true},
		{"sync.(*Cond).Wait < main.(*queue).loop", false, true, true},
		{"runtime.chanrecv1 < main.collect", false, false, false},
		{"runtime.chansend1 < main.produce", false, false, false},
		{"runtime.chanrecv2 < main.each < main.worker", false, false, false},
		{"runtime.chanrecv2 < main.main < runtime.main", false, false, false},
		{"runtime.chanrecv2 < main.main", false, false, false},
		{"runtime.chanrecv2 < x.TestX < testing.tRunner", false, false, false},
		{"sync.(*Mutex).Lock < main.worker", false, false, false},
		{"runtime.chanrecv1 < runtime.bgsweep", false, false, false},
	} {
		f := factsOf(c.stack)
		if f.NextInput(false, false) != c.once || f.NextInput(true, false) != c.again || f.NextInput(false, true) != c.atEnd {
			t.Errorf("%s: %v %v %v, want %v %v %v", c.stack, f.NextInput(false, false), f.NextInput(true, false),
				f.NextInput(false, true), c.once, c.again, c.atEnd)
		}
		if f.MayRepeat() != (c.again && !c.once) {
			t.Errorf("%s: may repeat %v", c.stack, f.MayRepeat())
		}
	}
	var none *meaning.Facts
	if none.NextInput(true, true) || none.MayRepeat() || none.Idle(meaning.Select) != "" {
		t.Error("a wait without a stack")
	}
}

// TestStd tells std from the program by GOROOT, or by names where the files do
// not say.
func TestStd(t *testing.T) {
	for _, root := range []string{"/usr/local/go", "C:/Program Files/Go", "/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64", ""} {
		std := meaning.NewStd()
		src := root + "/src/"
		if root == "" {
			src = "" // -trimpath
		}
		std.Learn(meaning.Frame{Func: "main.f", File: "/home/u/src/runtime/f.go"})
		std.Learn(meaning.Frame{Func: "runtime.gopark", File: src + "runtime/proc.go"})
		if std.GOROOT() != root {
			t.Errorf("GOROOT %q, want %q", std.GOROOT(), root)
		}
		for _, c := range []struct {
			fn, file string
			want     bool
		}{
			{"runtime.chanrecv1", src + "runtime/chan.go", true},
			{"internal/syscall/windows.WSASendMsg", src + "internal/syscall/windows/zsyscall_windows.go", true},
			{"net/http.(*conn).serve", src + "net/http/server.go", true},
			{"net/http_test.TestServe", src + "net/http/serve_test.go", false},
			{"sync.TestPool", src + "sync/pool_test.go", false},
			{"main.f", "/home/u/app/main.go", false},
			{"main.(*T).M", "<autogenerated>", false},
			{"net/http.(*timeoutWriter).Write", "<autogenerated>", true},
			{"main._Cfunc_work", "_cgo_gotypes.go", false},
			{"app.Load", "/home/u/app/app.go", false},
			{"parallel.Do", "parallel/do.go", false},
			{"github.com/acme/internal/poll.F", "/home/u/poll/f.go", false},
			{"vendor/golang.org/x/net/http/httpguts.F", src + "vendor/golang.org/x/net/http/httpguts/f.go", true},
			{"", "", true},
			{"_cgoexp_5298eb16770b_f", "_cgo_gotypes.go", true},
		} {
			if got := std.Is(meaning.Frame{Func: c.fn, File: c.file}); got != c.want {
				t.Errorf("GOROOT %q: %s of %s is std: %v", root, c.fn, c.file, got)
			}
		}
		if root != "" {
			if !std.Is(meaning.Frame{Func: "main.main.OnceValue[...].func55", File: src + "sync/oncefunc.go"}) {
				t.Error("a closure of std that is inlined into main is the program's")
			}
			if std.Is(meaning.Frame{Func: "cmd/compile/internal/gc.Main", File: src + "cmd/compile/internal/gc/main.go"}) {
				t.Error("the compiler is std")
			}
		}
	}
}

// TestUnknownWrappers holds the two rules for wrappers that no table has.
func TestUnknownWrappers(t *testing.T) {
	type shown struct {
		goroutine int64
		line      int
		stack     string
	}
	for _, c := range []struct {
		about, creator string
		stacks         []shown
		want           string // the name of goroutine 1
	}{
		{"two functions at one line", "", []shown{
			{1, 7, "time.Sleep < main.readRows < main.(*group).run.func1"},
			{2, 7, "time.Sleep < main.sendMail < main.(*group).run.func1"},
		}, "main.readRows (via main.(*group).run.func1)"},
		{"behind a known wrapper", "", []shown{
			{1, 7, "time.Sleep < main.readRows < main.(*group).run.func1 < sync.(*WaitGroup).Go.func1"},
			{2, 7, "time.Sleep < main.sendMail < main.(*group).run.func1 < sync.(*WaitGroup).Go.func1"},
		}, "main.readRows (via main.(*group).run.func1)"},
		{"tests call what they are about", "", []shown{
			{1, 7, "time.Sleep < y.Do.func1 < x.TestX < testing.tRunner"},
		}, "x.TestX (via testing.tRunner)"},
		{"two functions at two lines", "", []shown{
			{1, 7, "time.Sleep < main.readRows < main.(*group).run.func1"},
			{2, 8, "time.Sleep < main.sendMail < main.(*group).run.func1"},
		}, "main.(*group).run.func1"},
		{"one goroutine sees both: a pool", "", []shown{
			{1, 7, "time.Sleep < main.readRows < main.worker"},
			{1, 7, "time.Sleep < main.sendMail < main.worker"},
		}, "main.worker"},
		{"std is left to the tables", "", []shown{
			{1, 7, "time.Sleep < main.a < net/http.(*conn).serve"},
			{2, 7, "time.Sleep < main.b < net/http.(*conn).serve"},
		}, "net/http.(*conn).serve"},
		{"a closure from elsewhere", "", []shown{
			{1, 7, "time.Sleep < main.crawl.func1 < acme/run.(*Group).Go.func1"},
		}, "main.crawl.func1 (via acme/run.(*Group).Go.func1)"},
		{"the root's own closure", "", []shown{
			{1, 7, "time.Sleep < main.crawl.func1.1 < main.crawl.func1"},
		}, "main.crawl.func1"},
		{"a loop that calls callbacks", "", []shown{
			{1, 7, "time.Sleep < main.crawl.func1 < acme/bus.(*Conn).loop"},
			{1, 9, "runtime.selectgo < acme/bus.(*Conn).loop"},
		}, "acme/bus.(*Conn).loop"},
		{"a function of the wrapper's caller", "acme/run.(*Group).Go < acme/app.Start < main.main", []shown{
			{1, 7, "time.Sleep < acme/app.serve < acme/run.(*Group).Go.func1"},
		}, "acme/app.serve (via acme/run.(*Group).Go.func1)"},
		{"a static call", "acme/grpc.Serve < main.main", []shown{
			{1, 7, "time.Sleep < acme/grpc.handle < acme/grpc.Serve.func3"},
		}, "acme/grpc.Serve.func3"},
		{"main.main calls closures", "", []shown{
			{1, 7, "time.Sleep < main.names.func1 < main.main"},
		}, "main.main"},
	} {
		u := meaning.NewUnknown()
		tables := meaning.Default()
		std := meaning.NewStd()
		var first *meaning.Facts
		for _, s := range c.stacks {
			stack := frames(s.stack)
			for i := range stack { // the wrapper's, also behind a known one
				stack[i].Line = s.line
			}
			f := tables.Facts(stack, std)
			if first == nil {
				first = f
			}
			u.Add(s.goroutine, f)
		}
		if got := u.Name(tables, first, factsOf(c.creator)).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.about, got, c.want)
		}
		u.Forget(1)
	}
}

func TestRows(t *testing.T) {
	const text = "# ours\n\nwrapper\tgithub.com/acme/run.(*Group).Go.func1 # closures\n" +
		"idle main.(*queue).loop waits  for jobs\nidle github.com/acme/nats.go.(*Sub).*\r\ndispatcher acme/web.(*Router).dispatch\n"
	file, err := meaning.ReadFile("team.txt", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Rows) != 4 || len(file.Hash) != 12 {
		t.Fatalf("%+v", file)
	}
	tables := meaning.Default().With(file)
	if tables.Hash() != file.Hash || meaning.Default().Hash() != "" {
		t.Error("hash of the tables")
	}
	facts := func(stack string) *meaning.Facts { return tables.Facts(frames(stack), meaning.NewStd()) }
	for stack, want := range map[string]string{
		"runtime.selectgo < main.(*queue).loop":                                      "waits for jobs",
		"runtime.selectgo < main.other < main.(*queue).loop":                         "",
		"runtime.selectgo < github.com/acme/nats%2ego.(*Sub).next < main.main.func1": "waits for its queue",
		"runtime.selectgo < github.com/robfig/cron/v3.(*Cron).run":                   "service loop of a library",
	} {
		if got := facts(stack).Idle(meaning.Select); got != want {
			t.Errorf("%s: %q, want %q", stack, got, want)
		}
	}
	if got := facts("sync.(*Mutex).Lock < main.(*queue).loop").Idle(meaning.Mutex); got != "" {
		t.Errorf("a lock in an idle function is idle: %q", got)
	}
	if got := tables.Name(facts("main.f < github.com/acme/run.(*Group).Go.func1"), nil).Func; got != "main.f" {
		t.Errorf("name behind a team's wrapper: %s", got)
	}
	if !tables.Dispatcher("acme/web.(*Router).dispatch") || tables.Dispatcher("main.f") {
		t.Error("dispatchers")
	}
}

func TestRowErrors(t *testing.T) {
	for text, want := range map[string]string{
		"idle":                                    "team.txt:1: missing function",
		"\nsleepy main.f":                         `team.txt:2: "sleepy" is no kind of row: choose from idle, wrapper, dispatcher`,
		"wrapper loop":                            `team.txt:1: "loop" is no function: it needs its package, as in main.(*queue).loop`,
		"wrapper main.*.f":                        `team.txt:1: "main.*.f": a * stands at the end only`,
		"wrapper main.(*":                         `team.txt:1: "main.(*": a * stands at the end of a name`,
		"wrapper main.f waits":                    `team.txt:1: "waits" after the function: a wrapper has no sentence`,
		"wrapper main.f\nwrapper main.f":          "team.txt:2: wrapper main.f stands in line 1 already",
		"idle main.f \xff":                        "team.txt:1: not UTF-8",
		"idle main.f a\x1b[31m":                   "team.txt:1: has a control character",
		"idle main.f " + strings.Repeat("x", 201): "team.txt:1: the sentence has more than 200 bytes",
		strings.Repeat("#", 1<<20+1):              "team.txt: larger than 1048576 bytes",
	} {
		_, err := meaning.ReadFile("team.txt", strings.NewReader(text))
		if err == nil || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

// FuzzRows holds that no file panics, that what is read can be used, and that
// the same bytes have the same hash.
func FuzzRows(f *testing.F) {
	f.Add("wrapper a.b\nidle main.(*q).loop waits # x\ndispatcher c.d*\n", "main.(*q).loop")
	f.Add("idle \xff", "")
	f.Add("\ufeffidle x/y.z.(*T).M*", "x/y%2ez.(*T).M")
	f.Fuzz(func(t *testing.T, text, fn string) {
		file, err := meaning.ReadFile("f", strings.NewReader(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Fatalf("error does not name the file: %v", err)
			}
			return
		}
		for _, r := range file.Rows {
			if r.Pattern == "" || strings.ContainsAny(r.Pattern, " \t\n") || r.Line < 1 || (r.Kind == meaning.RowIdle) != (r.Sentence != "") {
				t.Fatalf("%+v", r)
			}
		}
		tables := meaning.Default().With(file)
		facts := tables.Facts([]meaning.Frame{{Func: "runtime.selectgo"}, {Func: fn}}, meaning.NewStd())
		if facts.Cause("select") == meaning.UnknownCause {
			t.Fatal("no cause")
		}
		_ = tables.Name(facts, facts).String() + facts.Site.String() + facts.Idle(meaning.Select)
	})
}

func BenchmarkCause(b *testing.B) {
	f := factsOf("sync.(*Mutex).Lock < main.(*Cache).Get < main.main.func1")
	b.ReportAllocs()
	for b.Loop() {
		c := f.Cause("sync")
		_ = f.Idle(c)
	}
}

func BenchmarkFacts(b *testing.B) {
	stack := frames("runtime.selectgo < net/http.(*persistConn).roundTrip < net/http.(*Transport).roundTrip < net/http.(*Transport).RoundTrip < net/http.send < net/http.(*Client).send < net/http.(*Client).do < net/http.(*Client).Do < net/http.Get < main.main.func3")
	tables, std := meaning.Default(), meaning.NewStd()
	b.ReportAllocs()
	for b.Loop() {
		tables.Facts(stack, std)
	}
}
