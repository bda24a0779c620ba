package meaning

import "strings"

// A Waking says what the end of a wait adds to its cause, which the beginning
// cannot know.
type Waking uint8

const (
	Ordinary       Waking = iota // a goroutine ended the wait: nothing to add
	ByNobody                     // no goroutine did: a timer, or data from outside
	ByDeadline                   // a deadline set in this program ended a network wait
	ByClose                      // a Close in this program did
	ByContext                    // a context's deadline
	ByPoller                     // the poller ran on the goroutine shown, which has nothing to do with it
	byPollerOrTask               // by GC frames: the poller, if it ends a wait for the poller or a timer
)

// Arrow reports whether the goroutine shown as the waker caused the end of the
// wait. Draw no arrow otherwise.
func (w Waking) Arrow() bool { return w != ByNobody && w != ByPoller }

// Woken returns what the end of a wait with cause c adds. Nobody says that no
// goroutine ended it; else waker is the waker's stack, nil if not known.
func (c Cause) Woken(nobody bool, waker *Facts) Waking {
	switch {
	case nobody:
		return ByNobody
	case waker == nil:
		return Ordinary
	}
	switch w := waker.waking; w {
	case ByDeadline, ByClose:
		if c.polled() {
			return w // 12,396 and 3,690 of 609,816 network waits
		}
	case byPollerOrTask:
		if c.polled() || c == Sleep || c == RuntimeIdle || c == UnknownCause {
			return ByPoller // 951 network, 659 sleep
		}
	case ByContext:
		return w
	}
	return Ordinary
}

// polled reports whether c is a wait that the poller ends.
func (c Cause) polled() bool {
	return c >= NetworkRead && c <= PipeWrite
}

// AtEnd returns the cause of a wait that began with cause c and ended so. Use
// it for traces of Go 1.22 and later: earlier ones do not tell nobody from
// somebody unknown.
func (c Cause) AtEnd(w Waking) Cause {
	switch {
	case w == ByNobody && (c == ChanReceive || c == Select):
		return Timer // 1,452 wakes at 69 lines: tickers and timers all
	case w == ByNobody && c == UnknownCause:
		return Unpolled // 165 initial waits
	case w == ByPoller && c == UnknownCause:
		return Unpolled
	}
	return c
}

// Ended returns a cause for how a wait ended, if that was not by what it waited
// for: a deadline or a Close. It is [UnknownCause] otherwise.
func (w Waking) Ended() Cause {
	switch w {
	case ByDeadline, ByContext:
		return Deadline
	case ByClose:
		return Closed
	}
	return UnknownCause
}

// FromWaker returns the cause of a wait that began before the trace and has no
// stack (1,030 waits): what its waker's frames say of a goroutine of this class.
func FromWaker(nobody bool, waker *Facts, class Class) Cause {
	switch {
	case nobody:
		return Unpolled
	case waker == nil:
		return UnknownCause
	case waker.waking == byPollerOrTask && class == RuntimeClass:
		return RuntimeIdle
	case waker.waking == byPollerOrTask && class == TracerClass:
		return Tracer
	case waker.wakeCause == UnknownCause && class == RuntimeClass:
		return RuntimeIdle
	}
	return waker.wakeCause
}

// wakers say by their leaf what they ended.
var wakers = map[string]Cause{
	"runtime.systemstack_switch": Unpolled, // 171: the GC's worker, or the poller

	"runtime.chansend1":    Channel, // with selectnbsend and selectgo, 151
	"runtime.selectnbsend": Channel,
	"runtime.selectgo":     Channel,
	"runtime.chanrecv1":    Channel,
	"runtime.chanrecv2":    Channel,
	"runtime.selectnbrecv": Channel,
	"runtime.closechan":    Channel,

	"internal/poll.setDeadlineImpl":       Network, // 66
	"internal/poll.runtime_pollUnblock":   Network,
	"internal/poll.(*pollDesc).evict":     Network,
	"internal/poll.(*FD).SetReadDeadline": Network,

	"runtime.gcMarkDone":                GCEnd, // 53
	"runtime.gcMarkTermination":         GCEnd,
	"runtime.gcStart":                   GCStart,
	"runtime.startTheWorld":             StopTheWorld,
	"runtime.startTheWorldGC":           StopTheWorld,
	"sync.(*Mutex).Unlock":              Mutex, // with Broadcast, 53
	"internal/sync.(*Mutex).Unlock":     Mutex,
	"sync.(*Cond).Broadcast":            Cond,
	"sync.(*Cond).Signal":               Cond,
	"sync.(*RWMutex).Unlock":            ReadLock, // it wakes readers; writers wait at its Mutex
	"sync.(*RWMutex).RUnlock":           WriteLock,
	"sync.(*WaitGroup).Done":            WaitGroup,
	"sync.(*WaitGroup).Add":             WaitGroup,
	"sync.(*WaitGroup).Go.func1":        WaitGroup,
	"internal/poll.(*FD).decref":        FileClose,
	"internal/poll.(*fdMutex).rwunlock": FileLock,
}

// findWaking says what a goroutine is to know that this stack wakes.
func (f *Facts) findWaking(frames []Frame) {
	for _, x := range frames {
		if c, ok := wakers[x.Func]; ok {
			f.wakeCause = c
			break
		}
		if !strings.HasPrefix(x.Func, "runtime.") && !strings.HasPrefix(x.Func, "sync.") &&
			!strings.HasPrefix(x.Func, "internal/") {
			break // the leaf alone counts, and what it is made of
		}
	}
	if f.Root == "context.WithDeadlineCause.func2" {
		f.waking = ByContext // 169 goroutines, read
		return
	}
	for _, x := range frames {
		switch x.Func {
		case "internal/poll.(*FD).SetReadDeadline", "internal/poll.(*FD).SetWriteDeadline",
			"internal/poll.(*FD).SetDeadline", "internal/poll.setDeadlineImpl":
			f.waking = ByDeadline
		case "internal/poll.(*pollDesc).evict":
			f.waking = ByClose
		case "runtime.gcStart", "runtime.gcMarkTermination", "runtime.startTheWorldWithSema":
			f.waking = byPollerOrTask
		default:
			continue
		}
		return
	}
}
