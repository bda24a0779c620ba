package meaning

import "strings"

// A Site is the line of the program that a wait is at: the first frame that is
// neither the standard library's nor a wrapper or a lock helper. If there is
// none, it is the function of the standard library that a program would call.
// The zero Site stands for a stack without frames.
type Site struct {
	Frame

	// Via is the function that the site called to wait: sync.(*Mutex).Lock.
	// It is "" if the site waits by a statement of the language.
	Via string

	// Std says that the stack lies wholly in the standard library. The creator
	// of the goroutine says more then.
	Std bool
}

// String returns the site with what it called: "sync.(*Mutex).Lock in main.(*Cache).Get".
func (s Site) String() string {
	fn := Clean(s.Func)
	if s.Via == "" {
		return fn
	}
	return Clean(s.Via) + " in " + fn
}

// stepList holds locks, semaphores and limiters of modules. The general rule
// that found them (a method Lock, Wait, Do, Get… whose package is not its
// caller's) was not taken: it also steps over a program's own caches.
var stepList = []string{
	"golang.org/x/sys/*", // system calls: fsnotify's epoll, read
	"github.com/sasha-s/go-deadlock.*",
	"golang.org/x/sync/semaphore.(*Weighted).Acquire",
	"golang.org/x/sync/singleflight.(*Group).Do",
	"golang.org/x/sync/errgroup.(*Group).Go", // chan send: the limit
	"golang.org/x/sync/errgroup.(*Group).Wait",
	"github.com/sourcegraph/conc.(*WaitGroup).Wait",
	"github.com/sourcegraph/conc/panics.(*Catcher).*",
	"github.com/sourcegraph/conc/pool.(*Pool).*",
	"github.com/sourcegraph/conc/pool.(*ErrorPool).*",
	"github.com/sourcegraph/conc/pool.(*ContextPool).*",
	"golang.org/x/time/rate.(*Limiter).wait",
	"golang.org/x/time/rate.(*Limiter).WaitN",
	"golang.org/x/time/rate.(*Limiter).Wait",
	"k8s.io/client-go/util/workqueue.(*Typed[...]).Get",
	"go.uber.org/zap/zapcore.(*lockedWriteSyncer).*",
	"github.com/cenkalti/backoff/v5.Retry[...]",
}

// site finds the site of a wait in a stack whose first frames, up to from, are
// the operation of waiting.
func (t *Tables) site(frames []Frame, from int, std *Std) Site {
	via := -1
	for i, f := range frames {
		switch {
		case f.Func == "" || strings.HasPrefix(f.Func, exportPrefix):
			continue
		case std.Is(f):
			via = i
			continue
		}
		if _, ok := t.steps.match(matchName(f.Func)); ok {
			via = i
			continue
		}
		if t.isWrapper(matchName(f.Func)) {
			continue
		}
		s := Site{Frame: f}
		if via >= 0 && callable(frames[via].Func) {
			s.Via = frames[via].Func
		}
		return s
	}
	return stdSite(frames, from)
}

// stdSite returns the site of a stack that has no frame of the program: the
// function that waits for a lock, a channel or the network.
func stdSite(frames []Frame, from int) Site {
	via := from - 1
	for i := from; i < len(frames); i++ {
		fn := frames[i].Func
		if fn == "" {
			continue
		}
		if p := packagePath(fn); (lowLevel[p] || strings.HasPrefix(p, "internal/")) && i < len(frames)-1 {
			via = i
			continue
		}
		s := Site{Frame: frames[i], Std: true}
		if via >= 0 && callable(frames[via].Func) {
			s.Via = frames[via].Func
		}
		return s
	}
	if len(frames) == 0 {
		return Site{}
	}
	return Site{Frame: frames[len(frames)-1], Std: true}
}

// lowLevel are the packages whose functions wait for whoever calls them, with
// the internal ones.
var lowLevel = map[string]bool{
	"runtime": true, "sync": true, "time": true, "syscall": true, "runtime/internal/syscall": true,
	"net": true, "os": true, "io": true, "bufio": true, "bytes": true, "crypto/tls": true,
	"net/textproto": true,
}

// callable reports whether a program can call fn by its name. What it cannot
// is a statement's doing (runtime.chanrecv1), or says little.
func callable(fn string) bool {
	fn = fn[len(packagePath(fn)):]
	i := strings.LastIndexByte(fn, '.') + 1
	return i < len(fn) && fn[i] >= 'A' && fn[i] <= 'Z'
}
