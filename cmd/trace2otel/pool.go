package main

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// A pool runs jobs side by side. What they say comes in their order, as if they
// had run one after the other.
type pool struct {
	workers  int
	failFast bool // begin no more once one has failed
}

// run runs jobs, each by a copy of c, and returns the worst of their codes.
func (p pool) run(ctx context.Context, c *cli, jobs []job) exitCode {
	var (
		memory = semaphore.NewWeighted(poolMemory)
		free   = make(chan struct{}, p.workers)
		said   = make([]bytes.Buffer, len(jobs))
		done   = make([]chan struct{}, len(jobs))
		enough atomic.Bool // no more jobs are to begin
		all    sync.WaitGroup
		shared = min(p.workers, len(jobs)) > 1 // memory is
	)
	for i := range jobs {
		jobs[i].serial = min(p.workers, len(jobs)) >= runtime.GOMAXPROCS(0) && p.workers > 1
		done[i] = make(chan struct{})
		jobs[i].series = !c.strict && (jobs[i].member != nil || rereadable(jobs[i].input))
		jobs[i].room = c.limits.newRoom() // of all traces in the input
		if jobs[i].outcome == nil {
			jobs[i].outcome = new(outcome)
		}
	}
	begin := func(i int) {
		defer close(done[i])
		o := jobs[i].outcome
		if shared {
			weight := jobs[i].memory(ctx, c.limits)
			if memory.Acquire(ctx, weight) != nil {
				o.skipped = true
				return
			}
			defer memory.Release(weight)
		}
		if ctx.Err() != nil || enough.Load() {
			o.skipped = true
			return
		}
		one := *c
		if p.workers > 1 {
			one.messages.w = &said[i]
		}
		one.messages.log = &o.said
		o.code = one.run(ctx, jobs[i])
		one.follow(ctx, &jobs[i])
		if p.failFast && (o.code == exitFailed || o.code == exitAsserted) {
			enough.Store(true)
		}
	}
	all.Go(func() {
		for i := range jobs {
			free <- struct{}{}
			all.Go(func() {
				defer func() { <-free }()
				begin(i)
			})
		}
	})
	code := exitOK
	for i := range jobs {
		<-done[i]
		said[i].WriteTo(c.messages.w)
		code = worse(code, jobs[i].outcome.code)
		for _, f := range jobs[i].outcome.followers {
			code = worse(code, f.outcome.code)
		}
	}
	all.Wait()
	if ctx.Err() != nil {
		code = worse(code, exitInterrupted(ctx))
	}
	return code
}

// maxTraces bounds how many traces of one input are converted.
const maxTraces = 1000

// rereadable reports whether an input can be read again, from where another
// trace follows.
func rereadable(input string) bool {
	info, err := os.Stat(input)
	return err == nil && info.Mode().IsRegular()
}

// follow converts the traces that follow the one of a job in the same input:
// somebody appended one file to another.
func (c *cli) follow(ctx context.Context, first *job) {
	for j := first; j.series && j.outcome.summary != nil && j.outcome.summary.Next > 0; {
		f := j.follower(j.outcome.summary.Next)
		c.messages.log = &f.outcome.said
		f.outcome.code = c.run(ctx, f)
		first.outcome.followers = append(first.outcome.followers, f)
		j = &f
	}
}
