package pprofout_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/pprofout"
)

// A profile of every kind, from one pass over a trace.
func Example() {
	trace, err := os.Open("../testdata/go1.26.8-wait-on-pipe.trace")
	if err != nil {
		log.Fatal(err)
	}
	defer trace.Close()

	outs := make([]bytes.Buffer, len(pprofout.Kinds)) // or files
	var sinks []convert.Sink
	for i, kind := range pprofout.Kinds {
		sinks = append(sinks, pprofout.New(&outs[i], pprofout.Options{Kind: kind}))
	}
	if _, err := convert.Run(context.Background(), trace, convert.Options{}, sinks...); err != nil {
		log.Fatal(err)
	}

	for i, kind := range pprofout.Kinds {
		p, err := profile.Parse(&outs[i])
		if err != nil {
			log.Fatal(err)
		}
		var contentions, delay int64
		for _, s := range p.Sample {
			contentions += s.Value[0]
			delay += s.Value[1]
		}
		fmt.Printf("%-7v %d × %d ns at %d places\n", kind, contentions, delay, len(p.Sample))
	}
	// Output:
	// net     0 × 0 ns at 0 places
	// sync    4 × 273224386 ns at 3 places
	// syscall 4 × 136730176 ns at 4 places
	// sched   7 × 210048 ns at 7 places
}
