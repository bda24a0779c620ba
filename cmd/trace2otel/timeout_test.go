//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// timeout runs a command line whose standard input is a pipe that stays open, and
// has a few bytes of a trace. It fails if the command does not end.
func timeout(t *testing.T, args ...string) (exitCode, string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	data, err := os.ReadFile(smallTrace)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data[:2000])
	var stderr bytes.Buffer
	code := make(chan exitCode, 1)
	go func() { code <- newCLI(r, os.Stdout, &stderr).execute(t.Context(), args) }()
	select {
	case code := <-code:
		return code, stderr.String()
	case <-time.After(2 * time.Minute):
		t.Fatalf("%v does not end", args)
		return 0, ""
	}
}

// TestTimeoutOfBlockedReads gives up inputs that block: a pipe of which no more
// comes, a named pipe of which no more comes, and one that nobody opens.
func TestTimeoutOfBlockedReads(t *testing.T) {
	dir := t.TempDir()
	unopened, half := filepath.Join(dir, "unopened"), filepath.Join(dir, "half")
	for _, path := range []string{unopened, half} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip(err)
		}
	}
	w, err := os.OpenFile(half, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	out := filepath.Join(dir, "out")
	text := filepath.Join(dir, "x.txt")
	for _, in := range []struct{ path, name string }{{"-", "stdin"}, {unopened, unopened}, {half, half}} {
		if data, err := os.ReadFile(smallTrace); err != nil {
			t.Fatal(err)
		} else if in.path == half {
			w.Write(data[:2000])
		}
		want := "trace2otel: " + in.name + ": given up after 20ms\n"
		if code, stderr := timeout(t, "stats", in.path, "--timeout", "20ms", "-o", text); code != exitFailed || stderr != want {
			t.Errorf("stats %s: exit code %d, %q", in.path, code, stderr)
		}
		if code, stderr := timeout(t, "diff", smallTrace, in.path, "--timeout", "20ms", "-o", text); code != exitFailed || stderr != want {
			t.Errorf("diff %s: exit code %d, %q", in.path, code, stderr)
		}
		// It ends only itself; time enough for the other.
		code, stderr := timeout(t, "convert", in.path, smallTrace, "-j", "1", "--timeout", "2s", "--to", "stats", "--out", out, "--force")
		if code != exitFailed || !strings.HasPrefix(stderr, strings.Replace(want, "20ms", "2s", 1)) || len(folder(t, out)) != 1 {
			t.Errorf("convert %s: exit code %d, %q", in.path, code, stderr)
		}
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(text); err == nil {
		t.Error("there is an output")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 { // the pipes
		t.Errorf("the folder has %d files: %v", len(left), err)
	}
}
