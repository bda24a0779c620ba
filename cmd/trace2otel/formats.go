package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/pprofout"
)

// A format is a kind of output: a command of its own, and a word for the --to
// of convert. A new format is a row of the table below.
type format struct {
	name    string // of the command, and in --to
	short   string // help, in a line
	long    string // help, in full
	example string
	names   string // of its outputs, after the base name, for the help

	// choice says how to select one output, of formats that make several of a
	// trace.
	choice string

	// flags adds the format's own flags to fs. The function that it returns
	// makes the outputs of them, after they have been parsed; file is the
	// argument of -o, or empty. Its error is one of usage.
	flags func(fs *pflag.FlagSet) (outputs func(file string) ([]output, error))

	// alone is what the format's own command has instead of flags, if it
	// differs.
	alone func(fs *pflag.FlagSet) (outputs func(file string) ([]output, error))

	// asserts is set if the format's own command has --assert, as convert does.
	asserts bool

	// sent is set if the format's own command can also deliver the output to a
	// back end, which then has a wire.
	sent bool
}

// An output is one file to be made of a trace.
type output struct {
	ext    string // of its name: ".pftrace"
	text   bool   // fit for a terminal
	markup bool   // text that has &#91; for a bracket
	now    bool   // date it as if the trace ended now
	runKey string // make ids of it; empty: of the trace
	gzip   bool   // compress it
	asGo   bool   // of a trace read as Go's own tools do
	also   bool   // it goes beside the output before it, named by its extension
	sink   func(w io.Writer) convert.Sink

	// twice is instead of sink for outputs that take two passes over the
	// trace: it returns the sink of the first, and what makes that of the
	// second.
	twice func() (first convert.Sink, second func(w io.Writer) convert.Sink)

	// wire writes the same as package otlp/export sends it; nil if it does not.
	wire func(w io.Writer) convert.Sink

	// set is instead of sink for outputs that share one.
	set *set
}

func (o *output) syntax() syntax {
	switch {
	case o.markup:
		return syntaxMarkup
	case o.text:
		return syntaxText
	}
	return syntaxNone
}

var formats = []format{
	{
		name:    "perfetto",
		short:   "Write a timeline for the Perfetto UI",
		long:    perfettoLong,
		example: perfettoExample,
		names:   ".pftrace, or .pftrace.gz",
		flags:   perfettoFlags,
	},
	{
		name:    "otlp",
		short:   "Write OTLP spans, for Jaeger and other OpenTelemetry back ends",
		long:    otlpLong,
		example: otlpExample,
		names:   ".otlp.jsonl or .otlp.binpb, and .otlp-metrics with --metrics",
		flags:   otlpFlags,
		sent:    true,
	},
	{
		name:    "pprof",
		short:   "Write a profile of where goroutines spent their time, for go tool pprof",
		long:    fmt.Sprintf(pprofLong, kindTable()),
		example: pprofExample,
		names:   ".KIND.pb.gz, for each kind",
		choice:  "--kind with one of " + strings.Join(kindNames(pprofout.Kinds), ", "),
		flags:   pprofFlags,
	},
	{
		name:    "stats",
		short:   "Say where goroutines spent their time, and what the scheduler and the GC did",
		long:    statsLong + assertLong,
		example: statsExample,
		names:   ".stats.json",
		flags:   statsFlags,
		alone:   statsOwnFlags,
		asserts: true,
	},
}

func formatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}
