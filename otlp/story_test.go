package otlp

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"golang.org/x/tools/txtar"

	"github.com/trace2otel/trace2otel/convert/sinktest"
)

var update = flag.Bool("update", false, "write the spans of the stories anew")

// TestStories turns records into spans and holds them against those in
// testdata/story. Ids stand as numbers, traces as T1, T2…, in the order in
// which they come; times count from the start of the trace.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("testdata/story/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no stories: ", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			story, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(story.Files) != 2 || story.Files[0].Name != "records" || story.Files[1].Name != "spans" {
				t.Fatal("a story has records and spans")
			}
			rec := sinktest.Story(t, "trace \"story\" wall=1000000000\n"+string(story.Files[0].Data))
			var file bytes.Buffer
			o := Options{Format: Binary, MinWait: 1}
			for line := range strings.Lines(string(story.Comment)) {
				fmt.Sscanf(line, "max spans: %d", &o.MaxSpans)
				fmt.Sscanf(line, "max bytes: %d", &o.MaxBytes)
				fmt.Sscanf(line, "min wait: %dns", &o.MinWait)
				fmt.Sscanf(line, "detail: %d", &o.Detail)
			}
			if err := rec.Replay(New(&file, o), 3); err != nil {
				t.Fatal(err)
			}
			got := printSpans(t, allSpans(decode(t, file.Bytes())), 1_000_000_000)
			if want := string(story.Files[1].Data); got != want {
				if *update {
					story.Files[1].Data = []byte(got)
					if err := os.WriteFile(path, txtar.Format(story), 0o666); err != nil {
						t.Fatal(err)
					}
					return
				}
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// printSpans writes a span to a line, and its attributes, logs and links below.
func printSpans(t *testing.T, spans []*tracepb.Span, start uint64) string {
	traces, ids := make(map[string]int), make(map[string]int)
	written := make(map[string]bool)
	number := func(m map[string]int, id []byte) int {
		if m[string(id)] == 0 {
			m[string(id)] = len(m) + 1
		}
		return m[string(id)]
	}
	var b strings.Builder
	for _, s := range spans {
		if written[string(s.SpanId)] {
			t.Errorf("two spans have the id of %s", s.Name)
		}
		written[string(s.SpanId)] = true
		fmt.Fprintf(&b, "T%d %d %q", number(traces, s.TraceId), number(ids, s.SpanId), s.Name)
		if len(s.ParentSpanId) > 0 {
			fmt.Fprintf(&b, " below %d", number(ids, s.ParentSpanId))
		}
		fmt.Fprintf(&b, " %d+%d\n", s.StartTimeUnixNano-start, s.EndTimeUnixNano-s.StartTimeUnixNano)
		attrsOf(t, s.Attributes)
		for _, kv := range s.Attributes {
			value := fmt.Sprint(kv.Value.Value)
			fmt.Fprintf(&b, "\t%s %s\n", kv.Key, strings.Trim(value[2:], "{}"))
		}
		for _, e := range s.Events {
			fmt.Fprintf(&b, "\tlog %d %q %v\n", e.TimeUnixNano-start, e.Name, attrsOf(t, e.Attributes))
		}
		for _, l := range s.Links {
			fmt.Fprintf(&b, "\tlink T%d %d %v\n", number(traces, l.TraceId), number(ids, l.SpanId), attrsOf(t, l.Attributes)[attrLink])
		}
	}
	return b.String()
}
