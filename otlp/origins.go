package otlp

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
)

// A source is a library that made a task of a span of its own.
type source uint8

const (
	sourceNone source = iota
	sourceOtel
	sourceDatadog
)

// Values of attrSource.
var sourceNames = [...]string{sourceOtel: "opentelemetry", sourceDatadog: "datadog"}

// An origin is the span of another library that a task stands for. Few tasks
// have one.
type origin struct {
	source  source
	otel    string // "trace id-span id" in hex; empty: not known
	datadog string // span id in decimal; empty: not known
}

// originOf returns the origin of a task that a library began on g, if one did,
// with the ids that a log on g told just before.
func originOf(from source, g *goroutine) *origin {
	var o *origin
	if from != sourceNone {
		o = &origin{source: from}
	}
	if g == nil {
		return o
	}
	if from == sourceOtel {
		o.otel = g.otel
	}
	g.otel = ""
	return o
}

// withDatadog returns o with a span id, unless it has one.
func (o *origin) withDatadog(id string) *origin {
	if o == nil {
		o = new(origin)
	}
	if o.datadog == "" {
		o.datadog, o.source = id, sourceDatadog
	}
	return o
}

// library returns the source.
func (o *origin) library() source {
	if o == nil {
		return sourceNone
	}
	return o.source
}

func (o *origin) attrs(s *span) {
	if o == nil {
		return
	}
	if o.source != sourceNone {
		s.text(attrSource, sourceNames[o.source])
	}
	if trace, id, ok := strings.Cut(o.otel, "-"); ok {
		s.text(attrOtelTrace, trace)
		s.text(attrOtelSpan, id)
	}
	if o.datadog != "" {
		s.text(attrDatadog, o.datadog)
	}
}

// sourceOf finds the library by the functions of the stack at which a task
// began, and the frame that called it: whoever starts a span. It is 0 if there
// is none.
//
// The SDK of OpenTelemetry begins a task in runtimeTrace of a span, which its
// tracer's Start calls; dd-trace-go in its tracer package.
func sourceOf(frames []convert.Frame) (source, int) {
	found := sourceNone
	for i := range frames {
		f := frames[i].Func
		switch {
		case found == sourceNone && strings.HasPrefix(f, "go.opentelemetry.io/otel/sdk/trace.") && strings.HasSuffix(f, ".runtimeTrace"):
			found = sourceOtel
		case found == sourceNone && isDatadog(f):
			found = sourceDatadog
		case found == sourceOtel && !strings.HasPrefix(f, "go.opentelemetry.io/otel/"),
			found == sourceDatadog && !isDatadog(f):
			return found, i
		}
	}
	return found, 0
}

// isDatadog reports whether a function is of dd-trace-go's tracer: version 1 or
// 2 of it.
func isDatadog(f string) bool {
	return strings.Contains(f, "DataDog/dd-trace-go") && strings.Contains(f, "/ddtrace/tracer.")
}

// datadogSpan returns the span id that dd-trace-go logs for a task: eight bytes
// of a number, the lowest first.
func datadogSpan(r *convert.Record) (id string, ok bool) {
	if r.Name != "datadog.uint64_span_id" || len(r.Text) != 8 {
		return "", false
	}
	return strconv.FormatUint(binary.LittleEndian.Uint64([]byte(r.Text)), 10), true
}

// noteLog remembers a log "otel.span" with the ids of a span: a span processor
// can write it when the SDK starts a span, just before the SDK begins the task.
func (g *goroutine) noteLog(r *convert.Record) {
	if r.Name == "otel.span" && isSpanContext(r.Text) {
		g.otel = r.Text
	} else {
		g.otel = ""
	}
}

// isSpanContext reports whether text is a trace id and a span id in hex, with a
// dash between them.
func isSpanContext(text string) bool {
	if len(text) != 32+1+16 || text[32] != '-' {
		return false
	}
	for i := range len(text) {
		if c := text[i]; i != 32 && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}
