package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/trace2otel/trace2otel/internal/firstgc"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	var (
		n            = flag.Int("n", 5, "rounds")
		dir          = flag.String("dir", "", "folder of the traces that are made (default: in the user's cache)")
		load         = flag.String("load", "", "measure only made traces whose name matches")
		only         = flag.String("subject", "", "measure only subjects whose name matches, and reading")
		instructions = flag.Bool("instructions", false, "count instructions instead")
		maxima       = flag.String("max", "", "with -instructions: fail if a `subject=ratio` is exceeded; several with commas")
		grows        = flag.Bool("growth", false, "count instead how instructions grow with traces that are made up")
		kind         = flag.String("family", "", "with -growth: only families whose name matches")
		most         = flag.Float64("most", 2.5, "with -growth: fail if twice the trace takes more than this `times` as much")
		start        = flag.String("startup", "", "measure instead how long the whole command takes for this small `trace`")
		child        = flag.String("child", "", "run one subject and report: for the command's own use")
		program      = flag.String("make", "", "make the trace of one load: for the command's own use")
	)
	flag.Parse()
	if *grows {
		return measureGrowth(*kind, *most)
	}
	if *program != "" {
		return makeTrace(*program, flag.Arg(0))
	}
	if *child != "" {
		return report(*child, flag.Arg(0))
	}
	if *start != "" {
		return startup(*start)
	}
	wanted, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	var chosen []subject
	for i, s := range subjects {
		if i == 0 || wanted.MatchString(s.name) {
			chosen = append(chosen, s)
		}
	}
	bounds, err := parseBounds(*maxima)
	if err != nil {
		return err
	}
	paths := flag.Args()
	if len(paths) == 0 {
		if paths, err = madeTraces(*dir, *load); err != nil {
			return err
		}
	}
	fmt.Printf("%s %s/%s, %d processors%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), processor())
	for _, path := range paths {
		if *instructions {
			err = countAll(path, chosen, bounds)
		} else {
			err = compare(path, chosen, *n)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return nil
}

// report runs a subject on a trace and tells the process that started this one
// what only this one knows.
func report(name, path string) error {
	for _, s := range subjects {
		if s.name != name {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		firstgc.At(firstgc.Usual) // as the command does
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var o outcome
		start, cpu := time.Now(), cpuTime()
		if o.Events, o.Written, err = s.run(f); err != nil {
			return err
		}
		o.Wall, o.CPU = time.Since(start), cpuTime()-cpu
		runtime.ReadMemStats(&after)
		o.Allocs = after.Mallocs - before.Mallocs
		o.Allocated = after.TotalAlloc - before.TotalAlloc
		return json.NewEncoder(os.Stdout).Encode(o)
	}
	return fmt.Errorf("no subject %q", name)
}
