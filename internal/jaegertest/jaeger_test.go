package jaegertest

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// binary returns Jaeger, or skips the test.
func binary(t *testing.T) string {
	t.Helper()
	if os.Getenv("TRACE2OTEL_JAEGER") != "1" {
		t.Skip("make jaeger-test runs it")
	}
	path, err := Binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSpansComeBack sends traces with the command, and asks Jaeger for all of
// their spans: they are equal in everything to those in a file, and Jaeger finds
// no fault with them. Nothing shows twice when they are sent again.
func TestSpansComeBack(t *testing.T) {
	jaeger := binary(t)
	command := filepath.Join(t.TempDir(), "trace2otel")
	run(t, "go", "build", "-o", command, "github.com/trace2otel/trace2otel/cmd/trace2otel")
	for _, protocol := range []export.Protocol{export.GRPC, export.HTTPProtobuf} {
		t.Run(string(protocol), func(t *testing.T) {
			j := start(t, jaeger)
			endpoint := j.GRPC
			if protocol != export.GRPC {
				endpoint = j.HTTP
			}
			for _, f := range traces(t) {
				t.Run(f.Name, func(t *testing.T) {
					file := filepath.Join(t.TempDir(), "spans.binpb")
					send := func(args ...string) {
						run(t, command, append(args, "--endpoint", endpoint, "--protocol", string(protocol), "--quiet")...)
					}
					convert := []string{"otlp", f.Path, "--start", fixtures.Wall.Format(time.RFC3339)}
					send(append(convert, "-o", file)...)
					want := readFile(t, file)
					compare(t, j, want)
					if isV1(f) {
						convert = []string{"send", file}
					}
					send(convert...)
					compare(t, j, want)
				})
			}
		})
	}
}

// isV1 reports whether a trace is of before Go 1.22. Of events of the same time
// in these, the decoder does not always take the same first, and so there is
// more than one outcome of their conversion.
func isV1(f fixtures.File) bool { return strings.HasSuffix(f.Name, "_good") }

// traces returns the traces in testdata.
func traces(t *testing.T) []fixtures.File {
	root := filepath.Join(fixtures.Root(t), "testdata")
	var files []fixtures.File
	for _, f := range fixtures.All(t) {
		if strings.HasPrefix(f.Path, root) {
			files = append(files, f)
		}
	}
	return files
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// A trace is what there is of an OpenTelemetry trace: its spans, and as the
// text of each ResourceSpans without spans, what they are of.
type trace struct {
	of    string
	spans []*tracepb.Span
}

func readFile(t *testing.T, path string) map[string]*trace {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data := new(tracepb.TracesData)
	if err := proto.Unmarshal(b, data); err != nil {
		t.Fatal(err)
	}
	return byTrace(data)
}

// byTrace sorts spans into traces, and what has no order into one.
func byTrace(data *tracepb.TracesData) map[string]*trace {
	all := make(map[string]*trace)
	for _, rs := range data.ResourceSpans {
		sortAttributes(rs.Resource.Attributes)
		for _, ss := range rs.ScopeSpans {
			of := rs.Resource.String() + ss.Scope.String()
			for _, s := range ss.Spans {
				tr := all[string(s.TraceId)]
				if tr == nil {
					tr = &trace{of: of}
					all[string(s.TraceId)] = tr
				}
				if tr.of != of {
					tr.of = "several resources or scopes"
				}
				normalize(s)
				tr.spans = append(tr.spans, s)
			}
		}
	}
	for _, tr := range all {
		slices.SortFunc(tr.spans, func(a, b *tracepb.Span) int { return slices.Compare(a.SpanId, b.SpanId) })
	}
	return all
}

// normalize puts a span into the order in which Jaeger has it.
func normalize(s *tracepb.Span) {
	sortAttributes(s.Attributes)
	for _, e := range s.Events {
		sortAttributes(e.Attributes)
	}
	for _, l := range s.Links {
		sortAttributes(l.Attributes)
	}
	if s.Status == nil {
		s.Status = new(tracepb.Status)
	}
}

func sortAttributes(attrs []*commonpb.KeyValue) {
	slices.SortFunc(attrs, func(a, b *commonpb.KeyValue) int { return cmp.Compare(a.Key, b.Key) })
}

// compare asks Jaeger for every trace.
func compare(t *testing.T, j *Jaeger, want map[string]*trace) {
	t.Helper()
	for id, w := range want {
		got := j.trace(t, id)
		if len(got.spans) != len(w.spans) {
			t.Fatalf("trace %x: %d spans came back, want %d", id, len(got.spans), len(w.spans))
		}
		if got.of != w.of {
			t.Errorf("trace %x: resource and scope are\n%s, want\n%s", id, got.of, w.of)
		}
		for i, s := range w.spans {
			if !proto.Equal(got.spans[i], s) {
				t.Fatalf("Jaeger has\n%v, want\n%v", got.spans[i], s)
			}
		}
		j.checkWarnings(t, id, len(w.spans))
	}
}

// trace returns a trace as Jaeger has it.
func (j *Jaeger) trace(t *testing.T, id string) *trace {
	t.Helper()
	b, err := get(j.UI + "/api/v3/traces/" + hex.EncodeToString([]byte(id)))
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Result json.RawMessage }
	if err := json.Unmarshal(b, &answer); err != nil {
		t.Fatal(err)
	}
	data, err := export.UnmarshalJSON(answer.Result)
	if err != nil {
		t.Fatal(err)
	}
	got := byTrace(data)
	if len(got) != 1 || got[id] == nil {
		t.Fatalf("trace %x: got %d traces", id, len(got))
	}
	return got[id]
}

// checkWarnings looks for what Jaeger has to say of a trace and its so many
// spans, as its user interface shows it: nothing.
func (j *Jaeger) checkWarnings(t *testing.T, id string, spans int) {
	t.Helper()
	b, err := get(j.UI + "/api/traces/" + hex.EncodeToString([]byte(id)))
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data []struct {
			Spans []struct {
				SpanID   string
				Warnings []string
			}
			Warnings []string
		}
		Errors []any
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Data) != 1 || len(answer.Errors) > 0 || len(answer.Data[0].Warnings) > 0 || len(answer.Data[0].Spans) != spans {
		t.Fatalf("trace %x: errors or warnings, or not %d spans, in %.1000s", id, spans, b)
	}
	for _, s := range answer.Data[0].Spans {
		if len(s.Warnings) > 0 {
			t.Errorf("trace %x, span %s: %s", id, s.SpanID, s.Warnings)
		}
	}
}
