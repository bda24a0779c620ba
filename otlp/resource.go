package otlp

import (
	"path"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
)

// head returns the resource and the scope. What the user says of the run comes
// before what the trace tells: its header has the earliest version of Go that it
// can be of.
//
// Which host it was the trace does not tell, but that it was one matters: of
// children that outlive their parents, Jaeger warns unless it knows both to be
// of one host (cmd/query/app/querysvc, adjuster/clockskew.go).
func (o *Options) head(t *convert.Trace) head {
	var r span
	r.text(attrServiceName, o.service(t))
	known := []Attribute{
		{attrRuntimeName, "go"},
		{attrRuntimeVersion, strings.ReplaceAll(t.Version, " ", "")}, // as runtime.Version has it
		{attrHost, "localhost"}, {attrIP, "127.0.0.1"},
	}
	for _, a := range append(slices.Clone(o.Attributes), known...) {
		if a.Key != "" && !has(r.attrs, a.Key) {
			r.text(utf8Text(a.Key), a.Value)
		}
	}
	return head{resource: r.attrs, scope: module, version: o.ToolVersion}
}

func has(attrs []attr, key string) bool {
	for i := range attrs {
		if attrs[i].key == key {
			return true
		}
	}
	return false
}

func (o *Options) service(t *convert.Trace) string {
	if o.Service != "" {
		return o.Service
	}
	for _, a := range o.Attributes {
		if a.Key == attrServiceName && a.Value != "" {
			return a.Value
		}
	}
	name := path.Base(strings.ReplaceAll(t.Name, `\`, "/"))
	for _, ext := range []string{".gz", ".zst", ".trace", ".out"} {
		name = strings.TrimSuffix(name, ext)
	}
	if t.Name == "" || name == "" || name == "-" {
		return "unknown_service:go"
	}
	return name
}
