package perfetto_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

var update = flag.Bool("update", false, "write the packets of the stories anew")

func newSink(w io.Writer) convert.Sink { return perfetto.New(w, perfetto.Options{}) }

func TestSink(t *testing.T) { sinktest.Test(t, newSink, fixtures.Small(t)...) }

// variants are options that change most of the file.
var variants = []perfetto.Options{
	{Wakers: true, Flows: perfetto.FlowCreate | perfetto.FlowWake, NoThreads: true, CounterStep: 50},
	{Layout: perfetto.LayoutProcs, Flows: perfetto.FlowWake},
	{
		Only:   &perfetto.Selection{Text: "some", Goroutines: map[convert.GoID]bool{1: true, 5: true, 20: true}},
		Wakers: true, Flows: perfetto.FlowCreate,
	},
}

func TestVariants(t *testing.T) {
	for i, o := range variants {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			sinktest.Test(t, func(w io.Writer) convert.Sink { return perfetto.New(w, o) }, fixtures.Small(t)...)
		})
	}
}

// write returns the file of a recording.
func write(t testing.TB, rec *sinktest.Recorder) []byte {
	t.Helper()
	return writeWith(t, rec, perfetto.Options{})
}

func writeWith(t testing.TB, rec *sinktest.Recorder, o perfetto.Options) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := rec.Replay(perfetto.New(&out, o), 3); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestStories writes the records of testdata/story and holds the packets that
// come out against those beside them. A story's name says which rule it is
// about; one that says "layout: procs" is told in that layout. What is in every
// file, before the first record, is left out but for one story.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("testdata/story/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no stories: ", err)
	}
	// headOf returns how many tracks every file has; the last is at the end.
	headOf := func(t *testing.T, o perfetto.Options) int {
		return strings.Count(printFile(t, writeWith(t, sinktest.Story(t, ""), o)), "\ntrack ") - 1
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(story.Files) != 2 || story.Files[0].Name != "records" || story.Files[1].Name != "packets" {
				t.Fatal("a story has records and packets")
			}
			var o perfetto.Options
			if strings.Contains(string(story.Comment), "layout: procs\n") {
				o.Layout = perfetto.LayoutProcs
			}
			file := writeWith(t, sinktest.Story(t, string(story.Files[0].Data)), o)
			got := printFile(t, file)
			if name != "everything" {
				got = withoutHead(got, headOf(t, o))
			}
			if want := string(story.Files[1].Data); got != want {
				if *update {
					story.Files[1].Data = []byte(got)
					if err := os.WriteFile(path, txtar.Format(story), 0o666); err != nil {
						t.Fatal(err)
					}
				} else {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			}
			if !testing.Short() { // the packets are compared already
				traceprocessor.OpenBytes(t, file).CheckImport()
			}
		})
	}
}

// withoutHead leaves out what comes before the last of the first n tracks, the
// attributes, and the thread that every file ends with.
func withoutHead(text string, n int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if n > 0 && strings.HasPrefix(line, "track ") {
			n--
			continue
		}
		if n == 0 && !strings.HasPrefix(line, "attribute ") {
			out.WriteString(line)
		}
	}
	kept := strings.TrimSuffix(out.String(), "\n")
	if last := strings.LastIndex(kept, "\n") + 1; strings.HasSuffix(kept[last:], `"no goroutine"`) {
		return kept[:last]
	}
	return out.String()
}

// fewTraces returns traces for tests of what few options change: the large
// ones would say nothing new, and take minutes.
func fewTraces(t *testing.T) []fixtures.File {
	return slices.DeleteFunc(fixtures.All(t), func(f fixtures.File) bool {
		info, err := os.Stat(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size() > 600_000 || testing.Short() && info.Size() > 8_000
	})
}
