package otlp

import (
	"math/bits"
	"slices"

	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of opentelemetry/proto/trace/v1/trace.proto,
// resource/v1/resource.proto and common/v1/common.proto.
const (
	tracesResourceSpans = 1 // TracesData

	resourceSpansResource = 1 // ResourceSpans
	resourceSpansScope    = 2

	scopeSpansScope = 1 // ScopeSpans
	scopeSpansSpans = 2

	spanTraceID  = 1 // Span
	spanSpanID   = 2
	spanParentID = 4
	spanName     = 5
	spanKind     = 6
	spanStart    = 7
	spanEnd      = 8
	spanAttrs    = 9
	spanEvents   = 11
	spanLinks    = 13

	kindInternal = 1 // Span.SpanKind

	eventTime  = 1 // Span.Event
	eventName  = 2
	eventAttrs = 3

	linkTraceID = 1 // Span.Link
	linkSpanID  = 2
	linkAttrs   = 4

	resourceAttrs = 1 // Resource

	scopeName    = 1 // InstrumentationScope
	scopeVersion = 2

	keyValueKey   = 1 // KeyValue
	keyValueValue = 2

	anyString = 1 // AnyValue
	anyBool   = 2
	anyInt    = 3
)

// protoEncoder writes TracesData messages. Several of them in a row are one:
// repeated fields of concatenated messages add up.
type protoEncoder struct {
	head  []byte // the resource, of a ResourceSpans
	scope []byte // the scope, of a ScopeSpans
	buf   []byte
}

func (e *protoEncoder) begin(h head) {
	b, mark := wire.Open(nil, resourceSpansResource)
	for i := range h.resource {
		b = protoAttr(b, resourceAttrs, &h.resource[i])
	}
	e.head = wire.Close(b, mark)

	b, mark = wire.Open(nil, scopeSpansScope)
	b = wire.String(b, scopeName, h.scope)
	if h.version != "" {
		b = wire.String(b, scopeVersion, h.version)
	}
	e.scope = wire.Close(b, mark)
}

func (e *protoEncoder) span(b []byte, s *span) []byte {
	b = append(b, scopeSpansSpans<<3|wire.TypeBytes, 0, 0) // the length of most takes two bytes
	from := len(b)
	b = wire.Bytes(b, spanTraceID, s.trace[:])
	b = wire.Bytes(b, spanSpanID, s.id[:])
	if s.parent != (spanID{}) {
		b = wire.Bytes(b, spanParentID, s.parent[:])
	}
	b = wire.String(b, spanName, s.name)
	b = wire.Uint(b, spanKind, kindInternal)
	b = wire.Fixed64(b, spanStart, s.start)
	b = wire.Fixed64(b, spanEnd, s.end)
	for i := range s.attrs {
		b = protoAttr(b, spanAttrs, &s.attrs[i])
	}
	for i := range s.events {
		b = protoEvent(b, &s.events[i], &s.said)
	}
	for i := range s.links {
		var in int
		b, in = wire.Open(b, spanLinks)
		b = wire.Bytes(b, linkTraceID, s.links[i].trace[:])
		b = wire.Bytes(b, linkSpanID, s.links[i].span[:])
		b = protoAttr(b, linkAttrs, &s.links[i].attrs(&s.why)[0])
		b = wire.Close(b, in)
	}
	n := len(b) - from
	if n >= 1<<7 && n < 1<<14 {
		b[from-2], b[from-1] = byte(n)|0x80, byte(n>>7)
		return b
	}
	return slices.Replace(b, from-2, from, wire.Varint(nil, uint64(n))...)
}

func protoEvent(b []byte, e *event, scratch *[2]attr) []byte {
	b, mark := wire.Open(b, spanEvents)
	b = wire.Fixed64(b, eventTime, e.at)
	b = wire.String(b, eventName, e.name)
	attrs := e.attrs(scratch)
	for i := range attrs {
		b = protoAttr(b, eventAttrs, &attrs[i])
	}
	return wire.Close(b, mark)
}

func (e *protoEncoder) attr(b []byte, a *attr) []byte { return protoAttr(b, spanAttrs, a) }

// protoAttr appends a KeyValue. Lengths are calculated beforehand: attributes
// are short, and many.
func protoAttr(b []byte, field int, a *attr) []byte {
	value := 2
	switch a.kind {
	case attrEncoded:
		return append(b, a.text...)
	case attrInt:
		value = 1 + varintLen(uint64(a.num))
		if n := 2 + len(a.key) + 2 + value; n < 1<<7 && field < 1<<4 { // as all of ours
			b = append(b, byte(field<<3|wire.TypeBytes), byte(n), keyValueKey<<3|wire.TypeBytes, byte(len(a.key)))
			b = append(b, a.key...)
			b = append(b, keyValueValue<<3|wire.TypeBytes, byte(value), anyInt<<3)
			return wire.Varint(b, uint64(a.num))
		}
	case attrText:
		value = textLen(a.text)
	}
	b = wire.BytesHead(b, field, textLen(a.key)+1+varintLen(uint64(value))+value)
	b = wire.String(b, keyValueKey, a.key)
	b = wire.BytesHead(b, keyValueValue, value)
	switch a.kind {
	case attrInt:
		return wire.Int(b, anyInt, a.num)
	case attrBool:
		return wire.Bool(b, anyBool, a.num != 0)
	}
	return wire.String(b, anyString, a.text)
}

// textLen returns the length of a string field, whose key is one byte.
func textLen(s string) int { return 1 + varintLen(uint64(len(s))) + len(s) }

func varintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// chunk puts around spans the messages that they lie in: TracesData,
// ResourceSpans and ScopeSpans. Their lengths come first.
func (e *protoEncoder) chunk(spans []byte) (before, within, after []byte) {
	scoped := wire.BytesHead(nil, resourceSpansScope, len(e.scope)+len(spans))
	b := wire.BytesHead(e.buf[:0], tracesResourceSpans, len(e.head)+len(scoped)+len(e.scope)+len(spans))
	b = append(b, e.head...)
	b = append(b, scoped...)
	e.buf = append(b, e.scope...)
	return e.buf, spans, nil
}
