//go:build unix && !solaris && !aix

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/trace2otel/trace2otel/internal/otlpserver"
)

// strayName returns a name of a temporary file.
func strayName(dir string, n int) string {
	return filepath.Join(dir, fmt.Sprintf(".trace2otel-STRAY%d.tmp", n))
}

// TestSingleCommandsRemoveStray runs every command that writes where killed runs have
// left temporary files: beside its output, beside what could not be delivered, and
// where it sets things aside. Files of runs that live stay, and what is no file.
func TestSingleCommandsRemoveStray(t *testing.T) {
	down := otlpserver.Refusing(t)
	for name, tt := range map[string]struct {
		args    []string
		code    exitCode
		cleaned []string
	}{
		"perfetto":           {[]string{"perfetto", smallTrace, "-o", "out[1]/x"}, exitOK, []string{"out[1]"}},
		"stats":              {[]string{"stats", smallTrace, "-o", "out[1]/x"}, exitOK, []string{"out[1]"}},
		"diff":               {[]string{"diff", smallTrace, smallTrace, "-o", "out[1]/x"}, exitOK, []string{"out[1]"}},
		"convert":            {[]string{"convert", smallTrace, "--to", "stats", "--out", "out[1]", "--report", "failed/r"}, exitOK, []string{"out[1]", "failed"}},
		"set aside":          {[]string{"stats", smallTrace, "--strict"}, exitOK, []string{"tmp"}},
		"delivery":           {[]string{"otlp", smallTrace, "--endpoint", down, "--retry-for", "0", "--failed-out", "failed/x", "-o", "out[1]/x"}, exitFailed, []string{"failed", "out[1]"}},
		"delivery, strictly": {[]string{"otlp", smallTrace, "--endpoint", down, "--retry-for", "0", "--strict"}, exitFailed, []string{"tmp"}},
		"send":               {[]string{"send", "spans.otlp.jsonl", "--endpoint", down, "--retry-for", "0", "--failed-out", "failed/x"}, exitFailed, []string{"failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := filepath.Abs(smallTrace)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			tmp, err := filepath.Abs("tmp")
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", tmp)
			if code, stderr := execute(t, false, nil, "otlp", trace, "-o", "spans.otlp.jsonl"); code != exitOK {
				t.Fatal(stderr)
			}
			if err := os.WriteFile("others", []byte("others"), 0o666); err != nil {
				t.Fatal(err)
			}
			var held []*os.File
			dirs := []string{"out[1]", "failed", "tmp"}
			for _, dir := range dirs {
				err := os.Mkdir(dir, 0o777)
				if err == nil {
					err = os.WriteFile(strayName(dir, 1), []byte("half"), 0o600)
				}
				if err == nil {
					err = errors.Join(os.Symlink("../others", strayName(dir, 2)), syscall.Mkfifo(strayName(dir, 3), 0o600))
				}
				f, createErr := os.Create(strayName(dir, 4))
				if err := errors.Join(err, createErr); err != nil {
					t.Fatal(err)
				}
				if locked, _ := lock(f); !locked {
					t.Skip("files cannot be locked here")
				}
				held = append(held, f)
			}
			for i, arg := range tt.args {
				if arg == smallTrace {
					tt.args[i] = trace
				}
			}
			stdout, err := os.Create("stdout")
			if err != nil {
				t.Fatal(err)
			}
			defer stdout.Close()
			if code, stderr := execute(t, false, stdout, tt.args...); code != tt.code {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			cleaned := make(map[string]bool)
			for _, dir := range tt.cleaned {
				cleaned[dir] = true
			}
			for _, dir := range dirs {
				if _, err := os.Lstat(strayName(dir, 1)); errors.Is(err, fs.ErrNotExist) != cleaned[dir] {
					t.Errorf("%s: %v", dir, err)
				}
				for n := 2; n <= 4; n++ {
					if _, err := os.Lstat(strayName(dir, n)); err != nil {
						t.Error(err)
					}
				}
			}
			if data, err := os.ReadFile("others"); string(data) != "others" {
				t.Error("what a link leads to is gone: ", err)
			}
			for _, f := range held {
				f.Close()
			}
		})
	}
}

// TestRunsDoNotDisturbEachOther has many runs begin, and look for strays, while others
// write outputs into the same folder.
func TestRunsDoNotDisturbEachOther(t *testing.T) {
	const writers, each = 4, 100
	dir := t.TempDir()
	var writing, cleaning sync.WaitGroup
	var done atomic.Bool
	for range 2 {
		cleaning.Go(func() {
			for !done.Load() {
				removeStray(dir)
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				path := filepath.Join(dir, fmt.Sprint(w, " ", i%10))
				o, err := createOutput(path, nil, outputMode{}, new(temporaries))
				if err == nil {
					io.WriteString(o, path)
					err = o.commit()
				}
				if err != nil {
					t.Errorf("%s: %v", path, err)
					return
				}
			}
		})
	}
	writing.Wait()
	done.Store(true)
	cleaning.Wait()
	files := folder(t, dir)
	for name, data := range files {
		if data != filepath.Join(dir, name) {
			t.Errorf("%s has %q", name, data)
		}
	}
	if len(files) != writers*10 {
		t.Errorf("there are %d files", len(files))
	}
}
