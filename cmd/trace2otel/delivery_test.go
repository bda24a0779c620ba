//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/internal/otlpserver"
)

// A signal ends a delivery in the middle of a request, at once and in good
// order: what has been sent is said.
func TestSignalWhileSending(t *testing.T) {
	trace, err := filepath.Abs("../../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	for _, strict := range []string{"--strict=false", "--strict"} {
		t.Run(strict, func(t *testing.T) {
			came := make(chan bool, 10)
			s := otlpserver.Start(t, otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
				if r.N == 0 {
					return otlpserver.Answer{}
				}
				came <- true
				<-r.Context.Done()
				return otlpserver.Answer{Cut: true}
			}})
			cmd := exec.Command("trace2otel", "otlp", trace, strict, "--endpoint", s.HTTP, "--failed-out", "failed", "-o", "out")
			var stderr bytes.Buffer
			cmd.Dir, cmd.Stderr = t.TempDir(), &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(5*time.Minute, func() { cmd.Process.Kill() })
			defer timer.Stop()
			ended := make(chan bool)
			go func() { cmd.Wait(); close(ended) }()
			select {
			case <-came:
				cmd.Process.Signal(syscall.SIGINT)
				<-ended
			case <-ended:
			}
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exit code %d, want 130", code)
			}
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			last := regexp.MustCompile(`: [1-9]\d* spans sent to http://127.0.0.1:\d+, 0 rejected, ([1-9]\d*) failed, kept in failed; what was to follow is not sent$`)
			said := last.FindStringSubmatch(lines[len(lines)-1])
			if said == nil || !strings.Contains(stderr.String(), "stopped by a signal: interrupt\n") {
				t.Errorf("stderr %q", &stderr)
			}
			for name, content := range folder(t, cmd.Dir) {
				switch {
				case name == "failed" && said != nil:
					if n := strings.Count(content, `"startTimeUnixNano":`); fmt.Sprint(n) != said[1] {
						t.Errorf("kept are %d spans, said were %s", n, said[1])
					}
				case name != "out" || strict != "--strict":
					// With --strict, the conversion was complete before anything was sent.
					t.Errorf("left %s", name)
				}
			}
		})
	}
}

// The bar stays while spans are sent, though all may have been read by then.
func TestProgressToTheEnd(t *testing.T) {
	for _, flag := range []string{"--strict=false", "--strict"} {
		s := otlpserver.Start(t, otlpserver.Options{Answer: func(otlpserver.Request) otlpserver.Answer {
			time.Sleep(150 * time.Millisecond) // the bar is drawn at most every 100
			return otlpserver.Answer{}
		}})
		var terminal, stderr bytes.Buffer
		c := newCLI(nil, os.Stdout, &stderr)
		c.progress = &terminal
		// Of a single generation.
		args := "otlp ../../testdata/go1.26.8-gc-stress.trace --min-wait 0 --max-spans 20000 --endpoint " + s.HTTP
		if code := c.execute(t.Context(), append(strings.Fields(args), flag)); code != exitOK {
			t.Fatalf("exit code %d: %s", code, &stderr)
		}
		shown := regexp.MustCompile(`(\d+) spans sent +(\d+)% `).FindAllStringSubmatch(terminal.String(), -1)
		if len(shown) == 0 || shown[len(shown)-1][1] == "0" || shown[len(shown)-1][2] != "99" {
			t.Errorf("%s: the terminal has %q", flag, &terminal)
		}
		if !strings.HasSuffix(strings.TrimRight(terminal.String(), " "), "\r") || strings.HasSuffix(terminal.String(), "\n") {
			t.Errorf("%s: the bar is left on the screen: %q", flag, &terminal)
		}
	}
}

// What could not be delivered could not be kept either.
func TestFullDiskForFailed(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	cmd := exec.Command("trace2otel", "otlp", smallTrace, "--endpoint", otlpserver.Refusing(t), "--retry-for", "0", "--failed-out", "-")
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &stderr
	cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if want := ": cannot write standard output: no space left on device\n"; !strings.Contains(stderr.String(), want) {
		t.Errorf("stderr %q", &stderr)
	}
}

// On a terminal, a bar shows how far it is; elsewhere nothing does.
func TestProgress(t *testing.T) {
	s := otlpserver.Start(t, otlpserver.Options{})
	for _, args := range []string{"", "--quiet"} {
		var terminal, stderr bytes.Buffer
		c := newCLI(nil, os.Stdout, &stderr)
		if c.progress != nil {
			t.Fatal("a buffer is no terminal")
		}
		c.progress = &terminal
		code := c.execute(t.Context(), strings.Fields("otlp ../../testdata/go1.26.8-multi.trace --endpoint "+s.HTTP+" "+args))
		if code != exitOK {
			t.Errorf("exit code %d: %s", code, &stderr)
		}
		shown := regexp.MustCompile(`[1-9]\d* spans sent +\d+% `).MatchString(terminal.String())
		if quiet := args != ""; shown == quiet {
			t.Errorf("%s: the terminal has %q", args, &terminal)
		}
		if strings.Contains(stderr.String(), "%") {
			t.Errorf("the bar is among the messages: %q", &stderr)
		}
	}
}
