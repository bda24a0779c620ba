package meaning_test

import (
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/meaning"
)

// frames returns the stack that a text has: functions leaf first, with " < "
// between them. They have no files, so that names decide what is std.
func frames(text string) []meaning.Frame {
	var stack []meaning.Frame
	for _, fn := range strings.Split(text, " < ") {
		stack = append(stack, meaning.Frame{Func: fn, Line: len(stack) + 1})
	}
	return stack
}

func factsOf(text string) *meaning.Facts {
	if text == "" {
		return nil
	}
	return meaning.Default().Facts(frames(text), meaning.NewStd())
}

// TestCauses has a row for each of the table of causes.
func TestCauses(t *testing.T) {
	for _, c := range []struct{ reason, stack, want string }{
		{"sync", "sync.(*Mutex).Lock < main.f", "mutex"},
		{"sync", "internal/sync.(*Mutex).Lock < sync.(*Mutex).Lock < main.f", "mutex"},
		{"sync", "internal/sync.(*HashTrieMap[...]).LoadOrStore < sync.(*Map).LoadOrStore < main.f", "mutex"},
		{"sync", "sync.(*Mutex).Lock < sync.(*Cond).Wait < main.f", "mutex after cond"},
		{"sync", "sync.(*Mutex).Lock < sync.(*RWMutex).Lock < main.f", "write lock"},
		{"sync", "sync.(*RWMutex).Lock < main.f", "write lock"},
		{"sync", "sync.(*RWMutex).RLock < main.f", "read lock"},
		{"sync", "sync.(*Mutex).Lock < sync.(*Once).doSlow < sync.(*Once).Do < main.f", "once"},
		{"sync", "internal/sync.(*Mutex).Lock < sync.(*Mutex).Lock < sync.(*Once).doSlow < sync.(*Once).Do < main.f", "once"},
		{"sync", "sync.(*WaitGroup).Wait < main.f", "wait group"},
		{"sync", "runtime.gcStart < runtime.mallocgc < main.f", "GC start"},
		{"sync", "runtime.gcMarkDone < runtime.gcAssistAlloc < main.f", "GC end"},
		{"sync", "runtime.stopTheWorldGC < runtime.GOMAXPROCS < main.f", "stop the world"},
		{"sync", "runtime.semacquire < runtime.traceAdvance < runtime/trace.Stop < main.main", "tracer"},
		{"sync", "internal/poll.(*FD).Close < net.(*netFD).Close < main.f", "file close"},
		{"sync", "internal/poll.(*fdMutex).rwlock < internal/poll.(*FD).Write < os.(*File).Write < main.f", "file lock"},
		{"sync", "main.f", "sync"},
		{"sync.(*Cond).Wait", "sync.(*Cond).Wait < main.f", "cond"},
		{"network", "internal/poll.(*FD).Accept < net.(*netFD).accept < main.f", "accept"},
		{"network", "internal/poll.(*FD).acceptOne < internal/poll.(*FD).Accept < net.(*netFD).accept < main.f", "accept"},
		{"network", "internal/poll.(*FD).WaitWrite < net.(*netFD).connect < net.(*netFD).dial < main.f", "dial"},
		{"network", "internal/poll.(*FD).Read < os.(*File).read < os.(*File).Read < main.f", "pipe read"},
		{"network", "internal/poll.(*FD).Write < os.(*File).write < os.(*File).Write < main.f", "pipe write"},
		{"network", "internal/poll.(*FD).Read < net.(*netFD).Read < net.(*conn).Read < main.f", "network read"},
		{"network", "internal/poll.(*FD).Writev < net.(*netFD).writeBuffers < main.f", "network write"},
		{"network", "internal/poll.(*FD).WaitWrite < main.f", "network write"},
		{"network", "internal/poll.spliceDrain < internal/poll.Splice < net.splice < main.f", "network read"},
		{"network", "internal/poll.splicePump < internal/poll.Splice < net.splice < main.f", "network write"},
		{"network", "", "network"},
		{"select", "runtime.selectgo < net/http.(*persistConn).roundTrip < net/http.(*Transport).roundTrip < main.f", "HTTP reply"},
		{"select", "runtime.selectgo < net/http.(*http2clientStream).writeRequest < net/http.(*http2clientStream).doRequest", "HTTP reply"},
		{"select", "runtime.selectgo < net/http/internal/http2.(*ClientConn).roundTrip < main.f", "HTTP reply"},
		{"select", "runtime.selectgo < golang.org/x/net/http2.(*ClientConn).roundTrip < main.f", "HTTP reply"},
		{"select", "runtime.selectgo < net/http.(*Transport).getConn < main.f", "HTTP connection"},
		{"select", "runtime.selectgo < database/sql.(*DB).conn < database/sql.(*DB).query < main.f", "database connection"},
		{"select", "runtime.selectgo < database/sql.(*DB).connectionOpener", "select"},
		{"select", "runtime.selectgo < net.(*Resolver).lookupIPAddr < main.f", "name lookup"},
		{"chan receive", "runtime.chanrecv1 < internal/singleflight.(*Group).Do < main.f", "name lookup"},
		{"select", "runtime.selectgo < io.(*pipe).read < io.(*PipeReader).Read < main.f", "pipe in memory"},
		{"chan receive", "runtime.chanrecv1 < net/http.(*persistConn).readLoop.func3 < net/http.(*bodyEOFSignal).condfn < main.f", "HTTP hand-back"},
		{"chan receive", "runtime.chanrecv1 < net/http.(*persistConn).readLoop.func4 < net/http.(*bodyEOFSignal).condfn < main.f", "HTTP hand-back"},
		{"chan receive", "runtime.chanrecv1 < testing.(*T).Run < main.TestX < testing.tRunner", "subtest"},
		{"chan receive", "runtime.chanrecv1 < testing.(*testContext).waitParallel < testing.(*T).Parallel < main.TestX < testing.tRunner", "test turn"},
		{"chan receive", "runtime.chanrecv1 < testing.tRunner.func1 < testing.tRunner", "parallel subtests"},
		{"chan receive", "runtime.chanrecv1 < runtime.(*wakeableSleep).sleep < runtime.traceStartReadCPU.func1", "tracer"},
		{"chan receive", "runtime.chanrecv1 < runtime.gcBgMarkStartWorkers < runtime.gcStart < main.f", "GC start"},
		{"chan receive", "runtime.chanrecv2 < main.f", "chan receive"},
		{"chan send", "runtime.chansend1 < main.f", "chan send"},
		{"select", "runtime.selectgo < main.f", "select"},
		{"forever", "runtime.block < main.f", "select forever"},
		{"forever", "runtime.chanrecv1 < main.f", "nil channel"},
		{"forever", "runtime.chansend1 < main.f", "nil channel"},
		{"sleep", "time.Sleep < main.f", "sleep"},
		{"sleep", "runtime.(*scavengerState).sleep < runtime.bgscavenge", "runtime idle"},
		{"GC mark assist wait for work", "runtime.gcParkAssist < main.f", "GC assist"},
		{"wait until GC ends", "runtime.goparkunlock < runtime.gcWaitOnMark < runtime.GC < main.f", "GC end"},
		{"GC weak to strong wait", "runtime.gcParkStrongFromWeak < main.f", "GC end"},
		{"preempted", "sync.(*Mutex).Lock < main.f", "stack scan"},
		{"synctest", "internal/synctest.Run < testing/synctest.Test < main.TestX", "synctest"},
		{"unspecified", "runtime.handleEvent", "JavaScript event"},
		{"coroutine switch", "", "iterator"},
		{"", "runtime.corostart", "iterator not begun"},
		{"system goroutine wait", "runtime.gopark < runtime.gcBgMarkWorker", "runtime idle"},
		{"system goroutine wait", "runtime/trace.(*traceMultiplexer).startLocked.func1", "tracer"},
		{"", "", "unknown"},
		{"unspecified", "main.f", "unknown"},

		// Waits that began before the trace, with the stack of a status.
		{"", "runtime.gopark < runtime.chanrecv < runtime.chanrecv1 < main.f", "chan receive"},
		{"", "runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < sync.runtime_SemacquireWaitGroup < sync.(*WaitGroup).Wait < main.f", "wait group"},
		{"", "runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < internal/sync.runtime_SemacquireMutex < internal/sync.(*Mutex).lockSlow < internal/sync.(*Mutex).Lock < sync.(*Mutex).Lock < main.f", "mutex"},
		{"", "runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < sync.runtime_Semacquire < main.f", "semaphore"},
		{"", "runtime.gopark < runtime.netpollblock < internal/poll.runtime_pollWait < internal/poll.(*pollDesc).wait < internal/poll.(*pollDesc).waitRead < internal/poll.(*FD).Accept < net.(*netFD).accept < main.f", "accept"},
		{"unknown (waiting since start)", "runtime.gopark < runtime.goparkunlock < runtime.forcegchelper", "runtime idle"},
		{"a reason of Go 1.99", "runtime.gopark < main.f", "unknown"},
	} {
		if got := factsOf(c.stack).Cause(c.reason).String(); got != c.want {
			t.Errorf("%q at %s: %s, want %s", c.reason, c.stack, got, c.want)
		}
	}
	if got := meaning.UnknownCause.Word("a reason of Go 1.99"); got != "a reason of Go 1.99" {
		t.Errorf("unknown reason is called %q", got)
	}
}

// TestCauseWords holds that every cause has its own word.
func TestCauseWords(t *testing.T) {
	for _, c := range meaning.Causes() {
		if got, err := meaning.ParseCause(c.String()); err != nil || got != c {
			t.Errorf("cause %d is called %q, which is parsed as %d (%v)", c, c, got, err)
		}
	}
	if _, err := meaning.ParseCause("mutexes"); err == nil {
		t.Error("no error for a word that is no cause")
	}
}

func TestSystemCauses(t *testing.T) {
	for _, c := range []struct{ stack, want string }{
		{"syscall.Nanosleep < main.f", "sleep"},
		{"os/signal.signal_recv < os/signal.loop", "signal"},
		{"syscall.Syscall6 < internal/syscall/unix.Waitid < os.(*Process).pidfdWait < main.f", "child process"},
		{"runtime/pprof.readProfile < runtime/pprof.profileWriter", "profiler"},
		{"syscall.Fsync < internal/poll.(*FD).Fsync < main.f", "file sync"},
		{"syscall.read < syscall.Read < internal/poll.(*FD).Read < net.(*netFD).Read < main.f", "network read"},
		{"syscall.write < syscall.Write < internal/poll.(*FD).Write < os.(*File).write < os.(*File).Write < main.f", "file write"},
		{"net._C2func_getaddrinfo < net.cgoLookupIP < main.f", "name lookup"},
		{"runtime.cgocall < main._Cfunc_work < main.f", "C call"},
		{"syscall.Getpid < main.f", "system call"},
		{"", "system call"},
	} {
		if got := factsOf(c.stack).SystemCause().String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.stack, got, c.want)
		}
	}
}

// TestWaker holds what the end of a wait adds to its cause.
func TestWaker(t *testing.T) {
	for _, c := range []struct {
		cause  meaning.Cause
		nobody bool
		waker  string
		want   string // cause at the end, how it ended, arrow or not
	}{
		{meaning.ChanReceive, true, "", "timer, none"},
		{meaning.Select, true, "", "timer, none"},
		{meaning.NetworkRead, true, "", "network read, none"},
		{meaning.HTTPReply, true, "", "HTTP reply, none"},
		{meaning.ChanReceive, false, "runtime.chansend1 < main.f", "chan receive, arrow"},
		{meaning.NetworkRead, false, "internal/poll.setDeadlineImpl < internal/poll.(*FD).SetReadDeadline < net.(*conn).SetReadDeadline < main.f", "network read deadline, arrow"},
		{meaning.NetworkRead, false, "internal/poll.(*pollDesc).evict < internal/poll.(*FD).Close < main.f", "network read close, arrow"},
		{meaning.Mutex, false, "sync.(*Mutex).Unlock < main.f < runtime.gcStart", "mutex, arrow"},
		{meaning.NetworkRead, false, "runtime.systemstack_switch < runtime.gcStart < runtime.mallocgc < main.f", "network read, none"},
		{meaning.Sleep, false, "runtime.systemstack_switch < runtime.gcMarkTermination < runtime.gcMarkDone < main.f", "sleep, none"},
		{meaning.ChanReceive, false, "runtime.closechan < context.(*cancelCtx).cancel < context.WithDeadlineCause.func2", "chan receive deadline, arrow"},
	} {
		w := c.cause.Woken(c.nobody, factsOf(c.waker))
		got := c.cause.AtEnd(w).String()
		if e := w.Ended(); e != meaning.UnknownCause {
			got += " " + e.String()
		}
		if got += ", none"; w.Arrow() {
			got = strings.TrimSuffix(got, "none") + "arrow"
		}
		if got != c.want {
			t.Errorf("%v woken by %q: %s, want %s", c.cause, c.waker, got, c.want)
		}
	}
	for _, c := range []struct {
		nobody bool
		waker  string
		class  meaning.Class
		want   string
	}{
		{true, "", meaning.ProgramClass, "network, timer or sleep"},
		{false, "runtime.systemstack_switch < runtime.gcStart < main.f", meaning.RuntimeClass, "runtime idle"},
		{false, "runtime.systemstack_switch < runtime.gcStart < main.f", meaning.ProgramClass, "network, timer or sleep"},
		{false, "runtime.chansend1 < main.f", meaning.ProgramClass, "channel"},
		{false, "internal/poll.setDeadlineImpl < main.f", meaning.ProgramClass, "network"},
		{false, "runtime.gcMarkDone < main.f", meaning.ProgramClass, "GC end"},
		{false, "sync.(*Mutex).Unlock < main.f", meaning.ProgramClass, "mutex"},
		{false, "sync.(*Cond).Broadcast < main.f", meaning.ProgramClass, "cond"},
		{false, "main.f", meaning.ProgramClass, "unknown"},
		{false, "", meaning.ProgramClass, "unknown"},
	} {
		if got := meaning.FromWaker(c.nobody, factsOf(c.waker), c.class).String(); got != c.want {
			t.Errorf("wait without a stack, woken by %q: %s, want %s", c.waker, got, c.want)
		}
	}
}

func TestClasses(t *testing.T) {
	for _, c := range []struct {
		stacks []string
		want   string
	}{
		{[]string{"main.f < main.main.func1"}, "program"},
		{[]string{"runtime.chanrecv1 < main.main < runtime.main"}, "program"},
		{[]string{"runtime.selectgo < net/http.(*persistConn).writeLoop"}, "program"},
		{[]string{"runtime.corostart"}, "program"},
		{[]string{"runtime.handleEvent"}, "program"},
		{[]string{"runtime.cgocallbackg < runtime.cgocallback"}, "program"},
		{[]string{"runtime.gcBgMarkWorker"}, "runtime"},
		{[]string{"runtime.runFinalizers"}, "runtime"},
		{[]string{"internal/poll.(*FD).Close < os.(*file).close < runtime.runFinalizers"}, "runtime"},
		{[]string{"runtime.runFinalizers", "main.closeRes < runtime.runFinalizers", "runtime.runFinalizers"}, "program"},
		{[]string{"main.f < runtime.runCleanups"}, "program"},
		{[]string{"runtime.chanrecv1 < runtime.unique_runtime_registerUniqueMapCleanup.func2"}, "runtime"},
		{[]string{"main.(*writer).Write < runtime/trace.(*traceMultiplexer).startLocked.func1"}, "tracer"},
		{[]string{"time.Sleep < runtime/pprof.profileWriter"}, "tracer"},
		{[]string{" < runtime.bgsweep"}, "runtime"},
		{[]string{""}, "unknown"},
		{[]string{"main.f < runtime.goexit"}, "unknown"}, // of a CPU sample
	} {
		var class meaning.Class
		for _, s := range c.stacks {
			if f := factsOf(s); f != nil {
				class = class.With(f.Class)
			}
		}
		if got := class.String(); got != c.want {
			t.Errorf("%q: %s, want %s", c.stacks, got, c.want)
		}
	}
}

func TestSites(t *testing.T) {
	for _, c := range []struct{ stack, want string }{
		{"sync.(*Mutex).Lock < main.(*Cache).Get < main.main", "sync.(*Mutex).Lock in main.(*Cache).Get"},
		{"runtime.chanrecv1 < main.f < main.main", "main.f"},
		{"runtime.gopark < runtime.chanrecv < runtime.chanrecv1 < main.f", "main.f"},
		{"runtime.gcStart < runtime.mallocgc < main.f", "main.f"},
		{"runtime.goparkunlock < runtime.gcWaitOnMark < runtime.GC < main.f", "runtime.GC in main.f"},
		{"sync.(*Mutex).Lock < github.com/sasha-s/go-deadlock.(*StandardMutex).Lock < github.com/sasha-s/go-deadlock.lock < github.com/sasha-s/go-deadlock.(*Mutex).Lock < main.f", "github.com/sasha-s/go-deadlock.(*Mutex).Lock in main.f"},
		{"runtime.selectgo < golang.org/x/sync/semaphore.(*Weighted).Acquire < main.load", "golang.org/x/sync/semaphore.(*Weighted).Acquire in main.load"},
		{"runtime.selectgo < golang.org/x/sync/errgroup.(*Group).Go.func1", "golang.org/x/sync/errgroup.(*Group).Go.func1"},
		{"sync.(*Mutex).Lock < net/http.(*Transport).tryPutIdleConn < net/http.(*persistConn).readLoop.func1", "sync.(*Mutex).Lock in net/http.(*Transport).tryPutIdleConn"},
		{"internal/poll.(*FD).Read < net.(*netFD).Read < net.(*conn).Read < bufio.(*Reader).fill < bufio.(*Reader).Peek < net/http.(*conn).serve", "bufio.(*Reader).Peek in net/http.(*conn).serve"},
		{"runtime.selectgo < net/http.(*persistConn).roundTrip < app.load < main.main", "app.load"}, // a module named app
		{" < main.f", "main.f"},
	} {
		if got := factsOf(c.stack).Site.String(); got != c.want {
			t.Errorf("%s: site %s, want %s", c.stack, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ stack, creator, want string }{
		{"runtime.chanrecv1 < main.worker", "main.main", "main.worker"},
		{"time.Sleep < main.names.func1 < sync.(*WaitGroup).Go.func1", "", "main.names.func1 (via sync.(*WaitGroup).Go.func1)"},
		{"sync.(*WaitGroup).Go.func1", "sync.(*WaitGroup).Go < main.crawl < main.main", "sync.(*WaitGroup).Go.func1, begun in main.crawl"},
		{"sync.(*WaitGroup).Go.func1", "", "sync.(*WaitGroup).Go.func1"},
		{"sync.(*Once).Do < golang.org/x/sync/errgroup.(*Group).Go.func1", "main.crawl", "golang.org/x/sync/errgroup.(*Group).Go.func1, begun in main.crawl"},
		{"internal/poll.(*FD).Accept < net/http.(*Server).Serve < golang.org/x/sync/errgroup.(*Group).Go.func1", "main.main", "net/http.(*Server).Serve (via golang.org/x/sync/errgroup.(*Group).Go.func1)"},
		{"time.Sleep < x.deep < x.TestX < testing.tRunner", "", "x.TestX (via testing.tRunner)"},
		{"time.Sleep < main.sync < k8s.io/apimachinery/pkg/util/wait.BackoffUntil.func1 < k8s.io/apimachinery/pkg/util/wait.BackoffUntil < k8s.io/apimachinery/pkg/util/wait.JitterUntil < k8s.io/apimachinery/pkg/util/wait.Until", "", "main.sync (via k8s.io/apimachinery/pkg/util/wait.Until)"},
		{"main.job < github.com/gammazero/workerpool.worker", "main.main", "github.com/gammazero/workerpool.worker"},
		{"main.f < example.com/pb._Echo_Say_Handler < google.golang.org/grpc.(*Server).processRPC < google.golang.org/grpc.(*Server).handleStream < google.golang.org/grpc.(*Server).serveStreams.func2.1", "", "example.com/pb._Echo_Say_Handler (via google.golang.org/grpc.(*Server).serveStreams.func2.1)"},
		{"runtime.selectgo < google.golang.org/grpc.recv < google.golang.org/grpc.(*Server).processRPC < google.golang.org/grpc.(*Server).handleStream < google.golang.org/grpc.(*Server).serveStreams.func2.1", "", "google.golang.org/grpc.(*Server).serveStreams.func2.1"},
		{"main.run < gopkg.in/tomb%2ev2.(*Tomb).run", "", "main.run (via gopkg.in/tomb.v2.(*Tomb).run)"},
		{"main.f < acme/vendor/github.com/oklog/run.(*Group).Run.func1", "", "main.f (via github.com/oklog/run.(*Group).Run.func1)"},
		{"time.Sleep < main.rows < iter.Pull[...].func1 < runtime.corostart", "", "iterator main.rows"},
		{"runtime.corostart", "iter.Pull[...] < main.fetch < main.main", "iterator begun in main.fetch"},
		{"time.Sleep < main.goCallback < _cgoexp_5298eb16770b_goCallback < runtime.cgocallbackg1 < runtime.cgocallbackg < runtime.cgocallback", "", "main.goCallback (via runtime.cgocallback)"},
		{"_cgoexp_5298eb16770b_goCallback < runtime.cgocallbackg1 < runtime.cgocallbackg < runtime.cgocallback", "", "goCallback (via runtime.cgocallback)"},
		{"", "", "unknown"},
		{"main.f < runtime.goexit", "", "unknown"},
	} {
		if got := meaning.Default().Name(factsOf(c.stack), factsOf(c.creator)).String(); got != c.want {
			t.Errorf("%s: name %s, want %s", c.stack, got, c.want)
		}
	}
	if !meaning.ByTimer("main.main.func1", true, nil) || meaning.ByTimer("runtime.cgocallback", true, nil) ||
		!meaning.ByTimer("main.f", false, factsOf("time.goFunc < runtime.timerproc")) || meaning.ByTimer("main.f", false, factsOf("main.main")) {
		t.Error("which goroutines timers begin")
	}
}

func TestClean(t *testing.T) {
	for fn, want := range map[string]string{
		"main.main.gowrap1":                    "main.main",
		"main.f.func1.deferwrap12":             "main.f.func1",
		"main.f-range1":                        "main.f",
		"main.(*queue).loop-fm":                "main.(*queue).loop",
		"main.f-range1.gowrap2":                "main.f",
		"github.com/nats-io/nats%2ego.Connect": "github.com/nats-io/nats.go.Connect",
		"acme/vendor/github.com/x.F":           "github.com/x.F",
		"main.gowrap":                          "main.gowrap",
		"main.wrap1":                           "main.wrap1",
		"":                                     "",
	} {
		if got := meaning.Clean(fn); got != want {
			t.Errorf("%s: %s, want %s", fn, got, want)
		}
	}
	for fn, want := range map[string]string{
		"main.main.names.func53":                        "names",
		"main.names.func1":                              "names",
		"main.main.(*Group).StartWithContext.func51":    "(*Group).StartWithContext",
		"k8s.io/x/wait.(*Group).StartWithContext.func1": "(*Group).StartWithContext",
		"main.main.OnceValue[...].func55":               "OnceValue[...]",
		"sync.OnceValue[...].func1":                     "OnceValue[...]",
		"main.f.func1.2":                                "f",
		"main.f":                                        "main.f",
	} {
		got, ok := meaning.Definer(fn)
		if got != want || ok != (fn != want) {
			t.Errorf("%s: definer %s %v, want %s", fn, got, ok, want)
		}
	}
}
