package otlp

import (
	"path"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
)

// head returns the resource and the scope.
//
// Which host it was the trace does not tell, but that it was one matters: of
// children that outlive their parents, Jaeger warns unless it knows both to be
// of one host (cmd/query/app/querysvc, adjuster/clockskew.go).
func (o *Options) head(t *convert.Trace) head {
	var r span
	r.text(attrServiceName, o.service(t))
	r.text(attrRuntimeName, "go")
	r.text(attrRuntimeVersion, strings.ReplaceAll(t.Version, " ", "")) // as runtime.Version has it
	for _, a := range o.Attributes {
		if a.Key != "" && !has(r.attrs, a.Key) {
			r.text(utf8Text(a.Key), a.Value)
		}
	}
	for _, host := range []Attribute{{attrHost, "localhost"}, {attrIP, "127.0.0.1"}} {
		if !has(r.attrs, host.Key) {
			r.text(host.Key, host.Value)
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
