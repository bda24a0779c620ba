package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/perfetto"
)

// perfettoFlags adds the flags of the perfetto format.
func perfettoFlags(fs *pflag.FlagSet) func(string) ([]output, error) {
	o := perfetto.Options{ToolVersion: version()}
	threads := fs.String("threads", "all", "`which` OS threads to show: all or none")
	fs.BoolVar(&o.Wakers, "wakers", false, "fill waker_utid and blocked_function of thread_state, for critical paths in SQL;\nthe UI then shows tracks of ftrace events, too")
	counters := fs.String("counters", "100us", "least `time` between two values of the counters of goroutines and threads,\nwhich are late by as much at most; exact writes every change")
	return func(string) ([]output, error) {
		switch *threads {
		case "all", "none":
			o.NoThreads = *threads == "none"
		default:
			return nil, fmt.Errorf("--threads is all or none, not %q", *threads)
		}
		if *counters != "exact" {
			step, err := time.ParseDuration(*counters)
			if err != nil || step < 0 {
				return nil, fmt.Errorf("--counters is exact or a time, like 100us or 1ms, not %q", *counters)
			}
			o.CounterStep = step
		}
		return []output{{ext: ".pftrace", sink: func(w io.Writer) convert.Sink {
			return perfetto.New(w, o)
		}}}, nil
	}
}
