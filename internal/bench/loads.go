package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"runtime/trace"
	"sync"
)

// loads are the programs whose traces are measured. Each is heavy in its own
// way, and does the same amount of work on any machine.
var loads = []struct {
	name string
	run  func()
}{
	{"server", serve},
	{"channels", pingPong},
	{"goroutines", crowd},
	{"gc", garbage},
	{"tasks", nest},
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

// serve has eight clients ask an HTTP server, 160,000 times in all.
func serve() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer trace.StartRegion(r.Context(), "answer").End()
		w.Write([]byte("hello"))
	}))
	defer s.Close()
	client := s.Client()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20_000 {
				if r, err := client.Get(s.URL); err == nil {
					io.Copy(io.Discard, r.Body)
					r.Body.Close()
				}
			}
		})
	}
	wg.Wait()
}

// pingPong passes messages between goroutines, without and with a buffer.
func pingPong() {
	var wg sync.WaitGroup
	for i := range 16 {
		there, back := make(chan int, i/4), make(chan int, i/4)
		wg.Go(func() {
			for m := range there {
				back <- m
			}
		})
		wg.Go(func() {
			defer close(there)
			for m := range 150_000 {
				there <- m
				<-back
			}
		})
	}
	wg.Wait()
}

// crowd has 150,000 goroutines wait and be woken in turn, three times.
func crowd() {
	const n = 150_000
	wake := make([]chan int, n)
	done := make(chan int, n)
	for i := range wake {
		wake[i] = make(chan int)
		go func() {
			for range 3 {
				done <- <-wake[i]
			}
		}()
	}
	for range 3 {
		for _, c := range wake {
			c <- 1
		}
		for range n {
			<-done
		}
	}
}

// garbage keeps the garbage collector busy: eight goroutines replace the nodes
// of trees, with little room.
func garbage() {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	type node struct {
		left, right *node
		_           [64]byte
	}
	var grow func(depth int) *node
	grow = func(depth int) *node {
		if depth == 0 {
			return new(node)
		}
		return &node{left: grow(depth - 1), right: grow(depth - 1)}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var kept [16]*node
			for i := range 4_000 {
				kept[i%len(kept)] = grow(8)
			}
		})
	}
	wg.Wait()
}

// nest has goroutines work in nested tasks and regions, and log.
func nest() {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 10_000 {
				ctx, request := trace.NewTask(context.Background(), "request")
				trace.Logf(ctx, "number", "request %d", i)
				for range 3 {
					ctx, query := trace.NewTask(ctx, "query")
					trace.WithRegion(ctx, "prepare", func() {
						done := make(chan struct{})
						go func() {
							defer close(done)
							trace.WithRegion(ctx, "fetch", func() { trace.Log(ctx, "rows", "12") })
						}()
						<-done
					})
					query.End()
				}
				request.End()
			}
		})
	}
	wg.Wait()
}
