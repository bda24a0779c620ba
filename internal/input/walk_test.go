package input

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestWalk finds files, and what links lead to, once each.
func TestWalk(t *testing.T) {
	root := t.TempDir()
	for _, file := range []string{"in/b", "in/sub/a", "in/sub.c", "out/x", "out/deep/y"} {
		path := filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"in/a":         "../out/x",
		"in/again":     "../out/x",
		"in/dir":       "../out",
		"in/gone":      "nowhere",
		"in/loop":      "loop",
		"in/own":       "b",
		"in/parent":    "..",
		"out/back":     "../in",
		"in/sub/above": "..",
		"root":         "in",
	} {
		if err := os.Symlink(filepath.FromSlash(target), filepath.Join(root, filepath.FromSlash(link))); err != nil {
			t.Skip(err)
		}
	}
	for _, name := range []string{"in", "root"} {
		dir := filepath.Join(root, name)
		files, again, err := Walk(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range files {
			rel, err := filepath.Rel(dir, f.Path)
			if err != nil {
				t.Fatal(err)
			}
			if dangling := errors.Is(f.Err, ErrDangling); dangling != (rel == "gone" || rel == "loop") || f.Err != nil && !dangling {
				t.Errorf("%s: %v", rel, f.Err)
			}
			got = append(got, filepath.ToSlash(rel))
		}
		// out is found by dir first; then parent leads to nothing new but the
		// links there.
		want := []string{"a", "b", "dir/deep/y", "gone", "loop", "sub/a", "sub.c"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if again < 4 {
			t.Errorf("%s: %d links lead to what was found", name, again)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Walk(ctx, root); err == nil {
		t.Error("goes on without a context")
	}
}
