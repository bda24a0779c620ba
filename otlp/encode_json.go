package otlp

import (
	"slices"
	"strconv"
)

// jsonEncoder writes OTLP JSON (opentelemetry.io/docs/specs/otlp, "JSON
// Protobuf Encoding"): a TracesData to a line. Ids are hex, 64-bit integers
// are strings, enums are numbers: not what protojson writes.
type jsonEncoder struct {
	head []byte
	time jsonTime
}

func (e *jsonEncoder) begin(h head) {
	b := append(e.head[:0], `{"resourceSpans":[{"resource":{"attributes":`...)
	b = jsonAttrs(b, escapeKeys(h.resource))
	b = append(b, `},"scopeSpans":[{"scope":{"name":`...)
	b = jsonString(b, h.scope)
	if h.version != "" {
		b = append(b, `,"version":`...)
		b = jsonString(b, h.version)
	}
	e.head = append(b, `},"spans":[`...)
}

// escapeKeys returns the attributes of a resource as jsonAttrs wants them: their
// names may be the user's, not ours.
func escapeKeys(resource []attr) []attr {
	resource = slices.Clone(resource)
	for i := range resource {
		key := jsonString(nil, resource[i].key)
		resource[i].key = string(key[1 : len(key)-1])
	}
	return resource
}

// span appends a span, with a comma behind it.
func (e *jsonEncoder) span(b []byte, s *span) []byte {
	b = append(b, `{"traceId":"`...)
	b = appendHex(b, s.trace[:])
	b = append(b, `","spanId":"`...)
	b = appendHex(b, s.id[:])
	if s.parent != (spanID{}) {
		b = append(b, `","parentSpanId":"`...)
		b = appendHex(b, s.parent[:])
	}
	b = append(b, `","name":`...)
	b = jsonString(b, s.name)
	b = append(b, `,"kind":1,"startTimeUnixNano":"`...)
	b = e.time.append(b, s.start)
	b = append(b, `","endTimeUnixNano":"`...)
	b = e.time.append(b, s.end)
	b = append(b, '"')
	if len(s.attrs) > 0 {
		b = append(b, `,"attributes":`...)
		b = jsonAttrs(b, s.attrs)
	}
	if len(s.events) > 0 {
		b = append(b, `,"events":[`...)
		for i := range s.events {
			b = e.event(b, &s.events[i], &s.said)
		}
		b[len(b)-1] = ']'
	}
	if len(s.links) > 0 {
		b = append(b, `,"links":[`...)
		for i := range s.links {
			b = append(b, `{"traceId":"`...)
			b = appendHex(b, s.links[i].trace[:])
			b = append(b, `","spanId":"`...)
			b = appendHex(b, s.links[i].span[:])
			b = append(b, `","attributes":`...)
			b = jsonAttrs(b, s.links[i].attrs(&s.why))
			b = append(b, "},"...)
		}
		b[len(b)-1] = ']'
	}
	return append(b, "},"...)
}

func (e *jsonEncoder) event(b []byte, ev *event, scratch *[2]attr) []byte {
	b = append(b, `{"timeUnixNano":"`...)
	b = e.time.append(b, ev.at)
	b = append(b, `","name":`...)
	b = jsonString(b, ev.name)
	b = append(b, `,"attributes":`...)
	b = jsonAttrs(b, ev.attrs(scratch))
	return append(b, "},"...)
}

func jsonAttrs(b []byte, attrs []attr) []byte {
	b = append(b, '[')
	for i := range attrs {
		b = jsonAttr(b, &attrs[i])
	}
	if len(attrs) > 0 {
		b = b[:len(b)-1]
	}
	return append(b, ']')
}

// jsonAttr appends an attribute, with a comma behind it.
func jsonAttr(b []byte, a *attr) []byte {
	if a.kind == attrEncoded {
		return append(b, a.text...)
	}
	b = append(b, `{"key":"`...)
	b = append(b, a.key...) // ours: nothing in it needs an escape
	switch a.kind {
	case attrInt:
		b = append(b, `","value":{"intValue":"`...)
		b = appendInt(b, a.num)
		return append(b, `"}},`...)
	case attrBool:
		b = append(b, `","value":{"boolValue":`...)
		b = strconv.AppendBool(b, a.num != 0)
	default:
		b = append(b, `","value":{"stringValue":`...)
		b = jsonString(b, a.text)
	}
	return append(b, "}},"...)
}

func (e *jsonEncoder) attr(b []byte, a *attr) []byte { return jsonAttr(b, a) }

func (e *jsonEncoder) chunk(spans []byte) (before, within, after []byte) {
	return e.head, spans[:len(spans)-1], []byte("]}]}]}\n") // without the last comma
}

// jsonString appends a string, which is valid UTF-8, in quotes.
func jsonString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := plain(s, 0); i < len(s); i = plain(s, from) {
		b = append(b, s[from:i]...)
		from = i + 1
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// plain returns the place of the first byte of s, from i on, that needs an
// escape in JSON, or len(s). It looks at eight at a time: a byte at a time, it
// was a seventh of all the time of writing spans.
func plain(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		if !plain8(s[i : i+8]) {
			break
		}
	}
	if rest := len(s) - i; 0 < rest && rest < 8 && len(s) >= 8 && plain8(s[len(s)-8:]) {
		return len(s)
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// plain8 reports whether none of the eight bytes of s needs an escape.
func plain8(s string) bool {
	const (
		ones = 0x0101010101010101
		tops = 0x80 * ones
	)
	_ = s[7]
	v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	quote, back := v^'"'*ones, v^'\\'*ones
	// A byte less than n, of those below 0x80, borrows from its top bit.
	return ((v-0x20*ones)|(quote-ones)|(back-ones))&^v&tops == 0
}
