package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// startupRuns is how often the start is measured.
const startupRuns = 25

// startup measures whole processes of the command, which it builds, on a trace
// that is next to nothing: from start to end, with all outputs written to the
// folder for temporary files ($TMPDIR).
func startup(path string) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tool := filepath.Join(dir, "trace2otel")
	build := exec.Command("go", "build", "-o", tool, "./cmd/trace2otel")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the command: %w", err)
	}
	var walls, cpus []time.Duration
	for range startupRuns {
		cmd := exec.Command(tool, "convert", path, "--to", "perfetto,otlp,pprof,stats", "--out", filepath.Join(dir, "out"), "--force", "-q")
		cmd.Stderr = io.Discard
		start := time.Now()
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%v: %w", cmd, err)
		}
		walls = append(walls, time.Since(start))
		cpus = append(cpus, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Printf("\nthe whole command on a trace of %.1f kB, all outputs, median of %d: %.1f ms, %.1f ms of CPU time\n",
		float64(info.Size())/1e3, startupRuns, walls[startupRuns/2].Seconds()*1e3, cpus[startupRuns/2].Seconds()*1e3)
	return nil
}
