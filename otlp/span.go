package otlp

import (
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
)

// An event is a log on a span: its name is the category.
type event struct {
	at      uint64
	name    string
	message string
	task    uint64 // or convert.NoTask
}

// A link points at a span of another OpenTelemetry trace. kind says what that
// is, in the attribute attrLink.
type link struct {
	trace traceID
	span  spanID
	kind  string
}

// begin makes s ready for a span.
func (s *span) begin(at ref, parent spanID, name string) {
	*s = span{
		trace: at.trace.id, id: at.id, parent: parent, name: utf8Text(name),
		attrs: s.attrs[:0], links: s.links[:0],
	}
}

func (s *span) text(key, value string) {
	s.attrs = append(s.attrs, attr{key: key, kind: attrText, text: utf8Text(value)})
}

func (s *span) int(key string, value int64) {
	s.attrs = append(s.attrs, attr{key: key, kind: attrInt, num: value})
}

// set replaces the value of an attribute that there is.
func (s *span) set(key string, a attr) {
	for i := range s.attrs {
		if s.attrs[i].key == key {
			a.key = key
			s.attrs[i] = a
		}
	}
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

// folded says what has no span of its own for want of room.
func (s *span) folded(f *folded) {
	s.some(attrFoldedSpans, f.spans)
	s.some(attrFoldedDuration, f.ns)
	s.some(attrFoldedLogs, f.logs)
}

// link points at a span, if there is one.
func (s *span) link(to ref, kind string) {
	if to.trace != nil {
		s.links = append(s.links, link{to.trace.id, to.id, kind})
	}
}

// attr returns the attribute of a link.
func (l *link) attr() attr { return attr{key: attrLink, text: l.kind} }

// Sizes of parts of a span in the binary encoding, at the most: what is left
// are the bytes of strings.
const (
	spanOverhead  = 80
	attrOverhead  = 20
	eventOverhead = 24
	linkOverhead  = 32 + attrOverhead + len(attrLink) + len(linkG)
)

// size returns an upper bound of the size of s in the binary encoding.
func (s *span) size() int {
	n := spanOverhead + len(s.name)
	for i := range s.attrs {
		n += attrOverhead + len(s.attrs[i].key) + len(s.attrs[i].text)
	}
	for i := range s.events {
		n += s.events[i].size()
	}
	return n + linkOverhead*len(s.links)
}

// attrs returns the attributes of a log.
func (e *event) attrs() []attr {
	attrs := []attr{{key: attrMessage, text: e.message}}
	if e.task != convert.NoTask {
		attrs = append(attrs, attr{key: attrTask, kind: attrInt, num: int64(e.task)})
	}
	return attrs
}

func (e *event) size() int {
	return eventOverhead + 2*attrOverhead + len(attrMessage) + len(attrTask) + len(e.name) + len(e.message)
}

// maxName is the length to which names are cut when room is scarce.
const maxName = 128

// trim takes from s what it can do without: logs, stacks, the end of a long
// name. It returns how many logs that were.
func (s *span) trim() (logs int64) {
	logs = int64(len(s.events))
	s.events = nil
	kept := s.attrs[:0]
	for _, a := range s.attrs {
		if a.kind != attrText || len(a.text) <= maxName {
			kept = append(kept, a)
		}
	}
	s.attrs = kept
	if len(s.name) > maxName {
		s.name = strings.ToValidUTF8(s.name[:maxName], "")
	}
	return logs
}

// utf8Text returns s as a protobuf string can hold it. Strings of traces are
// whatever bytes the program put there.
func utf8Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
