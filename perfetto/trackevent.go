package perfetto

import (
	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of perfetto/trace/track_event/track_event.proto and
// debug_annotation.proto.
const (
	eventCategoryID    = 3 // TrackEvent
	eventArgs          = 4
	eventType          = 9
	eventNameID        = 10
	eventTrack         = 11
	eventExtraValues   = 12
	eventName          = 23
	eventCounterValue  = 30
	eventExtraTracks   = 31
	eventFlowIDs       = 47
	eventFlowEnds      = 48
	eventCorrelationID = 52
	eventCallstackID   = 56

	argNameID = 1 // DebugAnnotation
	argBool   = 2
	argInt    = 4
	argText   = 6

	typeBegin   = 1 // TrackEvent.Type
	typeEnd     = 2
	typeInstant = 3
	typeCounter = 4
)

// Categories of slices and instants: what they are, whatever their names.
const (
	catGoroutine = iota + 1
	catWait
	catSyscall
	catAssist
	catRegion
	catLog
	catGC
	catSTW
	catSweep
	catTask
	catSample
	catLabel
	catThread
	catFlow
	catProc
	catRunnable
	catTaskLog
	catDamage
)

var categories = [...]string{
	catGoroutine: "goroutine",
	catWait:      "wait",
	catSyscall:   "syscall",
	catAssist:    "assist",
	catRegion:    "region",
	catLog:       "log",
	catGC:        "gc",
	catSTW:       "stw",
	catSweep:     "sweep",
	catTask:      "task",
	catSample:    "sample",
	catLabel:     "label",
	catThread:    "thread",
	catFlow:      "flow",
	catProc:      "proc",
	catRunnable:  "runnable",
	catTaskLog:   "task log",
	catDamage:    "damage",
}

// Names of arguments, which SQL sees with "debug." before them.
const (
	argCreator = iota + 1
	argWaker
	argEnder
	argGoroutine
	argParent
	argMessage
	argSwept
	argReclaimed
	argProc
	argStopping
	argOpenStart // begun before the trace, or before it could be seen
	argOpenEnd   // under way when the trace ended
	argExited    // closed by the goroutine's exit
	argRepaired  // guessed, since the trace is damaged
)

var argNames = [...]string{
	argCreator:   "creator",
	argWaker:     "waker",
	argEnder:     "ender",
	argGoroutine: "goroutine",
	argParent:    "parent",
	argMessage:   "message",
	argSwept:     "swept_bytes",
	argReclaimed: "reclaimed_bytes",
	argProc:      "proc",
	argStopping:  "stopping_ns",
	argOpenStart: "open_start",
	argOpenEnd:   "open_end",
	argExited:    "exited",
	argRepaired:  "repaired",
}

// An event is what a TrackEvent of a slice or an instant says. Zero fields are
// left out. It is filled for each event anew, so it is kept small.
type event struct {
	typ      uint8
	category uint8
	flags    convert.Flags
	nargs    uint8
	flowEnds bool
	rare     bool // the name is not likely to come again

	hasMessage bool
	stack      convert.StackID

	track       uint64
	name        string
	prefix      string // of a rare name, with ": " behind
	correlation uint64 // task id: relates what belongs to a task across tracks
	flow        uint64 // id of an arrow that starts here, or, if flowEnds, ends
	message     string // the text of argMessage, if hasMessage
	args        [3]arg
}

type arg struct {
	name  uint8
	value int64
}

// arg adds an argument.
func (e *event) arg(name uint8, value int64) {
	e.args[e.nargs] = arg{name: name, value: value}
	e.nargs++
}

// goroutineArg adds an argument unless it is no goroutine.
func (e *event) goroutineArg(name uint8, g convert.GoID) {
	if g != convert.NoGoroutine {
		e.arg(name, int64(g))
	}
}

// event writes a TrackEvent.
func (w *writer) event(t convert.Time, e *event) {
	var name uint64
	switch {
	case e.name == "":
	case e.rare:
		name = w.rareName(e.prefix, e.name)
	default:
		name = w.name(e.name)
	}
	stack := w.stack(e.stack) // before the packet opens: it may define
	b, packet := w.openAt(t)
	mark := len(b) + 2
	b = append(b, keyTrackEvent, 0, eventType<<3, e.typ)
	if e.category != 0 {
		b = append(b, eventCategoryID<<3, e.category)
	}
	if name != 0 {
		b = wire.Varint(append(b, eventNameID<<3), name)
	} else if e.name != "" {
		b = appendName(b, e)
	}
	b = wire.Varint(append(b, eventTrack<<3), e.track)
	if stack != 0 {
		b = wire.Uint(b, eventCallstackID, stack)
	}
	if e.correlation != 0 {
		b = wire.Uint(b, eventCorrelationID, e.correlation)
	}
	if e.flow != 0 {
		field := eventFlowIDs
		if e.flowEnds {
			field = eventFlowEnds
		}
		b = wire.Fixed64(b, field, e.flow)
	}
	if e.hasMessage {
		b = appendMessage(b, e.message)
	}
	for i := range e.args[:e.nargs] {
		b = appendArg(b, &e.args[i])
	}
	if e.flags != 0 {
		b = appendFlags(b, e)
	}
	w.closeBoth(b, packet, mark)
}

// appendName appends a name that is not interned.
func appendName(b []byte, e *event) []byte {
	if e.prefix == "" {
		return wire.String(b, eventName, valid(e.name))
	}
	b, mark := wire.Open(b, eventName)
	b = append(append(append(b, valid(e.prefix)...), ": "...), valid(e.name)...)
	return wire.Close(b, mark)
}

// end writes the TrackEvent that ends a slice of which there is nothing to say
// but its flags. Every third packet is one.
func (w *writer) end(t convert.Time, track uint64, flags convert.Flags) {
	if flags&^convert.OpenStart != 0 {
		w.event(t, &event{typ: typeEnd, track: track, flags: flags})
		return
	}
	b, packet := w.openAt(t)
	mark := len(b) + 2
	b = append(b, keyTrackEvent, 0, eventType<<3, typeEnd, eventTrack<<3)
	w.closeBoth(wire.Varint(b, track), packet, mark)
}

// keyTrackEvent is the key of a packet's track event.
const keyTrackEvent = packetTrackEvent<<3 | wire.TypeBytes

// keyArgs is the key of a track event's argument.
const keyArgs = eventArgs<<3 | wire.TypeBytes

func appendArg(b []byte, a *arg) []byte {
	mark := len(b) + 2
	b = append(b, keyArgs, 0, argNameID<<3, a.name, argInt<<3)
	b = wire.Varint(b, uint64(a.value))
	b[mark-1] = byte(len(b) - mark)
	return b
}

func appendMessage(b []byte, text string) []byte {
	b, mark := wire.Open(b, eventArgs)
	b = wire.Uint(b, argNameID, argMessage)
	b = wire.String(b, argText, valid(text))
	return wire.Close(b, mark)
}

// appendFlags says what is special about an interval, once: the start on its
// Begin, the end on its End.
func appendFlags(b []byte, e *event) []byte {
	flag := func(f convert.Flags, atEnd bool, name uint64) {
		if e.flags&f == 0 || (e.typ == typeEnd) != atEnd {
			return
		}
		var mark int
		b, mark = wire.Open(b, eventArgs)
		b = wire.Uint(b, argNameID, name)
		b = wire.Bool(b, argBool, true)
		b = wire.Close(b, mark)
	}
	flag(convert.OpenStart, false, argOpenStart)
	flag(convert.OpenEnd, true, argOpenEnd)
	flag(convert.Exited, true, argExited)
	flag(convert.Repaired, true, argRepaired)
	return b
}
