//go:build unix

package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// whole returns what converting a trace from standard input gives if nothing
// goes wrong.
func whole(t *testing.T, args ...string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if code, stderr := fed(t, dir, args...); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	return folder(t, filepath.Join(dir, "out"))
}

// fed runs trace2otel in dir with a trace as its standard input.
func fed(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	in, err := os.Open("../../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var stderr strings.Builder
	cmd := exec.Command("trace2otel", args...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, in, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// A program that is killed can clean nothing up: what it leaves has no name of
// an output, so that nobody takes it for one, and the next run needs no force,
// and removes it.
func TestKilledAndRunAgain(t *testing.T) {
	args := []string{"convert", "-", "--to", "perfetto,pprof", "--kind", "sync,sched", "--out", "out"}
	s := startStuck(t, args...)
	s.Process.Kill()
	if code := s.exit(t); code != -1 {
		t.Errorf("exit code %d, want -1, for a signal", code)
	}
	left := folder(t, filepath.Join(s.dir, "out"))
	if len(left) == 0 {
		t.Error("nothing is left: was it killed too late?")
	}
	for name := range left {
		if !strings.HasPrefix(name, ".trace2otel-") || !strings.HasSuffix(name, ".tmp") {
			t.Errorf("it left %s", name)
		}
	}

	if code, stderr := fed(t, s.dir, args...); code != 0 {
		t.Errorf("the next run: exit code %d\n%s", code, stderr)
	}
	want, got := whole(t, args...), folder(t, filepath.Join(s.dir, "out"))
	if len(want) != 3 || !maps.Equal(got, want) {
		t.Errorf("there are %q; want %q, with what is in them",
			slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// mounted runs a shell script where the folder out is a file system of its own,
// which nobody else sees, with options such as size=64k; it goes with the
// script. The test is skipped where that is not allowed.
func mounted(t *testing.T, options, script string) (dir, stderr string, code int) {
	t.Helper()
	if exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", t.TempDir()).Run() != nil {
		t.Skip("file systems cannot be mounted here")
	}
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"large.trace": "../../testdata/go1.26.8-multi.trace", "small.trace": smallTrace} {
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	cmd := exec.Command("unshare", "-rm", "sh", "-c", `mount -t tmpfs -o "$1" tmpfs out || exit 99; `+script, "sh", options)
	cmd.Dir, cmd.Stderr = dir, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return dir, out.String(), cmd.ProcessState.ExitCode()
}

// TestDiskThatFills converts to a disk that has room for the outputs of one input
// and not of another: what is there is whole, and there is nothing of the rest.
func TestDiskThatFills(t *testing.T) {
	dir, stderr, code := mounted(t, "size=256k", `
		trace2otel convert small.trace large.trace -j 1 --to perfetto,pprof --kind sync,sched --out out --report report.json
		code=$?
		cp -R out kept
		exit $code`)
	if code != 1 {
		t.Errorf("exit code %d, want 1\n%s", code, stderr)
	}
	if want := "trace2otel: large.trace: cannot write out/large.pftrace: no space left on device\n"; !strings.Contains(stderr, want) {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
	kept := folder(t, filepath.Join(dir, "kept"))
	want := make(map[string]string)
	for _, name := range []string{"large.trace", "small.trace"} {
		out := filepath.Join(t.TempDir(), "out")
		if code, stderr := execute(t, false, os.Stdout, "convert", filepath.Join(dir, name),
			"--to", "perfetto,pprof", "--kind", "sync,sched", "--out", out); code != exitOK {
			t.Fatal(stderr)
		}
		maps.Copy(want, folder(t, out))
	}
	delete(want, "large.pftrace") // has no room; what it took, the profiles beside it have
	for name, data := range kept {
		if want[name] != data {
			t.Errorf("there is %s, and it is not whole", name)
		}
	}
	for name := range want {
		if kept[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	if report, err := os.ReadFile(filepath.Join(dir, "report.json")); err != nil ||
		!strings.Contains(string(report), "no space left on device") || strings.Contains(string(report), `"out/large.pftrace"`) {
		t.Errorf("the report is wrong (%v):\n%s", err, report)
	}
}

// TestReportToFullDevice writes to what takes no byte.
func TestReportToFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	code, stderr := execute(t, false, os.Stdout, "convert", smallTrace, "--to", "perfetto", "--out", out, "--report", "/dev/full")
	if want := "trace2otel: cannot write /dev/full: no space left on device\n"; code != exitFailed || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	if got := folder(t, out); len(got) != 1 || got["go1.26.8-annotations.pftrace"] == "" {
		t.Errorf("the folder has %d files", len(got))
	}
}

// TestUnwritableFolder converts to a file system that may only be read, which
// holds for root, too.
func TestUnwritableFolder(t *testing.T) {
	dir, stderr, code := mounted(t, "ro", `
		trace2otel convert large.trace small.trace --to perfetto --out out && exit 98
		trace2otel convert small.trace --to perfetto --out out/deeper`)
	if code != 1 {
		t.Errorf("exit code %d, want 1\n%s", code, stderr)
	}
	for _, want := range []string{
		"trace2otel: large.trace: cannot write out/large.pftrace: read-only file system\n",
		"trace2otel: small.trace: cannot write out/small.pftrace: read-only file system\n",
		"trace2otel: cannot make the folder out/deeper: read-only file system\n",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr %q, want %q", stderr, want)
		}
	}
	if got := folder(t, filepath.Join(dir, "out")); len(got) > 0 {
		t.Errorf("the folder has %d files", len(got))
	}
}

// Nobody reading the report is a failure of the report, and costs no output.
func TestReportToClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	dir := t.TempDir()
	var stderr strings.Builder
	cmd := exec.Command("trace2otel", "convert", smallTrace, "--to", "perfetto,pprof", "--kind", "sync", "--out", dir, "--report", "-")
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, want exit code 1", err)
	}
	if want := "trace2otel: cannot write -: broken pipe\n"; !strings.Contains(stderr.String(), want) {
		t.Errorf("stderr %q, want %q", stderr.String(), want)
	}
	if got := folder(t, dir); len(got) != 2 {
		t.Errorf("the folder has %d files", len(got))
	}
}
