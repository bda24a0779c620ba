//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A stuckCommand is trace2otel in a folder of its own, in the middle of a
// conversion that goes on as soon as more comes by its standard input.
type stuckCommand struct {
	*exec.Cmd
	dir    string
	stdin  io.WriteCloser
	stderr bytes.Buffer
}

// startStuck starts trace2otel, and returns when it has read a part of a trace
// from standard input and waits for more.
func startStuck(t *testing.T, args ...string) *stuckCommand {
	t.Helper()
	return start(t, exec.Command("trace2otel", args...))
}

func start(t *testing.T, cmd *exec.Cmd) *stuckCommand {
	t.Helper()
	s := &stuckCommand{Cmd: cmd, dir: t.TempDir()}
	s.Dir, s.Cmd.Stderr = s.dir, &s.stderr
	var err error
	if s.stdin, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Process.Kill(); s.Wait() })
	b, err := os.ReadFile("../../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: when all is written, most of it has been read.
	if _, err := s.stdin.Write(b[:len(b)/2]); err != nil {
		t.Fatal(err)
	}
	return s
}

// exit waits for the end and returns the exit code.
func (s *stuckCommand) exit(t *testing.T) int {
	t.Helper()
	timer := time.AfterFunc(5*time.Minute, func() { s.Process.Kill() })
	defer timer.Stop()
	s.Wait()
	return s.ProcessState.ExitCode()
}

func TestSignalsLeaveNothing(t *testing.T) {
	for _, test := range []struct {
		signal syscall.Signal
		code   int
	}{
		{syscall.SIGINT, 130},
		{syscall.SIGTERM, 143},
		{syscall.SIGHUP, 129},
	} {
		t.Run(test.signal.String(), func(t *testing.T) {
			if signal.Ignored(test.signal) {
				t.Skip("ignored by whoever runs the tests, nohup perhaps")
			}
			s := startStuck(t, "convert", "-", "--to", "perfetto,pprof", "--kind", "sync,sched", "--out", "out")
			if got := folder(t, filepath.Join(s.dir, "out")); len(got) != 3 {
				t.Errorf("in the middle of the conversion, the folder has %d files", len(got))
			}
			s.Process.Signal(test.signal)
			if code := s.exit(t); code != test.code {
				t.Errorf("exit code %d, want %d\n%s", code, test.code, &s.stderr)
			}
			if got := folder(t, filepath.Join(s.dir, "out")); len(got) > 0 {
				t.Errorf("the folder has %d files", len(got))
			}
		})
	}
}

// feed writes a byte now and then, until nobody wants it.
func (s *stuckCommand) feed() {
	for range 100 {
		if _, err := s.stdin.Write([]byte{0}); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// A signal while the trace still comes in ends the conversion at the next
// bytes, in good order.
func TestSignalWhileReading(t *testing.T) {
	s := startStuck(t, "perfetto", "-", "--strict", "-o", "out")
	s.Process.Signal(syscall.SIGINT)
	s.feed()
	if code := s.exit(t); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if got, want := s.stderr.String(), "trace2otel: stdin: stopped by a signal: interrupt\n"; got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
	if got := folder(t, s.dir); len(got) > 0 {
		t.Errorf("the folder has %d files", len(got))
	}
}

// The inputs before the signal are converted, those after it are not.
func TestSignalBetweenInputs(t *testing.T) {
	trace, err := filepath.Abs(smallTrace)
	if err != nil {
		t.Fatal(err)
	}
	s := startStuck(t, "convert", trace, "-", "absent", "-j", "1", "--to", "perfetto", "--out", "out")
	s.Process.Signal(syscall.SIGINT)
	s.feed()
	if code := s.exit(t); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if got := folder(t, filepath.Join(s.dir, "out")); len(got) != 1 || len(got["go1.26.8-annotations.pftrace"]) == 0 {
		t.Errorf("the folder has %d files", len(got))
	}
	if strings.Contains(s.stderr.String(), "absent") {
		t.Errorf("stderr %q", &s.stderr)
	}
}

// A file may come up after the check that there is none.
func TestFileThatCameMeanwhileIsKept(t *testing.T) {
	s := startStuck(t, "convert", "-", "--to", "perfetto,pprof", "--kind", "net", "--out", "out")
	out := filepath.Join(s.dir, "out")
	if err := os.WriteFile(filepath.Join(out, "stdin.pftrace"), []byte("another's"), 0o666); err != nil {
		t.Fatal(err)
	}
	s.stdin.Close()
	if code := s.exit(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if want := "cannot write out/stdin.pftrace: file already exists\n"; !strings.Contains(s.stderr.String(), want) {
		t.Errorf("stderr %q", &s.stderr)
	}
	if got := folder(t, out); len(got) != 2 || got["stdin.pftrace"] != "another's" || got["stdin.net.pb.gz"] == "" {
		t.Errorf("the folder has %d files", len(got))
	}
}

// A named pipe that nobody writes to blocks even the opening of it.
func TestSignalWhileOpening(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	// There is no sign of its being blocked. A signal that comes before the
	// program has got that far ends it by itself.
	code := -1
	for wait := 200 * time.Millisecond; code == -1 && wait < 30*time.Second; wait *= 2 {
		cmd := exec.Command("trace2otel", "perfetto", fifo)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait)
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		code = cmd.ProcessState.ExitCode()
	}
	if code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}

func TestNohupHolds(t *testing.T) {
	if _, err := exec.LookPath("nohup"); err != nil {
		t.Skip(err)
	}
	s := start(t, exec.Command("nohup", "trace2otel", "perfetto", "-", "-o", "out"))
	s.Process.Signal(syscall.SIGHUP)
	time.Sleep(50 * time.Millisecond)
	s.stdin.Close()
	if code := s.exit(t); code != 3 {
		t.Errorf("exit code %d, want 3, for a trace that is cut\n%s", code, &s.stderr)
	}
}

// Once the reader of standard output has had enough, the rest is not wanted,
// and nobody is to blame.
func TestClosedPipe(t *testing.T) {
	cmd := exec.Command("trace2otel", "perfetto", "../../testdata/go1.26.8-multi.trace")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stdout.Read(make([]byte, 10))
	stdout.Close()
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 141 {
		t.Errorf("exit code %d, want 141", code)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr %q", &stderr)
	}
}

// Nobody listening to messages is no reason to stop.
func TestClosedStandardError(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	dir := t.TempDir()
	cmd := exec.Command("trace2otel", "convert", "absent.trace", smallTrace, "--to", "perfetto", "--out", dir)
	cmd.Stderr = w
	if err := cmd.Run(); err == nil {
		t.Error("exit code 0, want 1")
	}
	w.Close()
	if got := folder(t, dir); len(got) != 1 || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit code %d, and the folder has %d files", cmd.ProcessState.ExitCode(), len(got))
	}
}

// In the middle of several inputs at once, a signal leaves what is whole, and
// nothing of what is not; the report has all of them.
func TestSignalAmongInputs(t *testing.T) {
	trace, err := os.ReadFile("../../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan struct{}, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(trace[:len(trace)/2])
		w.(http.Flusher).Flush()
		sent <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	small, err := filepath.Abs(smallTrace)
	if err != nil {
		t.Fatal(err)
	}
	one := server.URL + "/debug/pprof/trace"
	other := strings.Replace(one, "127.0.0.1", "localhost", 1)
	dir := t.TempDir()
	late := filepath.Join(dir, "late.trace")
	if err := os.WriteFile(late, trace, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		signal syscall.Signal
		code   int
	}{
		{syscall.SIGINT, 130},
		{syscall.SIGTERM, 143},
	} {
		t.Run(test.signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			var stderr bytes.Buffer
			cmd := exec.Command("trace2otel", "convert", small, one, other, late, "-j", "2",
				"--to", "perfetto,pprof", "--kind", "sync", "--out", "out", "--report", "report.json")
			cmd.Dir, cmd.Stderr = dir, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				<-sent
			}
			cmd.Process.Signal(test.signal)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit code %d, want %d\n%s", code, test.code, &stderr)
			}
			var names []string
			for name := range folder(t, filepath.Join(dir, "out")) {
				names = append(names, strings.TrimPrefix(name, "go1.26.8-annotations."))
			}
			slices.Sort(names)
			if want := []string{"pftrace", "sync.pb.gz"}; !slices.Equal(names, want) {
				t.Errorf("there are %q, want %q", names, want)
			}
			var report struct {
				Inputs []struct{ Status string }
			}
			b, err := os.ReadFile(filepath.Join(dir, "report.json"))
			if err == nil {
				err = json.Unmarshal(b, &report)
			}
			var became []string
			for _, in := range report.Inputs {
				became = append(became, in.Status)
			}
			if want := []string{"converted", "failed", "failed", "skipped"}; err != nil || !slices.Equal(became, want) {
				t.Errorf("the report says %q, want %q: %v\n%s", became, want, err, &stderr)
			}
		})
	}
}
