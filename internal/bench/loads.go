package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/trace"

	"github.com/trace2otel/trace2otel/internal/load"
)

// loads are the programs whose traces are measured. Each is heavy in its own
// way, and does the same amount of work on any machine.
var loads = []struct {
	name string
	run  func()
}{
	{"server", load.Server},
	{"channels", load.Channels},
	{"goroutines", load.Goroutines},
	{"gc", load.GC},
	{"tasks", load.Tasks},
}

// madeTraces returns the paths of traces of all loads whose name matches, and
// of net/http's tests. It makes those that are not in dir.
func madeTraces(dir, pattern string) ([]string, error) {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(cache, "trace2otel", "bench")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	var paths []string
	make := func(name string, write func(path string) error) error {
		path := filepath.Join(dir, name+".trace")
		if !wanted.MatchString(name) {
			return nil
		}
		paths = append(paths, path)
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		fmt.Fprintf(os.Stderr, "making %s\n", path)
		if err := write(path + ".tmp"); err != nil {
			return fmt.Errorf("making the trace %s: %w", name, err)
		}
		return os.Rename(path+".tmp", path)
	}
	for _, l := range loads {
		// In another process: what a process has used, those that it starts
		// seem to have used.
		if err := make(l.name, func(path string) error { return runSelf("-make", l.name, path) }); err != nil {
			return nil, err
		}
	}
	return paths, make("std", testStandardLibrary)
}

func runSelf(args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, args...)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// makeTrace writes the trace of a run of the load called name.
func makeTrace(name, path string) error {
	for _, l := range loads {
		if l.name == name {
			return record(path, l.run)
		}
	}
	return fmt.Errorf("no load %q", name)
}

func record(path string, f func()) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := trace.Start(out); err != nil {
		return err
	}
	f()
	trace.Stop()
	return out.Close()
}

// testStandardLibrary writes the trace of net/http's own tests.
func testStandardLibrary(path string) error {
	tmp, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	cmd := exec.Command("go", "test", "-short", "-count=1", "-trace="+path, "-o", filepath.Join(tmp, "http.test"), "net/http")
	if out, err := cmd.CombinedOutput(); err != nil {
		if _, missing := os.Stat(path); missing != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		// Some test fails on this machine; its trace is as good.
	}
	return nil
}
