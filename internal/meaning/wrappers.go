package meaning

import "strings"

// patterns holds names of functions, exact or with a trailing * that
// stands for the rest of the name.
type patterns struct {
	exact    map[string]string
	prefixes []prefix
}

type prefix struct{ start, value string }

// add adds a pattern with what it stands for. Of several that match, the exact
// one wins, then the one added first.
func (p *patterns) add(pattern, value string) {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		p.prefixes = append(p.prefixes, prefix{start, value})
		return
	}
	if p.exact == nil {
		p.exact = make(map[string]string)
	}
	if _, ok := p.exact[pattern]; !ok {
		p.exact[pattern] = value
	}
}

// match returns what the pattern stands for that fn matches.
func (p *patterns) match(fn string) (string, bool) {
	if v, ok := p.exact[fn]; ok {
		return v, true
	}
	for _, x := range p.prefixes {
		if strings.HasPrefix(fn, x.start) {
			return x.value, true
		}
	}
	return "", false
}

// wrapperList holds the functions that only call what they were given: the
// name of their goroutine is that of the function directly below. Names are as
// traces have them, with %2e for a dot in the last element of an import path.
var wrapperList = []string{
	"sync.(*WaitGroup).Go.func1", // Go 1.25 and later; 1,143 of 1,186 goroutines get a name

	"golang.org/x/sync/errgroup.(*Group).Go.func1", // 10 of 10
	"golang.org/x/sync/errgroup.(*Group).add.func1",
	"golang.org/x/sync/errgroup.(*Group).TryGo.func1",
	"golang.org/x/sync/singleflight.(*Group).doCall",
	"golang.org/x/sync/singleflight.(*Group).doCall.func2",
	"internal/singleflight.(*Group).doCall",
	"internal/singleflight.(*Group).doCall.func2",

	// 7,039 of 10,785 tests; the others never blocked.
	"testing.tRunner",
	"testing.fRunner",
	"testing.(*B).launch",
	"testing.(*B).run1.func1",
	"testing.(*B).runN",
	"testing.(*B).RunParallel.func1",
	"testing/synctest.Test.func1",

	"github.com/sourcegraph/conc.(*WaitGroup).Go.func1",
	"github.com/sourcegraph/conc/panics.(*Catcher).Try",
	"github.com/sourcegraph/conc/pool.(*Pool).worker", // may show several functions
	"github.com/sourcegraph/conc/pool.(*ErrorPool).Go.func*",
	"github.com/sourcegraph/conc/pool.(*ContextPool).Go.func*",
	"github.com/sourcegraph/conc/iter.*",
	"github.com/sourcegraph/conc/stream.(*Stream).Go.func1",

	"github.com/oklog/run.(*Group).Run.func1",
	"gopkg.in/tomb%2ev2.(*Tomb).run",
	"github.com/thejerf/suture/v4.(*Supervisor).runService.func2",

	// Up to 6 hops to the user's function.
	"k8s.io/apimachinery/pkg/util/wait.(*Group).Start.func1",
	"k8s.io/apimachinery/pkg/util/wait.Until",
	"k8s.io/apimachinery/pkg/util/wait.UntilWithContext",
	"k8s.io/apimachinery/pkg/util/wait.JitterUntil*",
	"k8s.io/apimachinery/pkg/util/wait.BackoffUntil*",

	"github.com/robfig/cron/v3.(*Cron).startJob.func1",
	"github.com/robfig/cron/v3.FuncJob.Run",
	"github.com/cenkalti/backoff/v5.Retry[...]",

	// grpc 1.85: the RPC's generated handler is the fourth frame, see generated.
	"google.golang.org/grpc.(*Server).serveStreams.func2.1",
	"google.golang.org/grpc.(*Server).handleStream",
	"google.golang.org/grpc.(*Server).processRPC",
	"google.golang.org/grpc.(*Server).processUnaryRPC",     // read, grpc to 1.80
	"google.golang.org/grpc.(*Server).processStreamingRPC", // read

	// Iterators and callbacks: names.go.
	"runtime.corostart",
	"iter.Pull[...].func1",
	"iter.Pull2[...].func1",
	"runtime.cgocallback",
	"runtime.cgocallbackg",
	"runtime.cgocallbackg1",
}

// poolList holds the roots of pools' workers, each of which calls many
// functions. The root stays their name.
var poolList = []string{
	"github.com/alitto/pond/v2.(*pool).worker",
	"github.com/alitto/pond/v2.invokeTask[...]",
	"github.com/alitto/pond/v2.wrappedTask[...].Run",
	"github.com/panjf2000/ants/v2.(*goWorker).run.func1",
	"github.com/gammazero/workerpool.worker",
	"google.golang.org/grpc.(*Server).serverWorker",
}

// grpcServer begins the names of the wrappers of grpc's server. Only a
// generated handler counts as the function below them: what else they call is
// their own.
const (
	grpcServer       = "google.golang.org/grpc.(*Server)."
	generatedHandler = "_Handler"
)

// ownPackages are the packages of std that wrappers call for themselves, to
// lock, to wait and to tell the end. A wrapper was not given their functions.
var ownPackages = map[string]bool{
	"runtime": true, "sync": true, "internal/sync": true, "internal/poll": true, "sync/atomic": true,
	"testing": true, "time": true, "context": true, "runtime/debug": true, "runtime/trace": true,
	"runtime/pprof": true, "internal/synctest": true, "testing/synctest": true, "iter": true,
}

// matchName returns fn as the tables have it: of a function in a GOPATH's
// vendor folder, what follows that.
func matchName(fn string) string {
	const vendor = "/vendor/"
	if i := strings.LastIndex(fn, vendor); i >= 0 {
		return fn[i+len(vendor):]
	}
	return fn
}

// start returns the index of the frame that a goroutine with this stack was
// begun for, seen from the root: the one below the wrappers, or else the root.
// It reports whether wrappers stand before it, and whether the frame below them
// is the user's. Without one, the index is that of the innermost wrapper.
func (t *Tables) start(frames []Frame, std *Std) (i int, wrapped, found bool) {
	i = len(frames) - 1
	if root := matchName(frames[i].Func); t.isPool(root) || !t.isWrapper(root) {
		return i, false, false
	}
	last := i
	for ; i >= 0; i-- {
		fn := matchName(frames[i].Func)
		if fn == "" || t.isWrapper(fn) || strings.HasPrefix(fn, exportPrefix) {
			last = i
			continue
		}
		under := matchName(frames[last].Func)
		switch {
		case strings.HasPrefix(under, grpcServer) && !strings.HasSuffix(fn, generatedHandler):
			return last, true, false
		case std.Is(frames[i]) && ownPackages[packagePath(fn)]:
			return last, true, false
		}
		return i, true, true
	}
	return last, true, false
}

func (t *Tables) isWrapper(fn string) bool { _, ok := t.wrappers.match(fn); return ok }
func (t *Tables) isPool(fn string) bool    { _, ok := t.pools.match(fn); return ok }
