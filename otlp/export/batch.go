package export

import (
	"errors"
	"fmt"
	"io"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
)

const tracesResourceSpans = 1 // TracesData, opentelemetry/proto/trace/v1/trace.proto

// cutResourceSpans returns the first ResourceSpans of a TracesData message, and
// how many bytes it takes with its head. n is 0 if b does not hold all of it;
// message is nil for other fields, which a later version may have.
func cutResourceSpans(b []byte) (message []byte, n int, err error) {
	num, typ, n := protowire.ConsumeField(b)
	switch {
	case n >= 0:
	case errors.Is(protowire.ParseError(n), io.ErrUnexpectedEOF):
		return nil, 0, nil
	default:
		return nil, 0, fmt.Errorf("otlp/export: not OTLP: %w", protowire.ParseError(n))
	}
	if num != tracesResourceSpans || typ != protowire.BytesType {
		return nil, n, nil
	}
	_, _, head := protowire.ConsumeTag(b)
	message, _ = protowire.ConsumeBytes(b[head:])
	return message, n, nil
}

func countSpans(batch []*tracepb.ResourceSpans) (n int64) {
	for _, rs := range batch {
		for _, ss := range rs.ScopeSpans {
			n += int64(len(ss.Spans))
		}
	}
	return n
}

// halve splits a batch into two with half of the spans each, which share
// resources and scopes. Both are empty if there is nothing to split.
func halve(batch []*tracepb.ResourceSpans) (a, b []*tracepb.ResourceSpans) {
	left := int(countSpans(batch) / 2) // that are still to go into a
	if left == 0 {
		return nil, nil
	}
	for _, rs := range batch {
		var to [2][]*tracepb.ScopeSpans
		for _, ss := range rs.ScopeSpans {
			n := min(left, len(ss.Spans))
			left -= n
			for i, spans := range [2][]*tracepb.Span{ss.Spans[:n], ss.Spans[n:]} {
				if len(spans) > 0 {
					to[i] = append(to[i], &tracepb.ScopeSpans{Scope: ss.Scope, SchemaUrl: ss.SchemaUrl, Spans: spans})
				}
			}
		}
		for i, half := range [2]*[]*tracepb.ResourceSpans{&a, &b} {
			if len(to[i]) > 0 {
				*half = append(*half, &tracepb.ResourceSpans{Resource: rs.Resource, SchemaUrl: rs.SchemaUrl, ScopeSpans: to[i]})
			}
		}
	}
	return a, b
}
