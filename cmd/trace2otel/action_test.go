package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAction runs the step of the GitHub Action as its runner does.
func TestAction(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	script, err := filepath.Abs("action.sh")
	if err != nil {
		t.Fatal(err)
	}
	testdata, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tool := filepath.Join(dir, "trace2otel")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, tt := range []struct {
		env  string
		fail bool
		code string
		file string
	}{
		{"TRACES=" + testdata + "/go1.26.8-annotations.trace\n\n" + testdata + "/go1.26.8-iter*.trace", false, "0", "go1.26.8-iter-pull.pftrace"},
		{"TRACES=" + testdata + "/go1.26.8-multi.trace|ASSERT=sched.max < 1ms\ntask[\"request\"].p95 < 1s", true, "4", "go1.26.8-multi.stats.json"},
		{"TRACES=" + testdata + "/edge/zeropad126.trace", false, "3", "zeropad126.pftrace"},
		{"TRACES=" + testdata + "/edge/zeropad126.trace|STRICT=true", true, "1", ""},
		{"TRACES=$(touch injected)\n; touch injected", true, "1", ""},
		{"TRACES=" + testdata + "/go1.26.8-annotations.trace|ARGS=--kind\nsync\n--timeout\n1m|TO=pprof|REPORT=r.json|JUNIT=r.xml", false, "0", "go1.26.8-annotations.sync.pb.gz"},
	} {
		work := t.TempDir()
		cmd := exec.Command(bash, script)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "TRACE2OTEL="+tool, "TO=perfetto,stats", "OUT=out", "GITHUB_OUTPUT=output", "GITHUB_STEP_SUMMARY=summary")
		cmd.Env = append(cmd.Env, strings.Split(tt.env, "|")...)
		out, err := cmd.CombinedOutput()
		if (err != nil) != tt.fail {
			t.Errorf("%s: %v\n%s", tt.env, err, out)
		}
		if code, _ := os.ReadFile(filepath.Join(work, "output")); string(code) != "exit-code="+tt.code+"\n" {
			t.Errorf("%s: the output is %q, want exit code %s\n%s", tt.env, code, tt.code, out)
		}
		if tt.file != "" {
			if _, err := os.Stat(filepath.Join(work, "out", tt.file)); err != nil {
				t.Errorf("%s: %v\n%s", tt.env, err, out)
			}
		}
		if _, err := os.Stat(filepath.Join(work, "injected")); err == nil {
			t.Errorf("%s became a command", tt.env)
		}
		if _, err := os.Stat(filepath.Join(work, "summary")); err != nil {
			t.Errorf("%s: no summary: %v", tt.env, err)
		}
	}
}
