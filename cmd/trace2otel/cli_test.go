package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallTrace = "../../testdata/go1.26.8-annotations.trace"

// execute runs a command line whose standard output is stdout, a terminal or
// not.
func execute(t *testing.T, terminal bool, stdout *os.File, args ...string) (exitCode, string) {
	t.Helper()
	var stderr bytes.Buffer
	c := newCLI(nil, stdout, &stderr)
	c.terminal = terminal
	code := c.execute(t.Context(), args)
	return code, stderr.String()
}

func TestNoBinaryDataToTerminals(t *testing.T) {
	stdout, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	for _, test := range []struct {
		args string
		code exitCode
		want string
	}{
		{"perfetto x.trace.gz", exitUsage, "trace2otel: perfetto is no text, and standard output is a terminal\nhint: pass -o x.pftrace\n"},
		{"pprof x.out --kind sched", exitUsage, "hint: pass -o x.sched.pb.gz\n"},
		{"otlp x.trace --format binpb", exitUsage, "hint: pass -o x.otlp.binpb\n"},
		{"otlp " + smallTrace, exitOK, ""},
		{"perfetto " + smallTrace + " -o -", exitOK, ""}, // as you like it
	} {
		code, stderr := execute(t, true, stdout, strings.Fields(test.args)...)
		if code != test.code || !strings.HasSuffix(stderr, test.want) {
			t.Errorf("%s: exit code %d, %q", test.args, code, stderr)
		}
	}
}

// A stranger's first look: every command explains itself with examples, and
// every flag says what it does.
func TestHelpIsComplete(t *testing.T) {
	root := newCLI(nil, os.Stdout, os.Stderr).newRoot()
	if root.Example == "" || root.Long == "" {
		t.Error("trace2otel has no examples or no description")
	}
	for _, cmd := range root.Commands() {
		if cmd.Example == "" || cmd.Long == "" || cmd.Short == "" {
			t.Errorf("%s has no examples or no description", cmd.Name())
		}
		for _, line := range strings.Split(cmd.Long, "\n") {
			if len(line) > 80 {
				t.Errorf("%s: line too long: %s", cmd.Name(), line)
			}
		}
	}
}
