package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/forge"
)

// TestWindowsTimes converts a trace of Go 1.22.0 on Windows, whose times are 256
// times too short: they are corrected, and that is said on standard error, in the
// report and in each output. Nothing is lost.
func TestWindowsTimes(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(fixtures.Root(t), "testdata", "go1.22.0-annotations-stress.trace"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	_, want := damageReport(t, write("linux.trace", data), filepath.Join(dir, "linux"))
	path := write("windows.trace", forge.Windows(data, 1e9/64*256, true))
	said, got := damageReport(t, path, filepath.Join(dir, "out"))
	a, b := &got.Inputs[0], &want.Inputs[0]
	if d := a.Covered - b.Covered; d < -1000 || d > 1000 || a.Status != statusConverted || a.Factor != 256 || b.Factor != 0 {
		t.Errorf("%+v; without the fault %+v", a, b)
	}
	if said != "exit 0\ntrace2otel: windows.trace: warning: "+convert.FactorNote+"\n" {
		t.Errorf("said %q", said)
	}
	for name, text := range folder(t, filepath.Join(dir, "out")) {
		if strings.HasSuffix(name, ".pb.gz") {
			p, err := profile.ParseData([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			text = strings.Join(p.Comments, "\n")
			if d := time.Duration(p.DurationNanos - b.Covered); d.Abs() > time.Microsecond {
				t.Errorf("%s lasts %v too long", name, d)
			}
		}
		if !strings.Contains(text, convert.FactorNote) && !strings.Contains(text, "gotrace.time_factor") {
			t.Errorf("%s does not say that times were corrected", name)
		}
	}
	code, stderr := execute(t, false, os.Stdout, "pprof", path, "--compat", "gotool", "--kind", "sched", "-o", filepath.Join(dir, "sched.pb.gz"), "-q")
	if code != exitOK || stderr != "" {
		t.Errorf("as Go's tools: exit %d, %s", code, stderr)
	}
	compat, err := os.ReadFile(filepath.Join(dir, "sched.pb.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := profile.ParseData(compat); err != nil || p.DurationNanos > b.Covered/200 {
		t.Errorf("as Go's tools: %v, lasts %v", err, time.Duration(p.DurationNanos))
	}
}
