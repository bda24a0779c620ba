package otlp

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/trace2otel/trace2otel/convert"
)

// A span is what is encoded of one, in the terms of trace.proto. The sink
// builds every span in the same one.
type span struct {
	trace  traceID
	id     spanID
	parent spanID // zero: a root
	name   string
	start  uint64 // ns since the Unix epoch
	end    uint64
	attrs  []attr
	events []event
	links  []link

	stack *stackText // of an attrEncoded, if there is one
	site  int        // the frame told apart

	why  [1]attr // scratch: of a link
	said [2]attr // of an event
}

// An attr is an attribute. What its value is, the kind says.
type attr struct {
	key  string
	kind attrType
	num  int64 // 1 for true
	text string
}

type attrType uint8

const (
	attrText attrType = iota
	attrInt
	attrBool

	// attrEncoded stands for several attributes, whose encoding is the text and
	// whose size the number.
	attrEncoded
)

// An event is a log on a span: its name is the category.
type event struct {
	at      uint64
	name    string
	message string
	task    uint64 // or convert.NoTask
}

// A link points at a span of any OpenTelemetry trace of the run, and says why.
type link struct {
	ref
	why string
}

// begin makes s ready for a span.
func (s *span) begin(at ref, parent spanID, name string) {
	s.trace, s.id, s.parent, s.name = at.trace, at.span, parent, utf8Text(name)
	s.attrs, s.links, s.events = s.attrs[:0], s.links[:0], nil
}

func (s *span) text(key, value string) { s.word(key, utf8Text(value)) }

// word adds a text that is valid UTF-8.
func (s *span) word(key, value string) {
	s.attrs = append(s.attrs, attr{key: key, kind: attrText, text: value})
}

func (s *span) int(key string, value int64) {
	s.attrs = append(s.attrs, attr{key: key, kind: attrInt, num: value})
}

// some adds a number unless it is zero.
func (s *span) some(key string, value int64) {
	if value != 0 {
		s.int(key, value)
	}
}

func (s *span) yes(key string) {
	s.attrs = append(s.attrs, attr{key: key, kind: attrBool, num: 1})
}

// flags says what is special about the interval.
func (s *span) flags(f convert.Flags) {
	if f&convert.OpenStart != 0 {
		s.yes(attrOpenStart)
	}
	if f&convert.OpenEnd != 0 {
		s.yes(attrOpenEnd)
	}
	if f&convert.Exited != 0 {
		s.yes(attrExited)
	}
	if f&convert.Repaired != 0 {
		s.yes(attrRepaired)
	}
}

// folded says what has no span, log or link of its own for want of room.
func (s *span) folded(f *folded) {
	s.some(attrFoldedSpans, f.spans)
	s.some(attrFoldedDuration, f.ns)
	s.some(attrFoldedLogs, f.logs)
	s.some(attrFoldedLinks, f.links)
}

// link points at a span, if there is one.
func (s *span) link(to ref, why string) {
	if to != (ref{}) {
		s.links = append(s.links, link{to, why})
	}
}

// attrs returns the attributes of a link, in memory that the caller has for it.
func (l *link) attrs(scratch *[1]attr) []attr {
	scratch[0] = attr{key: attrLink, text: l.why}
	return scratch[:]
}

// Sizes of parts of a span in the binary encoding, at the most: what is left
// are the bytes of strings.
const (
	spanOverhead  = 72
	textOverhead  = 14
	intOverhead   = 8 // and the number
	boolSize      = 10
	eventOverhead = 18
	linkSize      = 36 + textOverhead + len(attrLink) + maxLinkWord
	foldedSize    = 4 * (intOverhead + 8 + len(attrFoldedDuration))
)

// size returns an upper bound of the size of s in the binary encoding.
func (s *span) size() int {
	n := spanOverhead + len(s.name) + linkSize*len(s.links)
	for i := range s.attrs {
		n += s.attrs[i].size()
	}
	for i := range s.events {
		n += s.events[i].size()
	}
	return n
}

func (a *attr) size() int {
	switch a.kind {
	case attrInt:
		return intOverhead + len(a.key) + varintSize(uint64(a.num))
	case attrBool:
		return boolSize + len(a.key)
	case attrEncoded:
		return int(a.num)
	}
	return textOverhead + len(a.key) + len(a.text)
}

// varintSize returns at least the length of v as a varint.
func varintSize(v uint64) int {
	switch {
	case v < 1<<14:
		return 2
	case v < 1<<28:
		return 4
	case v < 1<<42:
		return 6
	}
	return 10
}

// attrs returns the attributes of a log, in memory that the caller has for it.
func (e *event) attrs(scratch *[2]attr) []attr {
	scratch[0] = attr{key: attrMessage, text: e.message}
	if e.task == convert.NoTask {
		return scratch[:1]
	}
	scratch[1] = attr{key: attrTask, kind: attrInt, num: int64(e.task)}
	return scratch[:]
}

func (e *event) size() int {
	return eventOverhead + textOverhead + intOverhead + 10 + len(attrMessage) + len(attrTask) + len(e.name) + len(e.message)
}

// What of a span is kept where room is scarce.
const (
	maxName  = 120 // bytes of a name
	maxLinks = 4
)

// trim takes from s what it can do without: logs, stacks, most links, the end
// of a long name, and how the waits of subtasks divide up. It counts logs and
// links.
func (s *span) trim(f *folded) {
	f.logs += int64(len(s.events))
	s.events = nil
	kept := s.attrs[:0]
	for _, a := range s.unpacked() {
		if len(a.text) <= maxName && !strings.HasPrefix(a.key, attrAllWaitPrefix) {
			kept = append(kept, a)
		}
	}
	s.attrs = kept
	s.shorten(maxName, maxLinks, f)
}

// shorten leaves so many bytes of the name, and so many links.
func (s *span) shorten(name, links int, f *folded) {
	if n := len(s.links); n > links {
		f.links += int64(n - links)
		s.links = s.links[:links]
	}
	if len(s.name) > name {
		s.name = strings.ToValidUTF8(s.name[:name], "")
	}
}

// maxBareName is how much of a name is kept of a span that is stripped.
const maxBareName = 60

// bare are the attributes that no span is without, if it has them. Those of
// waits are summed up in one.
var bare = map[string]bool{
	attrKind: true, attrOpenStart: true, attrOpenEnd: true, attrExited: true, attrRepaired: true,
	attrRunning: true, attrAssist: true, attrRunnable: true, attrStopped: true, attrWaiting: true,
	attrSyscall: true, attrSyscallBlocked: true, attrTask: true, attrGoroutine: true,
	attrGoroutines: true, attrPart: true, attrProc: true, attrCycle: true, attrCycles: true,
	attrProcBusy: true, attrProcIdle: true, attrProcSyscall: true, attrLongestIdle: true,
	attrAssists: true, attrAssistTime: true, attrSweeps: true, attrSweepTime: true, attrSweptBytes: true, attrReclaimedBytes: true,
}

// strip takes from s, which is trimmed, all but what it is and where its time
// went.
func (s *span) strip(f *folded) {
	kept := s.attrs[:0]
	var waits int64
	for _, a := range s.attrs {
		switch {
		case bare[a.key]:
			kept = append(kept, a)
		case strings.HasPrefix(a.key, attrWaitPrefix) && a.kind == attrInt:
			waits += a.num
		}
	}
	s.attrs = kept
	s.some(waitAttr(attrWaitPrefix, otherReasons), waits)
	s.shorten(maxBareName, 1, f)
}

// unpacked returns the attributes of s one by one.
func (s *span) unpacked() []attr {
	i := slices.IndexFunc(s.attrs, func(a attr) bool { return a.kind == attrEncoded })
	if i < 0 {
		return s.attrs
	}
	stack := s.stack.attrs(s.site)
	return slices.Concat(s.attrs[:i], stack[:], s.attrs[i+1:])
}

// utf8Text returns s as a protobuf string can hold it. Strings of traces are
// whatever bytes the program put there.
func utf8Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
