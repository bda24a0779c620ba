// Package load has programs to trace, for measuring what reads the trace. Each
// is heavy in its own way, and does the same amount of work on any machine.
package load

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"runtime/trace"
	"sync"
)

// Server has eight clients ask an HTTP server, 160,000 times in all.
func Server() {
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

// Channels passes messages between goroutines, without and with a buffer.
func Channels() {
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

// Goroutines has 150,000 goroutines wait and be woken in turn, three times.
func Goroutines() {
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

// GC keeps the garbage collector busy: eight goroutines replace the nodes
// of trees, with little room.
func GC() {
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

// Tasks has goroutines work in nested tasks and regions, and log.
func Tasks() {
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
