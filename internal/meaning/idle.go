package meaning

import "strings"

// idleKind says which causes a row of idle functions holds for: a lock or a GC
// in the same function is a problem all the same.
type idleKind uint8

const (
	idleNetwork idleKind = 1 << iota
	idleChannel
	idleCond
	idleSystem // a system call, read: fsnotify's epoll

	idleLoop = idleChannel | idleCond
	idleAny  = idleNetwork | idleLoop | idleSystem
)

// holds reports whether a cause is of one of the kinds.
func (k idleKind) holds(c Cause) bool {
	switch {
	case c.polled() || c == FileRead:
		return k&idleNetwork != 0
	case c >= ChanReceive && c <= Channel, c == Timer, c == HTTPReply:
		return k&idleChannel != 0
	case c == Cond:
		return k&idleCond != 0
	case c == SystemCall || c == Sleep:
		return k&idleSystem != 0
	}
	return false
}

// An idleRow is a function whose waits are idle. With under, only if the frame
// below it begins so.
type idleRow struct {
	kind     idleKind
	under    string
	sentence string
}

const (
	nextRequest = "waits for the next request of a kept connection"
	connLoop    = "connection's loop: who waits for the reply is counted there"
	stdHelper   = "helper of the standard library: watches for the end"
	serviceLoop = "service loop of a library"
	grpcLoop    = "loop of gRPC's own"
	standsIn    = "stands for the caller, whose wait is counted"
)

// idleRows are the idle waits by the function that waits. The same functions
// are a problem where another function stands below them: busyRows.
var idleRows = map[string]idleRow{
	"net/http.(*conn).serve":                                             {idleNetwork, "bufio.(*Reader).Peek", nextRequest},
	"net/http.(*connReader).backgroundRead":                              {idleNetwork, "", "watches whether the client goes away"},
	"net/http.(*persistConn).readLoop":                                   {idleChannel, "", connLoop},
	"net/http.(*persistConn).writeLoop":                                  {idleChannel, "", connLoop},
	"database/sql.(*DB).connectionOpener":                                {idleChannel, "", stdHelper},
	"database/sql.(*DB).connectionResetter":                              {idleChannel, "", stdHelper}, // Go 1.11
	"database/sql.(*DB).connectionCleaner":                               {idleChannel, "", stdHelper},
	"database/sql.(*Tx).awaitDone":                                       {idleChannel, "", stdHelper},
	"database/sql.(*Rows).awaitDone":                                     {idleChannel, "", stdHelper},
	"os/signal.loop":                                                     {idleAny, "", "waits for a signal"},
	"os/signal.NotifyContext.func1":                                      {idleChannel, "", "waits for a signal"},
	"os/exec.(*Cmd).watchCtx":                                            {idleChannel, "", "watches whether the command is to be cancelled"},
	"os/exec.(*Cmd).watchCtx.func1":                                      {idleChannel, "", "watches whether the command is to be cancelled"},
	"github.com/robfig/cron/v3.(*Cron).run":                              {idleChannel, "", serviceLoop},
	"go.etcd.io/raft/v3.(*node).run":                                     {idleChannel, "", serviceLoop},
	"go.etcd.io/etcd/raft/v3.(*node).run":                                {idleChannel, "", serviceLoop},
	"github.com/quic-go/quic-go.(*Conn).run":                             {idleChannel, "", serviceLoop},
	"github.com/nats-io/nats%2ego.(*Conn).waitForMsgs":                   {idleCond, "", serviceLoop},
	"github.com/thejerf/suture/v4.(*Supervisor).Serve":                   {idleChannel, "", serviceLoop},
	"go.opentelemetry.io/otel/sdk/metric.(*PeriodicReader).run":          {idleChannel, "", serviceLoop},
	"google.golang.org/grpc/internal/transport.(*controlBuffer).get":     {idleChannel, "", grpcLoop},
	"google.golang.org/grpc/internal/transport.(*http2Server).keepalive": {idleChannel, "", grpcLoop},
	"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run": {idleChannel, "", grpcLoop},
	"google.golang.org/grpc.(*Server).serverWorker":                      {idleChannel, "", "worker waits for a stream"},
	"k8s.io/client-go/util/workqueue.(*delayingType[...]).waitingLoop":   {idleChannel, "", serviceLoop},
	"k8s.io/client-go/util/workqueue.(*delayingType).waitingLoop":        {idleChannel, "", serviceLoop},
	"k8s.io/client-go/util/workqueue.(*Typed[...]).Get":                  {idleCond, "", "worker waits for an item of its queue"},
	"k8s.io/client-go/util/workqueue.(*Type).Get":                        {idleCond, "", "worker waits for an item of its queue"},
}

// idlePrefixes are rows whose functions have more than one name.
var idlePrefixes = []struct {
	start string
	row   idleRow
}{
	{"google.golang.org/grpc.newClientStreamWithParams.func", idleRow{idleChannel, "", grpcLoop}},
	{"google.golang.org/grpc/internal/transport.NewHTTP2Client.func", idleRow{idleChannel, "", grpcLoop}},
	{"github.com/fsnotify/fsnotify.", idleRow{idleNetwork | idleChannel | idleSystem, "", serviceLoop}}, // readEvents, of each system's watcher
	{"github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers", idleRow{idleChannel, "", serviceLoop}},
	{"github.com/panjf2000/ants/v2.(*poolCommon).ticktock", idleRow{idleChannel, "", serviceLoop}},
	{"github.com/panjf2000/ants/v2.(*Pool).purgeStaleWorkers", idleRow{idleChannel, "", serviceLoop}},
	{"github.com/panjf2000/ants/v2.(*Pool).ticktock", idleRow{idleChannel, "", serviceLoop}},
}

// idleHTTP2 are rows by the part of a name that all three homes of HTTP/2 have.
var idleHTTP2 = map[string]idleRow{
	"serverConn).serve":          {idleChannel, "", connLoop},
	"serverConn).readFrames":     {idleChannel, "", connLoop},
	"Framer).ReadFrame":          {idleNetwork, "", connLoop},
	"Framer).ReadFrameHeader":    {idleNetwork, "", connLoop},
	"Framer).ReadFrameForHeader": {idleNetwork, "", connLoop}, // read
	"readFrameHeader":            {idleNetwork, "", connLoop},
	"clientStream).doRequest":    {idleChannel, "", standsIn},
	"clientStream).writeRequest": {idleChannel, "", standsIn}, // below doRequest only
}

// busyRows end the search: a wait in them is part of a request.
var busyRows = map[string]bool{
	"net/http.(*conn).readRequest":            true, // first or half-read request: 3,180 waits, 44 s
	"net/http.(*connReader).abortPendingRead": true, // 290,000 waits, 62 s
	"net/http.(*persistConn).readResponse":    true,
	"net/http.(*persistConn).wroteRequest":    true,
	"net/http.(*persistConn).roundTrip":       true,
	"database/sql.(*DB).conn":                 true, // the empty pool
	"net/http.(*Transport).getConn":           true,
	"crypto/tls.(*Conn).handshakeContext":     true, // read: a handshake is work
}

// causeSentences are the causes that are idle wherever they occur.
var causeSentences = [numCauses]string{
	Accept:           "waits for a connection",
	Signal:           "waits for a signal",
	Subtest:          "test waits for its subtest",
	TestTurn:         "test waits for its turn: few parallel slots make a run slow",
	ParallelSubtests: "test waits for its parallel subtests",
	RuntimeIdle:      "the runtime has nothing to do",
}

// Idle returns why a wait with this cause at the stack of f is idle, as a
// sentence, or "" if it is not.
func (f *Facts) Idle(c Cause) string {
	if f != nil && f.own && f.idles.holds(c) {
		return f.idle
	}
	if s := causeSentences[min(c, numCauses-1)]; s != "" {
		return s
	}
	if f == nil || !f.idles.holds(c) {
		return ""
	}
	return f.idle
}

// findIdle looks for a row of idle functions in the frames of std above the
// operation, the ones of the two libraries of HTTP/2, and the first other one.
func (f *Facts) findIdle(t *Tables, frames []Frame, above int, std *Std) {
	for i := above; i < len(frames); i++ {
		fn := matchName(frames[i].Func)
		if busyRows[fn] {
			return
		}
		own := false
		row, ok := idleRow{}, false
		if s, found := t.idle.match(fn); found {
			row, ok, own = idleRow{idleAny, "", s}, true, true
		} else {
			row, ok = builtIn(fn, f.Root)
		}
		under := ""
		if i > 0 {
			under = frames[i-1].Func
		}
		// A row for channels is about a function that waits itself.
		direct := i == above || own || row.kind&(idleNetwork|idleSystem) != 0
		if ok && direct && strings.HasPrefix(under, row.under) {
			f.idle, f.idles, f.own = row.sentence, row.kind, own
			return
		}
		_, http2 := http2Func(fn)
		if _, step := t.steps.match(fn); !http2 && !step && !std.Is(frames[i]) {
			return
		}
		// The loop that reads replies is idle until the first byte comes.
		if under == "bufio.(*Reader).Peek" && fn == "net/http.(*persistConn).readLoop" {
			f.idle, f.idles = connLoop, idleNetwork
			return
		}
	}
}

// builtIn returns the row of a function in the built-in tables.
func builtIn(fn, root string) (idleRow, bool) {
	if row, ok := idleRows[fn]; ok {
		return row, true
	}
	if x, ok := http2Func(fn); ok {
		row, ok := idleHTTP2[x]
		if ok && row.sentence == standsIn {
			stream, http2 := http2Func(root)
			ok = http2 && stream == "clientStream).doRequest"
		}
		return row, ok
	}
	for _, p := range idlePrefixes {
		if strings.HasPrefix(fn, p.start) {
			return p.row, true
		}
	}
	return idleRow{}, false
}

// NextInputSentence is the sentence of a wait that [Facts.NextInput] finds.
const NextInputSentence = "waits for its next input"

// An input is how a start function waits for its next input.
type input uint8

const (
	noInput  input = iota
	ranges         // for range over a channel
	selects        // a select
	condWait       // a Cond.Wait
)

// NextInput reports whether a wait at the stack of f looks like that of a
// worker for its next input: the start function itself, wrappers skipped,
// ranges over a channel, or waits in a select or a Cond.Wait, which the
// goroutine did before at this stack (repeated) or does at the end of the trace
// (open). So it is known at the end of the wait only.
//
// Of 31 such places 27 are workers, tickers or service loops by their names,
// and none is clearly wrong. Receives outside of a range and sends stay out:
// coordinators that wait for results look like that. So do main and tests.
func (f *Facts) NextInput(repeated, open bool) bool {
	switch {
	case f == nil || f.input == noInput:
		return false
	case f.input == ranges:
		return true
	}
	return repeated || open
}

// MayRepeat reports whether NextInput depends on what the goroutine did before
// at this stack: a caller needs to remember only those.
func (f *Facts) MayRepeat() bool { return f != nil && f.input > ranges }

// findInput looks whether the start function waits for its input itself.
func (f *Facts) findInput(frames []Frame, above, start int) {
	if above != start || above == 0 || f.Root == "runtime.main" || f.Root == "main.main" ||
		f.isTest || f.Class != ProgramClass || f.wrapped && !f.below {
		return
	}
	if _, std := idleRows[matchName(frames[start].Func)]; std {
		return
	}
	switch frames[above-1].Func {
	case "runtime.chanrecv2":
		f.input = ranges
	case "runtime.selectgo":
		f.input = selects
	case "sync.(*Cond).Wait":
		f.input = condWait
	}
}
