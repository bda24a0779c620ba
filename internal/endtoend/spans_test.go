package endtoend

import (
	"errors"
	"fmt"
	"strings"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// checkSpans holds spans to what back ends need of them, whatever the trace was:
// ids that come once, a root to each trace, parents and links that are there, and
// times that are some.
func checkSpans(data *tracepb.TracesData) error {
	var spans []*tracepb.Span
	for _, rs := range data.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			spans = append(spans, ss.Spans...)
		}
	}
	var errs []error
	fail := func(s *tracepb.Span, format string, args ...any) {
		errs = append(errs, fmt.Errorf("span %q: %s", s.Name, fmt.Sprintf(format, args...)))
	}
	written := make(map[string]bool)
	roots := make(map[string]int)
	for _, s := range spans {
		id := string(s.TraceId) + string(s.SpanId)
		if written[id] {
			fail(s, "its id %x comes twice", id)
		}
		written[id] = true
		if len(s.ParentSpanId) == 0 {
			roots[string(s.TraceId)]++
		}
	}
	for _, s := range spans {
		if len(s.ParentSpanId) > 0 && !written[string(s.TraceId)+string(s.ParentSpanId)] {
			fail(s, "its parent is not there")
		}
		if n := roots[string(s.TraceId)]; n != 1 {
			fail(s, "its trace has %d roots", n)
		}
		if s.EndTimeUnixNano <= s.StartTimeUnixNano {
			fail(s, "ends at %d, having begun at %d", s.EndTimeUnixNano, s.StartTimeUnixNano)
		}
		for _, l := range s.Links {
			if !written[string(l.TraceId)+string(l.SpanId)] {
				fail(s, "links to what is not there")
			}
		}
		for _, kv := range s.Attributes {
			if v := kv.Value.GetIntValue(); v < 0 && strings.HasSuffix(kv.Key, "_ns") {
				fail(s, "%s is %d", kv.Key, v)
			}
		}
	}
	return errors.Join(errs...)
}
