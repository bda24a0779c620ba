package endtoend

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/perfetto"
	"github.com/trace2otel/trace2otel/pprofout"
	"github.com/trace2otel/trace2otel/stats"
)

// start dates traces that have no date of their own.
var start = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

// An output is a format with its options.
type output struct {
	name string
	sink func(w io.Writer) convert.Sink
}

// outputs returns every output there is, but the analysis as a page: it is of
// the same report, and slow to draw.
func outputs() []output {
	all := []output{
		{"perfetto", func(w io.Writer) convert.Sink { return perfetto.New(w, perfetto.Options{}) }},
		{"perfetto in lanes", func(w io.Writer) convert.Sink {
			return perfetto.New(w, perfetto.Options{Layout: perfetto.LayoutProcs, Flows: perfetto.FlowCreate | perfetto.FlowWake})
		}},
		{"perfetto with wakers", func(w io.Writer) convert.Sink { return perfetto.New(w, perfetto.Options{Wakers: true}) }},
		{"otlp jsonl", func(w io.Writer) convert.Sink { return otlp.New(w, otlp.Options{Format: otlp.JSONL}) }},
		{"otlp binary", func(w io.Writer) convert.Sink { return otlp.New(w, otlp.Options{Format: otlp.Binary}) }},
		{"otlp metrics", func(w io.Writer) convert.Sink { return otlp.NewMetrics(w, otlp.Options{}) }},
	}
	every := regexp.MustCompile("")
	for _, format := range []stats.Format{stats.Text, stats.JSON} {
		all = append(all, output{fmt.Sprint("stats, format ", format), func(w io.Writer) convert.Sink {
			return stats.New(w, stats.Options{Format: format, Goroutine: every})
		}})
	}
	addPprof := func(k pprofout.Kind, name string, o pprofout.Options) {
		o.Kind = k
		all = append(all, output{fmt.Sprintf("pprof %v%s", k, name), func(w io.Writer) convert.Sink { return pprofout.New(w, o) }})
	}
	for _, kind := range pprofout.Kinds {
		addPprof(kind, "", pprofout.Options{})
	}
	for _, kind := range pprofout.GoToolKinds {
		addPprof(kind, " as Go's tool", pprofout.Options{Compat: true})
	}
	in := regexp.MustCompile("[a-m]")
	addPprof(pprofout.Wall, " in regions", pprofout.Options{Region: in})
	addPprof(pprofout.Run, " in tasks", pprofout.Options{Task: in, Goroutine: in})
	return all
}

// run converts a trace to the outputs.
func run(data []byte, size int, outs []output) (*convert.Summary, []string, error) {
	return runBy(convert.DecoderAuto, data, size, outs)
}

func runBy(d convert.Decoder, data []byte, size int, outs []output) (*convert.Summary, []string, error) {
	bufs := make([]bytes.Buffer, len(outs))
	sinks := []convert.Sink{new(sinktest.Checker)}
	for i, o := range outs {
		sinks = append(sinks, o.sink(&bufs[i]))
	}
	s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Start: start, BatchSize: size, Decoder: d}, sinks...)
	texts := make([]string, len(outs))
	for i := range bufs {
		texts[i] = bufs[i].String()
	}
	return s, texts, err
}

// TestSameBytes converts with batches of several sizes, on one processor and on
// many, all outputs at once and each alone: the bytes are the same.
func TestSameBytes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, file := range []string{"go1.26.8-multi.trace", "go1.26.8-gc-stress.trace", "go1.22.0-annotations-stress.trace", "http_1_19_good"} {
		data, err := os.ReadFile(filepath.Join(fixtures.Root(t), "testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		all := append(outputs(), output{"stats as a page", func(w io.Writer) convert.Sink {
			return stats.New(w, stats.Options{Format: stats.HTML})
		}})
		_, want, err := run(data, 0, all)
		if err != nil {
			t.Fatal(err)
		}
		for _, procs := range []int{1, 8} {
			runtime.GOMAXPROCS(procs)
			_, got, err := run(data, 100+procs, all)
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range all {
				if got[i] != want[i] {
					t.Errorf("%s: %s: on %d processors, the bytes are others", file, o.name, procs)
				}
				if len(want[i]) == 0 {
					t.Errorf("%s: %s: no bytes", file, o.name)
				}
			}
		}
		for i, o := range all {
			_, got, err := run(data, 5000, all[i:i+1])
			if err != nil {
				t.Fatal(err)
			}
			if got[0] != want[i] {
				t.Errorf("%s: %s: without the others, the bytes are others", file, o.name)
			}
		}
	}
}

// FuzzPipeline feeds any bytes to the engine and all outputs. Nothing panics,
// the records keep their contract, and no output fails that has something to
// write.
func FuzzPipeline(f *testing.F) {
	root := fixtures.Root(f)
	for _, pattern := range []string{"hostile/*", "text/*.trace", "edge/*.trace", "go1.2*annotations.trace", "user_task*", "http_1_11_good"} {
		paths, _ := filepath.Glob(filepath.Join(root, "testdata", filepath.FromSlash(pattern)))
		for _, path := range paths {
			if data, err := os.ReadFile(path); err == nil && len(data) < 1<<15 {
				f.Add(data)
			}
		}
	}
	all := outputs()
	f.Fuzz(func(t *testing.T, data []byte) {
		s, texts, err := run(data, 0, all)
		if _, refused := err.(*convert.InputError); err != nil && !refused {
			t.Fatal(err)
		}
		if err == nil && s.Bytes != int64(len(data)) && s.Loss != nil {
			t.Errorf("%d bytes accounted for, of %d", s.Bytes, len(data))
		}
		for i, o := range all {
			if err == nil {
				if err := readBack(o.name, texts[i]); err != nil {
					t.Errorf("%s: %v", o.name, err)
				}
			}
		}
	})
}
