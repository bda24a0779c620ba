// Command trace2otel converts Go execution traces to Perfetto timelines, OTLP
// spans and pprof profiles.
//
//	trace2otel perfetto trace.out -o timeline.pftrace
//	trace2otel otlp trace.out -o spans.otlp.jsonl
//	trace2otel pprof trace.out --kind sched -o sched.pb.gz
//	trace2otel convert *.trace --to perfetto,otlp,pprof --out converted
//
// See trace2otel --help for the rest.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/trace2otel/trace2otel/internal/firstgc"
)

func main() {
	firstgc.At(firstgc.Usual)
	os.Exit(run())
}

// grace is how long a conversion has to end by itself after a signal, or to keep
// more of what could not be delivered, before the program ends under it. It sees
// to that within milliseconds, unless it is stuck in a read or write.
const grace = 2 * time.Second

// run runs the command and returns the exit code. The first signal ends the
// conversion in good order, a second one the program at once.
func run() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // by nohup, say
			signal.Notify(signals, s)
		}
	}
	// What a closed pipe means is for the writer to tell: on standard error
	// it must not end the conversion.
	signal.Ignore(syscall.SIGPIPE)

	c := newCLI(os.Stdin, os.Stdout, os.Stderr)
	done := make(chan exitCode, 1)
	go func() { done <- c.execute(ctx, os.Args[1:]) }()

	select {
	case code := <-done:
		return int(code)
	case s := <-signals:
		signal.Stop(signals)
		cancel(interruption{s})
	}
	for {
		select {
		case code := <-done:
			return int(code)
		case <-time.After(grace):
			if c.keeping.Swap(false) {
				continue
			}
			c.temporary.removeAll()
			return int(exitInterrupted(ctx))
		}
	}
}
