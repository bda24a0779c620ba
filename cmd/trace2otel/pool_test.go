package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLargestInputRuns converts a file that seems to take more memory than all
// jobs may take together. It is no trace, which shows at its beginning: it has to
// be begun for that, and the others run, too.
func TestLargestInputRuns(t *testing.T) {
	dir := t.TempDir()
	huge := filepath.Join(dir, "huge.trace")
	if err := os.WriteFile(huge, make([]byte, 100), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, poolMemory); err != nil {
		t.Skip(err) // there is no room, not even for a hole
	}
	// A job that waits for ever gives up by then.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stderr, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	out := filepath.Join(dir, "out")
	for _, jobs := range []string{"1", "2"} {
		c := newCLI(nil, os.Stdout, stderr)
		code := c.execute(ctx, []string{"convert", huge, smallTrace, "--to", "stats", "--out", out, "--force", "-j", jobs})
		if code != exitFailed {
			said, _ := os.ReadFile(stderr.Name())
			t.Errorf("-j %s: exit code %d, want %d: %s", jobs, code, exitFailed, said)
		}
		if _, err := os.Stat(filepath.Join(out, "go1.26.8-annotations.stats.json")); err != nil {
			t.Errorf("-j %s: %v", jobs, err)
		}
	}
}
