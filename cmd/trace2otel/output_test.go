package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// folder returns the names and contents of the files in dir.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

func create(t *testing.T, path string, m outputMode) (*outputFile, *temporaries) {
	t.Helper()
	var temps temporaries
	o, err := createOutput(path, os.Stdout, m, &temps)
	if err != nil {
		t.Fatal(err)
	}
	return o, &temps
}

func TestOutputAppearsWhenWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	o, temps := create(t, path, outputMode{})
	io.WriteString(o, "half ")
	if _, err := os.Stat(path); err == nil {
		t.Error("the output is there while it is written")
	}
	io.WriteString(o, "whole")
	if err := o.commit(); err != nil {
		t.Fatal(err)
	}
	if got := folder(t, dir); len(got) != 1 || got["out"] != "half whole" {
		t.Errorf("the folder has %q", got)
	}
	if len(temps.names) > 0 {
		t.Errorf("%v are still known as temporary", temps.names)
	}
}

func TestOutputDiscardedLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	o, _ := create(t, filepath.Join(dir, "out"), outputMode{})
	io.WriteString(o, "half")
	o.discard()
	if got := folder(t, dir); len(got) > 0 {
		t.Errorf("the folder has %q", got)
	}
}

func TestOutputReplacesButKeepsMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes on Windows")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, _ := create(t, path, outputMode{})
	io.WriteString(o, "new")
	if got := folder(t, dir)["out"]; got != "old" {
		t.Errorf("before commit there is %q", got)
	}
	if err := o.commit(); err != nil {
		t.Fatal(err)
	}
	if got := folder(t, dir); len(got) != 1 || got["out"] != "new" {
		t.Errorf("the folder has %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestOutputHasTheModeOfAnyNewFile(t *testing.T) {
	dir := t.TempDir()
	o, _ := create(t, filepath.Join(dir, "out"), outputMode{})
	if err := o.commit(); err != nil {
		t.Fatal(err)
	}
	other, err := os.Create(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	got, _ := os.Stat(filepath.Join(dir, "out"))
	want, _ := os.Stat(filepath.Join(dir, "other"))
	if got.Mode() != want.Mode() {
		t.Errorf("mode %v, want %v", got.Mode(), want.Mode())
	}
}

// A file may come up after the check that there is none; on file systems that
// ignore case, it may be another output of the same run.
func TestOutputKeepsWhatCameMeanwhile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	o, _ := create(t, path, outputMode{keep: true})
	if err := os.WriteFile(path, []byte("another's"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := o.commit(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("commit: %v", err)
	}
	if got := folder(t, dir); len(got) != 1 || got["out"] != "another's" {
		t.Errorf("the folder has %q", got)
	}
}

func TestOutputWithLongName(t *testing.T) {
	dir := t.TempDir()
	name := string(bytes.Repeat([]byte{'x'}, 255))
	o, _ := create(t, filepath.Join(dir, name), outputMode{})
	if err := o.commit(); err != nil {
		t.Fatal(err)
	}
}

func TestOutputRemembersFailedWrite(t *testing.T) {
	dir := t.TempDir()
	o, _ := create(t, filepath.Join(dir, "out"), outputMode{})
	o.f.Close()
	o.Write([]byte("lost"))
	if err := o.commit(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("commit: %v", err)
	}
	if got := folder(t, dir); len(got) > 0 {
		t.Errorf("the folder has %q", got)
	}
}

// pipe returns a file to write to, and what was written to it in the end.
func pipe(t *testing.T) (w *os.File, written func() string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return w, func() string {
		w.Close()
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

func TestStreamedOutputRemembersFailedWrite(t *testing.T) {
	stdout, written := pipe(t)
	written()
	o, err := createOutput(stdio, stdout, outputMode{}, new(temporaries))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(o, "lost")
	if err := o.commit(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("commit: %v", err)
	}
}

func TestStreamedOutputGoesThrough(t *testing.T) {
	stdout, written := pipe(t)
	o, err := createOutput(stdio, stdout, outputMode{}, new(temporaries))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(o, "part")
	o.discard()
	if got := written(); got != "part" {
		t.Errorf("written is %q", got)
	}
}

func TestWholeStreamedOutputWaits(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, commit := range []bool{true, false} {
		stdout, written := pipe(t)
		o, err := createOutput(stdio, stdout, outputMode{whole: true}, new(temporaries))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(o, "whole")
		want := ""
		if commit {
			want = "whole"
			if err := o.commit(); err != nil {
				t.Fatal(err)
			}
		} else {
			o.discard()
		}
		if got := written(); got != want {
			t.Errorf("commit=%v: written is %q", commit, got)
		}
	}
	if got := folder(t, os.Getenv("TMPDIR")); len(got) > 0 {
		t.Errorf("the folder has %q", got)
	}
}

func TestRemoveAll(t *testing.T) {
	dir := t.TempDir()
	o, temps := create(t, filepath.Join(dir, "out"), outputMode{})
	defer o.f.Close()
	whole, err := createOutput(filepath.Join(dir, "whole"), nil, outputMode{}, temps)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.commit(); err != nil {
		t.Fatal(err)
	}
	temps.removeAll()
	if got := folder(t, dir); len(got) != 1 || got["whole"] != "" {
		t.Errorf("the folder has %q", got)
	}
}
