package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestStartByFileTime(t *testing.T) {
	const lasts = 174785 * time.Nanosecond
	b, err := os.ReadFile(smallTrace)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.trace")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	end := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	if err := os.Chtimes(path, end, end); err != nil {
		t.Fatal(err)
	}
	var s startTime
	if err := s.Set("mtime"); err != nil {
		t.Fatal(err)
	}
	got, err := s.of(t.Context(), &extent{path: path, stdin: nil})
	if want := end.Add(-lasts); err != nil || !got.Equal(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}

	// The time of a pipe or of a folder dates nothing.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w.Close()
	if _, err := s.of(t.Context(), &extent{path: stdio, stdin: r}); err == nil || hintOf(err) != "pass --start with a date" {
		t.Errorf("a pipe: %v", err)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)
	if _, err := s.of(ctx, &extent{path: path, stdin: nil}); err == nil {
		t.Error("a context that ended does not end the reading")
	}
}

func TestStartSetTwice(t *testing.T) {
	var s startTime
	for _, text := range []string{"mtime", "2024-05-06T07:08:09.123456789Z"} {
		if err := s.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.of(t.Context(), &extent{path: "absent", stdin: nil})
	if want := time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestStartZeroIsNone(t *testing.T) {
	var s startTime
	if got, err := s.of(t.Context(), &extent{path: "absent", stdin: nil}); err != nil || !got.IsZero() {
		t.Errorf("got %v, %v", got, err)
	}
}
