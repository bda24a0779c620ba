package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/exp/trace"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/gotrace"
	"github.com/trace2otel/trace2otel/internal/gzwriter"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/perfetto"
	"github.com/trace2otel/trace2otel/pprofout"
	"github.com/trace2otel/trace2otel/stats"
)

// A subject is something to measure: it goes over a trace and returns how many
// events it has, if it knows, and how many bytes it wrote.
type subject struct {
	name string
	run  func(r io.Reader) (events, written int64, err error)
	tool []string // instead of run: a command, to which the trace's path is added
}

// subjects are what is measured. The first is the measure.
var subjects = []subject{
	{name: "read x/exp", run: readReference},
	{name: "read own", run: readOwn},
	{name: "records", run: convertTo(nothing)},
	{name: "perfetto", run: convertTo(toPerfetto)},
	{name: "perfetto end", run: convertEnd(toPerfetto)},
	{name: "perfetto gzip", run: convertTo(gzipped(toPerfetto))},
	{name: "otlp jsonl", run: convertTo(toOTLP(otlp.JSONL))},
	{name: "otlp binary", run: convertTo(toOTLP(otlp.Binary))},
	{name: "pprof sync", run: convertTo(toPprof(pprofout.Sync))},
	{name: "all pprof", run: convertTo(toAllPprof)},
	{name: "stats", run: convertTo(toStats)},
	{name: "all pprof, stats", run: convertTo(toAllPprof, toStats)},
	{name: "everything", run: convertTo(toPerfetto, toOTLP(otlp.JSONL), toAllPprof, toStats)},
	{name: "go tool trace -pprof=sync", tool: []string{"go", "tool", "trace", "-pprof=sync"}},
}

// readReference only reads, with golang.org/x/exp/trace.
func readReference(in io.Reader) (events, written int64, err error) {
	r, err := trace.NewReader(in)
	if err != nil {
		return 0, 0, err
	}
	for {
		if _, err := r.ReadEvent(); err == io.EOF {
			return events, 0, nil
		} else if err != nil {
			return events, 0, err
		}
		events++
	}
}

// readOwn only reads, with this module's own decoder.
func readOwn(in io.Reader) (events, written int64, err error) {
	r, err := gotrace.NewReader(in, gotrace.Options{})
	if err != nil {
		return 0, 0, err
	}
	for {
		es, err := r.Next()
		if err == io.EOF {
			return events, 0, nil
		} else if err != nil {
			return events, 0, err
		}
		events += int64(len(es))
	}
}

// convertEnd converts the last 20 ms of a trace, whose extent has to be found
// first.
func convertEnd(format func(io.Writer) convert.Sink) func(io.Reader) (int64, int64, error) {
	return func(r io.Reader) (events, written int64, err error) {
		f, ok := r.(*os.File)
		if !ok {
			return 0, 0, errors.New("only of a file can the end be found")
		}
		info, err := f.Stat()
		if err != nil {
			return 0, 0, err
		}
		first, last, err := convert.Extent(context.Background(), io.NewSectionReader(f, 0, info.Size()), convert.Options{})
		if err != nil {
			return 0, 0, err
		}
		from := max(0, last.Sub(first)-20*time.Millisecond)
		return convertWith(convert.Options{From: from}, format)(r)
	}
}

func convertTo(formats ...func(io.Writer) convert.Sink) func(io.Reader) (int64, int64, error) {
	return convertWith(convert.Options{Start: time.Unix(1, 0)}, formats...)
}

func convertWith(o convert.Options, formats ...func(io.Writer) convert.Sink) func(io.Reader) (int64, int64, error) {
	return func(r io.Reader) (events, written int64, err error) {
		counters := make([]counter, len(formats))
		var sinks []convert.Sink
		for i, f := range formats {
			sinks = append(sinks, f(&counters[i]))
		}
		s, err := convert.Run(context.Background(), r, o, sinks...)
		if err != nil {
			return 0, 0, err
		}
		for _, c := range counters {
			written += c.n
		}
		return s.Events, written, nil
	}
}

// A counter is a writer that counts.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

// A null is a sink that does nothing: what is left is the engine.
type null struct{}

func (null) Begin(*convert.Trace) error    { return nil }
func (null) Consume(*convert.Batch) error  { return nil }
func (null) Finish(*convert.Summary) error { return nil }

func nothing(io.Writer) convert.Sink { return null{} }

func toPerfetto(w io.Writer) convert.Sink {
	return perfetto.New(w, perfetto.Options{CounterStep: 100 * time.Microsecond})
}

// gzipped has the output of a format compressed, as the command does it.
func gzipped(format func(io.Writer) convert.Sink) func(io.Writer) convert.Sink {
	return func(w io.Writer) convert.Sink {
		z := gzwriter.New(w)
		return closing{format(z), z}
	}
}

// A closing sink closes what it writes to.
type closing struct {
	convert.Sink
	io.Closer
}

func (c closing) Finish(s *convert.Summary) error {
	return errors.Join(c.Sink.Finish(s), c.Close())
}

func toOTLP(f otlp.Format) func(io.Writer) convert.Sink {
	return func(w io.Writer) convert.Sink { return otlp.New(w, otlp.Options{Format: f}) }
}

func toPprof(k pprofout.Kind) func(io.Writer) convert.Sink {
	return func(w io.Writer) convert.Sink { return pprofout.New(w, pprofout.Options{Kind: k}) }
}

// toAllPprof writes all profiles to one place: it is only measured.
func toAllPprof(w io.Writer) convert.Sink {
	var outs []pprofout.Output
	for _, k := range pprofout.Kinds {
		outs = append(outs, pprofout.Output{Kind: k, W: w})
	}
	return pprofout.NewSet(outs, pprofout.Options{})
}

func toStats(w io.Writer) convert.Sink { return stats.New(w, stats.Options{Format: stats.JSON}) }
