package perfetto

import (
	"strings"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of perfetto/trace/interned_data/interned_data.proto and
// profiling/profile_common.proto.
const (
	internedCategories  = 1 // InternedData
	internedEventNames  = 2
	internedArgNames    = 3
	internedFunctions   = 5
	internedFrames      = 6
	internedCallstacks  = 7
	internedSourcePaths = 18

	stringID    = 1 // EventCategory, EventName, DebugAnnotationName, InternedString
	stringValue = 2

	frameID         = 1 // Frame
	frameFunction   = 2
	frameSourcePath = 5
	frameLine       = 6

	callstackID     = 1 // Callstack
	callstackFrames = 2 // root first
)

// Interned things have ids from 1, of each kind apart. They are defined in the
// first packet that uses them, and what that packet is to define waits in
// fresh.
type dictionaries struct {
	fresh []byte

	names     map[string]uint64 // of slices and instants
	recent    [64]recentName
	rare      [256]rareName // the newest
	functions map[string]uint64
	paths     map[string]uint64
	symbols   map[string]uint64 // reasons of waits
	frames    map[convert.Frame]uint64
}

// maxNames bounds the names that are interned: programs make up names for
// regions and tasks without end, and rare ones may as well stand in their
// packets.
const maxNames = 1 << 15

func newDictionaries() dictionaries {
	return dictionaries{
		names:     make(map[string]uint64),
		functions: make(map[string]uint64),
		paths:     make(map[string]uint64),
		symbols:   make(map[string]uint64),
		frames:    make(map[convert.Frame]uint64),
	}
}

// name returns the id of an event's name, or zero if it is to be written out.
func (d *dictionaries) name(s string) uint64 {
	n := len(s)
	r := &d.recent[(uint(n)*8+uint(s[n/2])+uint(s[n-1]))%uint(len(d.recent))]
	if r.name == s {
		return r.id
	}
	id, ok := d.names[s]
	if !ok {
		if len(d.names) >= maxNames {
			return 0
		}
		id = d.define(d.names, internedEventNames, s)
	}
	*r = recentName{s, id}
	return id
}

// rareName is name for one that is not likely to come again: it is written out
// unless it does, soon.
func (d *dictionaries) rareName(prefix, s string) uint64 {
	n := len(s)
	last := &d.rare[(uint(n)*64+uint(s[n/2])*8+uint(s[n-1]))%uint(len(d.rare))]
	switch {
	case last.name != s || last.prefix != prefix:
		*last = rareName{prefix, s, 0}
	case last.id == 0 && prefix == "":
		last.id = d.name(s)
	case last.id == 0:
		last.id = d.name(prefix + ": " + s)
	}
	return last.id
}

// A rareName came once, or if it has an id, more than once.
type rareName struct {
	prefix, name string
	id           uint64
}

// A recentName saves a look at the map of names: few are as frequent as most,
// and equal ones tend to be one string.
type recentName struct {
	name string
	id   uint64
}

func (d *dictionaries) function(s string) uint64 {
	if id, ok := d.functions[s]; ok {
		return id
	}
	return d.define(d.functions, internedFunctions, s)
}

func (d *dictionaries) path(s string) uint64 {
	if id, ok := d.paths[s]; ok {
		return id
	}
	return d.define(d.paths, internedSourcePaths, s)
}

func (d *dictionaries) symbol(s string) uint64 {
	if id, ok := d.symbols[s]; ok {
		return id
	}
	return d.define(d.symbols, internedKernelSymbols, s)
}

func (d *dictionaries) define(ids map[string]uint64, field int, s string) uint64 {
	id := uint64(len(ids)) + 1
	ids[s] = id
	d.fresh = appendInterned(d.fresh, field, id, s)
	return id
}

func appendInterned(b []byte, field int, id uint64, s string) []byte {
	b, mark := wire.Open(b, field)
	b = wire.Uint(b, stringID, id)
	b = wire.String(b, stringValue, valid(s))
	return wire.Close(b, mark)
}

func (d *dictionaries) frame(f convert.Frame) uint64 {
	if id, ok := d.frames[f]; ok {
		return id
	}
	function, path := d.function(f.Func), d.path(f.File)
	id := uint64(len(d.frames)) + 1
	d.frames[f] = id
	b, mark := wire.Open(d.fresh, internedFrames)
	b = wire.Uint(b, frameID, id)
	b = wire.Uint(b, frameFunction, function)
	b = wire.Uint(b, frameSourcePath, path)
	b = wire.Uint(b, frameLine, uint64(max(f.Line, 0)))
	d.fresh = wire.Close(b, mark)
	return id
}

// A stackTable holds the definitions of stacks until they are first needed.
type stackTable struct {
	defs    [][]convert.Frame // by StackID; nil once written
	written []bool            // by StackID
}

func (t *stackTable) define(st *convert.Stack) {
	for int(st.ID) >= len(t.defs) {
		t.defs, t.written = append(t.defs, nil), append(t.written, false)
	}
	t.defs[st.ID], t.written[st.ID] = st.Frames, false
}

// stack returns the id of a call stack, which is its StackID, or zero if there
// is nothing to show.
func (w *writer) stack(id convert.StackID) uint64 {
	if int(id) < len(w.stacks.written) && w.stacks.written[id] {
		return uint64(id)
	}
	return w.defineStack(id)
}

// defineStack writes a stack's definition.
func (w *writer) defineStack(id convert.StackID) uint64 {
	if int(id) >= len(w.stacks.defs) || len(w.stacks.defs[id]) == 0 {
		return 0
	}
	def := w.stacks.defs[id]
	frames := make([]uint64, len(def))
	for i, f := range def {
		frames[len(frames)-1-i] = w.frame(f)
	}
	b, mark := wire.Open(w.fresh, internedCallstacks)
	b = wire.Uint(b, callstackID, uint64(id))
	for _, f := range frames {
		b = wire.Uint(b, callstackFrames, f)
	}
	w.fresh = wire.Close(b, mark)
	w.stacks.defs[id], w.stacks.written[id] = nil, true
	return uint64(id)
}

// valid returns s as a protobuf string can hold it. Strings of traces are
// whatever bytes the program put there. NUL would end the string for SQL.
func valid(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(s, "\x00", "\u2400")
}
