package convert

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// A runner drives one sink: from a goroutine of its own, where it has a queue,
// or else from that of the engine. The latter takes a quarter less CPU time, as
// the records stay in the caches of one core.
type runner struct {
	sink    Sink
	queue   *queue
	summary *Summary      // set before the queue is closed, if the sink is to finish
	done    chan struct{} // closed when the sink has ended
	failed  *atomic.Int32 // counts the sinks that failed
	err     error
}

// start begins the sink's work.
func (r *runner) start(t *Trace, e *emitter) {
	if r.queue != nil {
		go r.run(t, e)
		return
	}
	r.begin(t)
}

// take has the sink consume b, now or soon, and releases it.
func (r *runner) take(b *sharedBatch, e *emitter) {
	if r.queue != nil {
		r.queue.push(b)
		return
	}
	r.consume(b, e)
}

// end lets the sink finish, if there is a summary; a sink with a goroutine of
// its own does so while others do.
func (r *runner) end(s *Summary) {
	r.summary = s
	if r.queue != nil {
		r.queue.close()
		return
	}
	r.finish()
}

// wait waits for the sink to have ended.
func (r *runner) wait() {
	if r.queue != nil {
		<-r.done
	}
}

// run consumes batches until the queue is closed, and finishes.
func (r *runner) run(t *Trace, e *emitter) {
	defer close(r.done)
	r.begin(t)
	for b := r.queue.pull(); b != nil; b = r.queue.pull() {
		r.consume(b, e)
	}
	r.finish()
}

func (r *runner) begin(t *Trace) {
	r.call("begin", func() error { return r.sink.Begin(t) })
}

func (r *runner) consume(b *sharedBatch, e *emitter) {
	r.call("consume", func() error { return r.sink.Consume(&b.Batch) })
	e.release(b)
}

func (r *runner) finish() {
	if r.summary != nil {
		r.call("finish", func() error { return r.sink.Finish(r.summary) })
	}
}

// call makes one of the sink's calls, unless one has failed. A panic in a sink
// fails that sink alone.
func (r *runner) call(name string, f func() error) {
	if r.err != nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("%T: %s: panic: %v\n%s", r.sink, name, p, debug.Stack())
		}
		if r.err != nil {
			r.failed.Add(1)
		}
	}()
	r.err = f()
}
