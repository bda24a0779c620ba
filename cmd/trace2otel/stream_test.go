//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Never name a device as an output here: the defect that these tests look for
// replaces it by a file, which as root ruins the machine. A named pipe in a
// folder of the test is as good.

// A named pipe is written, not replaced.
func TestNamedPipeIsNotReplaced(t *testing.T) {
	want, err := exec.Command("trace2otel", "perfetto", smallTrace).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, strict := range []string{"--strict=false", "--strict"} {
		t.Run(strict, func(t *testing.T) {
			dir := t.TempDir()
			fifo := filepath.Join(dir, "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Skip(err)
			}
			// Open for writing too, so that opening it does not block.
			r, err := os.OpenFile(fifo, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if out, err := exec.Command("trace2otel", "perfetto", smallTrace, strict, "-o", fifo).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			info, err := os.Lstat(fifo)
			if err != nil || info.Mode().Type() != os.ModeNamedPipe {
				t.Fatalf("there is no pipe any more, but %v, %v", info.Mode(), err)
			}
			got := make([]byte, len(want)) // less than a pipe holds
			if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes other than those of standard output: %v", len(got), err)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 {
				t.Errorf("the folder has %d files", len(entries))
			}
		})
	}
}

// What becomes a pipe between the beginning and the end stays one.
func TestCommitReplacesNoPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	o, _ := create(t, path, outputMode{})
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if err := o.commit(); err == nil || err.Error() != "it is no regular file" {
		t.Errorf("commit: %v", err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("there is no pipe any more, but %v, %v", info.Mode(), err)
	}
}

func TestFullDisk(t *testing.T) {
	for _, strict := range []string{"--strict=false", "--strict"} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		defer full.Close()
		cmd := exec.Command("trace2otel", "perfetto", smallTrace, strict)
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &stderr
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 1 {
			t.Errorf("%s: exit code %d, want 1", strict, code)
		}
		want := "trace2otel: " + smallTrace + ": cannot write standard output: no space left on device\n"
		if stderr.String() != want {
			t.Errorf("%s: stderr %q, want %q", strict, &stderr, want)
		}
	}
}

// printing are command lines that print to standard output.
var printing = []string{
	"stats X", "stats X --strict", "stats X --format json", "stats X --format html", "perfetto X", "perfetto X --gzip", "otlp X", "pprof X --kind wall",
	"diff X X", "diff X X --format json", "help", "--help", "help stats", "stats --help", "--version", "completion bash", "completion zsh", "view X --no-browser",
}

// printTo runs a command line with a standard output of the test's.
func printTo(t *testing.T, line string, stdout *os.File) (int, string) {
	t.Helper()
	cmd := exec.Command("trace2otel", strings.Fields(strings.ReplaceAll(line, "X", smallTrace))...)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// TestReaderGone prints to a pipe that nobody reads any more: every command ends as
// those do that SIGPIPE ends, and says nothing.
func TestReaderGone(t *testing.T) {
	for _, line := range printing {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if code, stderr := printTo(t, line, w); code != 141 || stderr != "" {
			t.Errorf("%s: exit code %d, %q", line, code, stderr)
		}
		w.Close()
	}
}

// TestStandardOutputFull prints to what takes no byte.
func TestStandardOutputFull(t *testing.T) {
	for _, line := range printing {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		code, stderr := printTo(t, line, full)
		if code != 1 || !strings.HasSuffix(stderr, "cannot write standard output: no space left on device\n") {
			t.Errorf("%s: exit code %d, %q", line, code, stderr)
		}
		full.Close()
	}
}
