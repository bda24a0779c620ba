package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

// An outcome is what a process that ran a subject tells.
type outcome struct {
	Events    int64
	Written   int64 // bytes
	Allocs    uint64
	Allocated uint64 // bytes

	// Without the start of the process, which is what differs most between
	// machines.
	CPU, Wall time.Duration
}

// A cost is what one run of a subject took.
type cost struct {
	outcome
	peak int64 // bytes of memory; 0 if not known
}

// compare measures subjects on a trace, in rounds, and prints a table.
func compare(path string, chosen []subject, rounds int) error {
	costs := make([][]cost, len(chosen))
	for range rounds {
		for i, s := range chosen {
			c, err := measure(s, path)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			costs[i] = append(costs[i], c)
		}
	}
	return print(path, chosen, costs)
}

// command returns the process that runs a subject.
func (s subject) command(path string) (*exec.Cmd, error) {
	if s.tool != nil {
		return exec.Command(s.tool[0], append(s.tool[1:len(s.tool):len(s.tool)], path)...), nil
	}
	self, err := os.Executable()
	return exec.Command(self, "-child", s.name, path), err
}

// measure runs a subject once.
func measure(s subject, path string) (c cost, err error) {
	cmd, err := s.command(path)
	if err != nil {
		return c, err
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return c, fmt.Errorf("%w: %s", err, stderr.Bytes())
	}
	c.Wall = time.Since(start)
	c.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.peak = peakMemory(cmd.ProcessState)
	if s.tool != nil {
		c.Written = int64(stdout.Len())
		return c, nil
	}
	return c, json.Unmarshal(stdout.Bytes(), &c.outcome)
}

func print(path string, chosen []subject, costs [][]cost) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	events := float64(costs[0][0].Events)
	fmt.Printf("\n%s: %.0f events, %.1f MB\n", filepath.Base(path), events, float64(info.Size())/1e6)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tCPU ns/event\tCPU ratio\twall ratio\tpeak MB\tout B/event\tallocs/event\talloc B/event\t")
	for i, s := range chosen {
		c, first := costs[i], costs[0]
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%.2f\t%.0f\t%.1f\t%.3f\t%.0f\t\n", s.name,
			median(c, func(_ int, c cost) float64 { return float64(c.CPU) / events }),
			median(c, func(j int, c cost) float64 { return float64(c.CPU) / float64(first[j].CPU) }),
			median(c, func(j int, c cost) float64 { return float64(c.Wall) / float64(first[j].Wall) }),
			median(c, func(_ int, c cost) float64 { return float64(c.peak) / 1e6 }),
			float64(c[0].Written)/events,
			median(c, func(_ int, c cost) float64 { return float64(c.Allocs) / events }),
			median(c, func(_ int, c cost) float64 { return float64(c.Allocated) / events }))
	}
	return w.Flush()
}

func median(costs []cost, f func(i int, c cost) float64) float64 {
	var vs []float64
	for i, c := range costs {
		vs = append(vs, f(i, c))
	}
	slices.Sort(vs)
	return vs[len(vs)/2]
}
