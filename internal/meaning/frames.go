package meaning

import "strings"

// deep are the frames of parking itself. A wait with a reason begins above
// them; a status with a stack (Go 1.23 and later) shows them. Without them, one
// table serves both: so all 1,345 initial waits with a stack get a cause.
var deep = map[string]bool{
	"runtime.gopark":       true,
	"runtime.goparkunlock": true,
	"runtime.chanrecv":     true,
	"runtime.chansend":     true,
	"runtime.netpollblock": true,
	"runtime.semacquire":   true, // read
	"runtime.semacquire1":  true,
	"runtime.semasleep":    true, // read
	"runtime.coroswitch":   true, // read: iterators, their second state
	"runtime.coroswitch_m": true, // read

	"internal/poll.runtime_Semacquire":      true, // FD.Close and rwlock stand above it
	"internal/poll.runtime_pollWait":        true,
	"internal/poll.(*pollDesc).wait":        true,
	"internal/poll.(*pollDesc).waitRead":    true,
	"internal/poll.(*pollDesc).waitWrite":   true,
	"sync.runtime_notifyListWait":           true,
	"internal/sync.(*Mutex).lockSlow":       true,
	"sync.(*Mutex).lockSlow":                true,
	"internal/sync.runtime_SemacquireMutex": true,
}

// isDeep reports whether fn is a frame of parking itself.
func isDeep(fn string) bool { return deep[fn] || strings.HasPrefix(fn, "sync.runtime_Semacquire") }

// operations are the leaves that say what the wait is, with the family of
// reasons that go with them.
var operations = map[string]struct {
	family family
	cause  Cause
}{
	"sync.(*Mutex).Lock":              {syncFamily, Mutex}, // 71 %
	"internal/sync.(*Mutex).Lock":     {syncFamily, Mutex},
	"sync.(*RWMutex).Lock":            {syncFamily, WriteLock}, // behind readers, 205 waits
	"sync.(*RWMutex).RLock":           {syncFamily, ReadLock},  // 457
	"sync.(*WaitGroup).Wait":          {syncFamily, WaitGroup}, // 791 s
	"sync.(*WaitGroup).wait":          {syncFamily, WaitGroup}, // read
	"internal/poll.(*FD).Close":       {syncFamily, FileClose}, // 2,088
	"internal/poll.(*fdMutex).rwlock": {syncFamily, FileLock},  // 123; 893 where many goroutines print

	"runtime.gcStart":                 {syncFamily, GCStart},      // 1,458, 20 s
	"runtime.gcMarkDone":              {syncFamily, GCEnd},        // 10,694, 372 s
	"runtime.gcParkAssist":            {otherFamily, GCAssist},    // 3,867
	"runtime.gcWaitOnMark":            {otherFamily, GCEnd},       // 434
	"runtime.gcParkStrongFromWeak":    {otherFamily, GCEnd},       // 29
	"runtime.stopTheWorld":            {syncFamily, StopTheWorld}, // 110
	"runtime.stopTheWorldGC":          {syncFamily, StopTheWorld},
	"runtime.stopTheWorldWithSema":    {syncFamily, StopTheWorld}, // read
	"internal/synctest.Run":           {otherFamily, Synctest},    // 662
	"internal/synctest.Wait":          {otherFamily, Synctest},
	"sync.(*Cond).Wait":               {condFamily, Cond},
	"time.Sleep":                      {sleepFamily, Sleep}, // 97.6 % of the time
	"runtime.(*scavengerState).sleep": {sleepFamily, RuntimeIdle},
	"runtime.scavengeSleep":           {sleepFamily, RuntimeIdle}, // to Go 1.15
	"runtime.corostart":               {otherFamily, IteratorPending},
	"runtime.handleEvent":             {otherFamily, JSEvent}, // 158
	"runtime.block":                   {foreverFamily, SelectForever},

	"runtime.selectgo":     {channelFamily, Select},
	"runtime.chanrecv1":    {channelFamily, ChanReceive},
	"runtime.chanrecv2":    {channelFamily, ChanReceive},
	"runtime.chansend1":    {channelFamily, ChanSend},
	"runtime.selectnbsend": {channelFamily, ChanSend},
	"runtime.selectnbrecv": {channelFamily, ChanReceive},
}

// leaf finds the cause that the frames give, and returns the index of the first
// frame above the operation of waiting.
func (f *Facts) leaf(frames []Frame, std *Std) int {
	i := 0
	for i < len(frames)-1 && isDeep(frames[i].Func) {
		i++
	}
	fn := matchName(frames[i].Func)
	next := ""
	if i+1 < len(frames) {
		next = matchName(frames[i+1].Func)
	}
	op, ok := operations[fn]
	switch {
	case fn == "internal/poll.splicePump", fn == "internal/poll.sendFile": // read: loops of the splice
		f.family, f.refined = networkFamily, NetworkWrite
		return i
	case fn == "internal/poll.spliceDrain":
		f.family, f.refined = networkFamily, NetworkRead
		return i
	case strings.HasPrefix(fn, "internal/poll.(*FD).") && op.cause != FileClose:
		f.family, f.refined = networkFamily, pollCause(frames[i:], std)
		return i
	case strings.HasPrefix(fn, "internal/sync.(*HashTrieMap[...])"):
		f.family, f.refined = syncFamily, Mutex // inlined Lock
		return i
	case !ok && i > 0 && strings.Contains(frames[i-1].Func, "untime_Semacquire"):
		f.family, f.refined = syncFamily, Semaphore // one test that calls it itself, 82 waits
		return i
	case !ok:
		return i
	}
	f.family, f.plain = op.family, op.cause
	switch op.family {
	case channelFamily:
		f.refined = channelCause(fn, next)
		if f.refined == UnknownCause && f.Class == TracerClass {
			f.refined = Tracer
		}
	case syncFamily:
		f.refined = op.cause
		if op.cause == Mutex {
			f.refined = mutexCause(frames[i+1:])
		}
	case sleepFamily:
		f.refined = op.cause
		if f.Class == TracerClass {
			f.refined = Tracer
		}
	default:
		f.refined = op.cause
	}
	return i + 1
}

// mutexCause says what a Mutex is part of, by the frames above its Lock.
func mutexCause(above []Frame) Cause {
	if len(above) > 0 && strings.HasPrefix(above[0].Func, "sync.(*Mutex).Lock") {
		above = above[1:] // sync's Lock calls internal/sync's, Go 1.24 and later
	}
	if len(above) == 0 {
		return Mutex
	}
	switch above[0].Func {
	case "sync.(*Cond).Wait":
		return CondMutex // 17,660 waits
	case "sync.(*RWMutex).Lock":
		return WriteLock // behind another writer, 101
	case "sync.(*Once).doSlow", "sync.(*Once).Do":
		return Once // also OnceFunc and OnceValue, 68
	}
	return Mutex
}

// pollCause tells the waits at the poller apart by the frames of std.
func pollCause(frames []Frame, std *Std) Cause {
	method := strings.TrimPrefix(frames[0].Func, "internal/poll.(*FD).")
	if method == "Accept" || method == "acceptOne" { // acceptOne: Windows
		return Accept
	}
	file, network := false, false
	for _, x := range frames[1:] {
		if !std.Is(x) {
			break
		}
		switch {
		case x.Func == "net.(*netFD).connect", x.Func == "net.(*netFD).dial":
			return Dial // 5,115 waits
		case strings.HasPrefix(x.Func, "net."):
			network = true
		case strings.HasPrefix(x.Func, "os.(*File)."):
			file = true
		}
	}
	write := false
	for _, start := range [...]string{"Write", "WaitWrite", "RawWrite", "SendFile", "ConnectEx"} {
		write = write || strings.HasPrefix(method, start)
	}
	switch {
	case file && !network && write:
		return PipeWrite
	case file && !network:
		return PipeRead // 9,165 waits, 103 s
	case write:
		return NetworkWrite // 2,686 waits
	}
	return NetworkRead // 83 % of the time
}

// channelRows are the causes of waits at channels by the frame that waits.
var channelRows = map[string]Cause{
	"net/http.(*persistConn).roundTrip": HTTPReply,          // 211,549 waits, 1,372 s
	"net/http.(*Transport).getConn":     HTTPConnection,     // 6,137
	"database/sql.(*DB).conn":           DatabaseConnection, // 14; connectionOpener begins alike and is idle

	"testing.(*T).Run":                    Subtest, // 8,906
	"testing.(*B).run1":                   Subtest,
	"testing.(*B).doBench":                Subtest,
	"testing.(*B).Run":                    Subtest, // read
	"testing.runTests":                    Subtest,
	"testing.runExample":                  Subtest,
	"testing.(*T).Parallel":               TestTurn,         // 11,931 s
	"testing.(*testState).waitParallel":   TestTurn,         // Go 1.24 and later
	"testing.(*testContext).waitParallel": TestTurn,         // to Go 1.23
	"testing.tRunner.func1":               ParallelSubtests, // 4,791 s

	"runtime.(*wakeableSleep).sleep": Tracer,  // 17,853
	"runtime.gcBgMarkStartWorkers":   GCStart, // 332
	"net/http/pprof.sleep":           Tracer,  // 96 s: a handler that records
}

// channelPrefixes are rows whose functions have more than one name.
var channelPrefixes = []struct {
	start string
	cause Cause
}{
	{"net/http.(*persistConn).readLoop.func", HTTPHandBack}, // .func3 in Go 1.21, .func4 since; 105,208 waits
	{"net.(*Resolver).", NameLookup},                        // 499
	{"net.doBlockingWithCtx", NameLookup},
	{"internal/singleflight.", NameLookup},
	{"net.(*pipe).", MemoryPipe}, // 65 % of all chan send waits
	{"io.(*pipe).", MemoryPipe},
	{"runtime/trace.", Tracer},
}

// channelCause refines a wait at a channel by the frame that waits, next. It is
// unknown if the operation, op, is all that can be said.
func channelCause(op, next string) Cause {
	if c, ok := channelRows[next]; ok {
		return c
	}
	if fn, ok := http2Func(next); ok && op == "runtime.selectgo" {
		switch fn {
		case "ClientConn).roundTrip", "ClientConn).RoundTrip", "clientStream).writeRequest":
			return HTTPReply
		}
	}
	for _, row := range channelPrefixes {
		if strings.HasPrefix(next, row.start) {
			return row.cause
		}
	}
	return UnknownCause
}

// http2Func returns the part of a name that the three homes of HTTP/2 have in
// common: "serverConn).serve", "readFrameHeader". Go 1.27 moved the one of
// net/http from names with http2 to a package of its own.
func http2Func(fn string) (string, bool) {
	rest, ok := strings.CutPrefix(fn, "golang.org/x/net/http2.")
	if !ok {
		rest, ok = strings.CutPrefix(fn, "net/http/internal/http2.")
	}
	if ok {
		return strings.TrimPrefix(rest, "(*"), true
	}
	if rest, ok = strings.CutPrefix(fn, "net/http."); !ok {
		return "", false
	}
	return strings.CutPrefix(strings.TrimPrefix(rest, "(*"), "http2")
}
