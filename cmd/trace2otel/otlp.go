package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/otlp"
)

// details are the arguments of --detail.
var details = map[string]otlp.Detail{
	"states":     otlp.DetailStates,
	"goroutines": otlp.DetailGoroutines,
	"tasks":      otlp.DetailTasks,
}

// otlpFlags adds the flags of the otlp format.
func otlpFlags(fs *pflag.FlagSet) func(string) ([]output, error) {
	encoding := fs.String("format", "jsonl", "`encoding`: jsonl (OTLP JSON, a TracesData to a line) or binpb (protobuf TracesData);\nthe FILE of -o selects it too, if named .binpb")
	o := otlp.Options{ToolVersion: version()}
	fs.StringVar(&o.Service, "service", "", "`name` of the service that the spans belong to; without it, that of OTEL_SERVICE_NAME\nor OTEL_RESOURCE_ATTRIBUTES, or the input's name")
	detail := fs.String("detail", "states", "`what` has spans: tasks (with their regions and long waits), goroutines (also goroutines,\nprocs, the GC), or states (also their long waits and system calls)")
	fs.DurationVar(&o.MinWait, "min-wait", time.Millisecond, "how long a wait or a system call must last to have a span; shorter ones are counted")
	fs.IntVar(&o.MaxSpans, "max-spans", 0, "most spans in one OpenTelemetry trace, of 800 bytes on average; 0 is for 5,000")
	metrics := fs.Bool("metrics", false, "also write metrics: the heap, goroutines by state, GOMAXPROCS, scheduling latency;\nto a file beside that of the spans, named .otlp-metrics, and to where spans are sent")
	now := fs.Bool("shift-to-now", false, "date the spans as if the trace ended now, for back ends that refuse the past;\nids differ each time")
	runKey := fs.String("run-key", "", "make the ids of this `KEY` instead of the first 64 KiB of the trace, which tell runs apart")
	return func(file string) ([]output, error) {
		if !fs.Changed("format") && filepath.Ext(file) == ".binpb" {
			*encoding = "binpb"
		}
		var ok bool
		if o.Detail, ok = details[*detail]; !ok {
			return nil, fmt.Errorf("--detail is tasks, goroutines or states, not %q", *detail)
		}
		switch {
		case o.MinWait < 0:
			return nil, fmt.Errorf("--min-wait cannot be %v", o.MinWait)
		case o.MaxSpans < 0 || o.MaxSpans == 1:
			return nil, hinted{
				fmt.Errorf("--max-spans cannot be %d", o.MaxSpans),
				"2 are a root and one goroutine; 0 is for 5,000",
			}
		}
		o.MinWait = max(o.MinWait, 1) // at 0 all of them: none shorter has any length
		var err error
		if o.Attributes, err = resourceAttributes(os.Getenv("OTEL_RESOURCE_ATTRIBUTES"), os.Getenv("OTEL_SERVICE_NAME")); err != nil {
			return nil, err
		}
		out := output{
			now:    *now,
			runKey: *runKey,
			sink:   func(w io.Writer) convert.Sink { return otlp.New(w, o) },
			wire: func(w io.Writer) convert.Sink {
				o := o
				o.Format = otlp.Binary
				return otlp.New(w, o)
			},
		}
		switch *encoding {
		case "jsonl":
			o.Format, out.ext, out.text = otlp.JSONL, ".otlp.jsonl", true
		case "binpb":
			o.Format, out.ext = otlp.Binary, ".otlp.binpb"
		default:
			return nil, fmt.Errorf("--format is jsonl or binpb, not %q", *encoding)
		}
		if !*metrics {
			return []output{out}, nil
		}
		also := output{
			ext: metricsName + strings.TrimPrefix(out.ext, ".otlp"), also: true, now: *now,
			sink: func(w io.Writer) convert.Sink { return otlp.NewMetrics(w, o) },
			wire: func(w io.Writer) convert.Sink {
				o := o
				o.Format = otlp.Binary
				return otlp.NewMetrics(w, o)
			},
		}
		return []output{out, also}, nil
	}
}

// resourceAttributes reads the variables that describe what is observed:
// key=value pairs, separated by commas, with escapes of URLs, of which the last of
// a key counts; the name of the service overrides the one among them
// (OpenTelemetry's resource SDK specification, and what its SDK for Go does).
func resourceAttributes(text, service string) ([]otlp.Attribute, error) {
	var attrs []otlp.Attribute
	if service != "" {
		attrs = append(attrs, otlp.Attribute{Key: "service.name", Value: service})
	}
	for _, pair := range strings.Split(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if key = strings.TrimSpace(key); !ok || key == "" || err != nil {
			return nil, hinted{
				fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: what is %q?", pair),
				"it has key=value, separated by commas",
			}
		}
		if key == "service.name" && service != "" {
			continue
		}
		attrs = slices.DeleteFunc(attrs, func(a otlp.Attribute) bool { return a.Key == key })
		attrs = append(attrs, otlp.Attribute{Key: key, Value: value})
	}
	return attrs, nil
}

// identify changes o so that the run has the key that one of the targets asks
// for. All outputs get it.
func identify(targets []target, o *convert.Options) {
	for _, t := range targets {
		if t.runKey != "" {
			o.RunKey = t.runKey
		}
	}
}

// shiftToNow changes o so that the trace x, or the window on it, ends now, if one
// of the targets is to be dated so. All outputs get the new dates.
func shiftToNow(ctx context.Context, targets []target, x *extent, o *convert.Options) error {
	for _, t := range targets {
		if !t.now {
			continue
		}
		err := x.read(ctx, hinted{fmt.Errorf("is no regular file, whose end can be known beforehand"), "leave out --shift-to-now"})
		if err != nil {
			return err
		}
		end := x.length
		if o.To != 0 {
			end = min(end, o.To)
		}
		o.Start, o.Redate = time.Now().Add(-end), true
		o.RunKey = rand.Text()
		return nil
	}
	return nil
}
