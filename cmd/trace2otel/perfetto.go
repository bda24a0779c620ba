package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/pflag"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/perfetto"
)

// perfettoFlags adds the flags of the perfetto format.
func perfettoFlags(fs *pflag.FlagSet) func(string) ([]output, error) {
	o := perfetto.Options{ToolVersion: version()}
	layout := fs.String("layout", "sched", "how goroutines show: sched (as threads, with Ps as CPUs) or\nprocs (plain tracks in few rows, for very many goroutines)")
	threads := fs.String("threads", "all", "`which` OS threads to show: all or none")
	goroutine := fs.String("goroutine", "", "show these goroutines only: an id, or a regular `expression` for start functions;\nreads the trace twice")
	related := fs.Bool("related", false, "with --goroutine: also show those that woke them or that they woke, two hops far")
	zip := fs.Bool("gzip", false, "compress the file, which the Perfetto UI opens as well;\nso does a FILE of -o named .gz")
	flows := fs.StringSlice("flows", []string{"none"}, "`arrows` to draw: create (from the creation of a goroutine to its first run),\nwake (from the end of its wait to its run), or none")
	fs.BoolVar(&o.Wakers, "wakers", false, "fill waker_utid and blocked_function of thread_state, for critical paths in SQL;\nthe UI then shows tracks of ftrace events, too")
	counters := fs.String("counters", "100us", "`time` within which a counter has two values at most; what it shows\nis late by as much at most. exact writes every change")
	return func(file string) ([]output, error) {
		switch *threads {
		case "all", "none":
			o.NoThreads = *threads == "none"
		default:
			return nil, fmt.Errorf("--threads is all or none, not %q", *threads)
		}
		switch *layout {
		case "sched":
		case "procs":
			o.Layout = perfetto.LayoutProcs
			if o.Wakers {
				return nil, errors.New("--wakers is about thread states, which --layout procs has not")
			}
		default:
			return nil, fmt.Errorf("--layout is sched or procs, not %q", *layout)
		}
		var err error
		if o.Flows, err = parseFlows(*flows); err != nil {
			return nil, err
		}
		if *counters != "exact" {
			step, err := time.ParseDuration(*counters)
			if err != nil || step < 0 {
				return nil, fmt.Errorf("--counters is exact or a time, like 100us or 1ms, not %q", *counters)
			}
			o.CounterStep = step
		}
		out := output{ext: ".pftrace", sink: func(w io.Writer) convert.Sink { return perfetto.New(w, o) }}
		if *zip || filepath.Ext(file) == ".gz" {
			out.gzip = true
			out.ext += ".gz"
		}
		switch {
		case fs.Changed("goroutine") && *goroutine == "":
			return nil, errors.New("--goroutine is empty")
		case *goroutine != "":
			match, err := regexp.Compile(*goroutine)
			if err != nil {
				return nil, fmt.Errorf("--goroutine: %w", err)
			}
			out.twice = func() (convert.Sink, func(io.Writer) convert.Sink) {
				first := &perfetto.Selector{Match: match, Related: *related}
				return first, func(w io.Writer) convert.Sink {
					o := o
					o.Only = &first.Selection
					return perfetto.New(w, o)
				}
			}
		case *related:
			return nil, errors.New("--related to what? It goes with --goroutine")
		}
		return []output{out}, nil
	}
}

// parseFlows returns the arrows that words name.
func parseFlows(words []string) (perfetto.Flows, error) {
	var flows perfetto.Flows
	if len(words) == 0 {
		return 0, errors.New("--flows is none, or some of create and wake, not empty")
	}
	for _, w := range words {
		switch w {
		case "none":
			if len(words) > 1 {
				return 0, errors.New("--flows is none, or some of create and wake")
			}
		case "create":
			flows |= perfetto.FlowCreate
		case "wake":
			flows |= perfetto.FlowWake
		default:
			return 0, fmt.Errorf("--flows is none, or some of create and wake, not %q", w)
		}
	}
	return flows, nil
}
