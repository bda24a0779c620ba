package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// parseBounds reads "subject=ratio,...".
func parseBounds(s string) (map[string]float64, error) {
	bounds := make(map[string]float64)
	for part := range strings.SplitSeq(s, ",") {
		if part == "" {
			continue
		}
		name, number, _ := strings.Cut(part, "=")
		ratio, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no subject=ratio", part)
		}
		bounds[name] = ratio
	}
	return bounds, nil
}

// countAll counts the instructions of all subjects on a trace, and compares
// them with bounds.
func countAll(path string, chosen []subject, bounds map[string]float64) error {
	fmt.Printf("\n%s: instructions\n", filepath.Base(path))
	var first float64
	var failed []string
	for _, s := range chosen {
		if s.tool != nil {
			continue
		}
		n, err := instructions(s, path)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if first == 0 {
			first = n
		}
		fmt.Printf("%20s %8.0f million  %5.2f\n", s.name, n/1e6, n/first)
		if b, ok := bounds[s.name]; ok && n/first > b {
			failed = append(failed, fmt.Sprintf("%s takes %.2f, more than %.2f", s.name, n/first, b))
		}
	}
	if failed != nil {
		return fmt.Errorf("%s", strings.Join(failed, "; "))
	}
	return nil
}

var collected = regexp.MustCompile(`Collected : (\d+)`)

// instructions counts those of a subject, on one processor and without garbage
// collection.
func instructions(s subject, path string) (float64, error) {
	cmd, err := s.command(path)
	if err != nil {
		return 0, err
	}
	args := append([]string{"--tool=callgrind", "--callgrind-out-file=/dev/null"}, cmd.Args...)
	cmd = exec.Command("valgrind", args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1") // signals confuse callgrind
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, stderr.Bytes())
	}
	m := collected.FindSubmatch(stderr.Bytes())
	if m == nil {
		return 0, fmt.Errorf("valgrind says no number: %s", stderr.Bytes())
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
