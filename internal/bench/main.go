// Command bench measures what conversion costs, in units of what reading the
// same trace with golang.org/x/exp/trace costs on the same machine at the same
// time. Each repetition runs every subject once; a row has the medians.
//
// Usage:
//
//	bench [-n repetitions] [trace...]
//
// Without arguments it measures the traces of testdata, and those of
// ../shared/traces where they are.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"text/tabwriter"
	"time"

	"golang.org/x/exp/trace"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/perfetto"
	"github.com/trace2otel/trace2otel/pprofout"
	"github.com/trace2otel/trace2otel/stats"
)

// atLeast is how long a measurement takes at the least: a small trace is
// converted several times over.
const atLeast = 50 * time.Millisecond

func main() {
	n := flag.Int("n", 5, "repetitions")
	flag.Parse()
	paths := flag.Args()
	if len(paths) == 0 {
		for _, pattern := range []string{"testdata/*-multi.trace", "../shared/traces/load/*.trace"} {
			found, _ := filepath.Glob(pattern)
			paths = append(paths, found...)
		}
	}
	fmt.Printf("%s %s/%s, %d processors\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	for _, path := range paths {
		if err := bench(path, *n); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}

// A cost is what one run of a subject took.
type cost struct {
	cpu, wall time.Duration
	allocs    uint64
	allocated uint64 // bytes
	written   int64  // bytes
}

// A subject is something to measure: it goes over a trace and returns how many
// bytes it wrote.
type subject struct {
	name string
	run  func(data []byte) (int64, error)
}

var subjects = []subject{
	{"read alone", readAlone},
	{"records", convertTo()},
	{"perfetto", convertTo(toPerfetto)},
	{"otlp jsonl", convertTo(toOTLP(otlp.JSONL))},
	{"otlp binary", convertTo(toOTLP(otlp.Binary))},
	{"pprof sched", convertTo(toPprof(pprofout.Sched))},
	{"pprof wall", convertTo(toPprof(pprofout.Wall))},
	{"pprof, all kinds", convertTo(toAllPprof)},
	{"stats", convertTo(toStats)},
	{"pprof and stats", convertTo(toAllPprof, toStats)},
	{"everything", convertTo(toAllPprof, toStats, toPerfetto, toOTLP(otlp.JSONL))},
}

func toStats(w io.Writer) convert.Sink { return stats.New(w, stats.Options{Format: stats.JSON}) }

func toPerfetto(w io.Writer) convert.Sink {
	return perfetto.New(w, perfetto.Options{CounterStep: 100 * time.Microsecond})
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

// readAlone is the measure: the decoder, and nothing done with its events.
func readAlone(data []byte) (int64, error) {
	r, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	for {
		if _, err := r.ReadEvent(); err == io.EOF {
			return 0, nil
		} else if err != nil {
			return 0, err
		}
	}
}

// A counter is a writer that counts.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

func convertTo(formats ...func(io.Writer) convert.Sink) func([]byte) (int64, error) {
	return func(data []byte) (int64, error) {
		counters := make([]counter, len(formats))
		var sinks []convert.Sink
		for i, f := range formats {
			sinks = append(sinks, f(&counters[i]))
		}
		_, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Start: time.Unix(1, 0)}, sinks...)
		var n int64
		for _, c := range counters {
			n += c.n
		}
		return n, err
	}
}

func bench(path string, n int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{})
	if err != nil {
		return err
	}
	start := time.Now()
	if _, err := readAlone(data); err != nil {
		return err
	}
	times := 1 + int(atLeast/time.Since(start))

	costs := make([][]cost, len(subjects))
	for range n {
		for i, sub := range subjects {
			c, err := measure(sub, data, times)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", path, sub.name, err)
			}
			costs[i] = append(costs[i], c)
		}
	}
	print(path, s, costs)
	return nil
}

func measure(sub subject, data []byte, times int) (c cost, err error) {
	runtime.GC()
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, cpu := time.Now(), cpuTime()
	for range times {
		if c.written, err = sub.run(data); err != nil {
			return c, err
		}
	}
	c.wall, c.cpu = time.Since(start)/time.Duration(times), (cpuTime()-cpu)/time.Duration(times)
	runtime.ReadMemStats(&after)
	c.allocs = (after.Mallocs - before.Mallocs) / uint64(times)
	c.allocated = (after.TotalAlloc - before.TotalAlloc) / uint64(times)
	return c, nil
}

func print(path string, s *convert.Summary, costs [][]cost) {
	fmt.Printf("\n%s: %s, %d events, %d bytes, %d generations\n", path, s.Version, s.Events, s.Bytes, s.Generations)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tCPU ns/event\tCPU ratio\twall ratio\tout B/event\tallocs/event\talloc B/event\t")
	events := float64(s.Events)
	for i, sub := range subjects {
		c := costs[i]
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%.2f\t%.1f\t%.3f\t%.0f\t\n", sub.name,
			median(c, func(_ int, c cost) float64 { return float64(c.cpu) / events }),
			median(c, func(j int, c cost) float64 { return float64(c.cpu) / float64(costs[0][j].cpu) }),
			median(c, func(j int, c cost) float64 { return float64(c.wall) / float64(costs[0][j].wall) }),
			float64(c[0].written)/events,
			median(c, func(_ int, c cost) float64 { return float64(c.allocs) / events }),
			median(c, func(_ int, c cost) float64 { return float64(c.allocated) / events }))
	}
	w.Flush()
}

func median(costs []cost, f func(i int, c cost) float64) float64 {
	var vs []float64
	for i, c := range costs {
		vs = append(vs, f(i, c))
	}
	slices.Sort(vs)
	return vs[len(vs)/2]
}
