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

	files := make([]bytes.Buffer, len(pprofout.Kinds)) // or files indeed
	var outs []pprofout.Output
	for i, kind := range pprofout.Kinds {
		outs = append(outs, pprofout.Output{Kind: kind, W: &files[i]})
	}
	sink := pprofout.NewSet(outs, pprofout.Options{})
	if _, err := convert.Run(context.Background(), trace, convert.Options{}, sink); err != nil {
		log.Fatal(err)
	}

	for i, kind := range pprofout.Kinds {
		p, err := profile.Parse(&files[i])
		if err != nil {
			log.Fatal(err)
		}
		var count, time int64
		for _, s := range p.Sample {
			count += s.Value[0]
			time += s.Value[1]
		}
		fmt.Printf("%-7v %d %s, %d ns\n", kind, count, p.SampleType[0].Type, time)
	}
	// Output:
	// net     0 contentions, 0 ns
	// sync    4 contentions, 273224386 ns
	// syscall 4 contentions, 136730176 ns
	// sched   7 contentions, 210048 ns
	// wait    10 contentions, 1093484807 ns
	// run     11 runs, 171393 ns
	// wall    32 states, 1230596424 ns
	// create  3 goroutines, 410115587 ns
	// gc      1 ranges, 6656 ns
	// cpu     0 samples, 0 ns
}
