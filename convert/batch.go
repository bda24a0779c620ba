package convert

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// queueLength is how many batches may wait before a sink. Two are enough to
// keep it busy while the engine fills the next; more would only hold memory.
const queueLength = 2

// An emitter gathers records into batches and hands every batch to all sinks.
// The slowest sink throttles the engine; a sink that failed just lets batches
// pass.
type emitter struct {
	ctx     context.Context
	size    int
	stacks  *stacks
	runners []*runner
	window  *window // nil: all of the trace
	batch   *sharedBatch
	ends    Flags // of all Ends that are added
	free    sync.Pool
}

// A sharedBatch goes back to the pool when the last sink has consumed it.
type sharedBatch struct {
	Batch
	users atomic.Int32
}

// add returns the next record of the current batch, blank but for the absent
// ids and e.ends, for the caller to fill in before the next call.
func (e *emitter) add(kind Kind, phase Phase, t Time) *Record {
	if e.batch == nil || len(e.batch.Records) == e.size {
		e.flush()
		e.batch = e.newBatch()
	}
	n := len(e.batch.Records)
	e.batch.Records = e.batch.Records[:n+1]
	r := &e.batch.Records[n]
	r.Kind, r.Phase = kind, phase
	r.Time, r.Start, r.Seen = t, t, t
	r.G, r.By, r.P, r.M = NoGoroutine, NoGoroutine, NoProc, NoThread
	if phase == End {
		r.Flags = e.ends
	}
	return r
}

// newBatch returns an empty batch, whose records to come are zero.
func (e *emitter) newBatch() *sharedBatch {
	b, _ := e.free.Get().(*sharedBatch)
	if b == nil {
		b = &sharedBatch{Batch: Batch{Records: make([]Record, 0, e.size)}}
	}
	return b
}

// flush sends the current batch, with the stacks that it is the first to use.
// It may have to wait for a sink; the context's end stops that.
func (e *emitter) flush() {
	b := e.batch
	if b == nil {
		return
	}
	e.batch = nil
	if e.window != nil {
		e.window.clip(&b.Batch)
		if len(b.Records) == 0 {
			e.recycle(b)
			return
		}
	}
	b.Stacks = append(b.Stacks, e.stacks.fresh...)
	clear(e.stacks.fresh)
	e.stacks.fresh = e.stacks.fresh[:0]
	b.users.Store(int32(len(e.runners)))
	if len(e.runners) == 0 {
		e.recycle(b)
	}
	for _, r := range e.runners {
		select {
		case r.queue <- b:
		case <-e.ctx.Done():
			return // nobody finishes any more
		}
	}
}

// release gives b back after a sink has consumed it.
func (e *emitter) release(b *sharedBatch) {
	if b.users.Add(-1) == 0 {
		e.recycle(b)
	}
}

// recycle empties b for its next use, and lets go of its strings.
func (e *emitter) recycle(b *sharedBatch) {
	clear(b.Records)
	clear(b.Stacks)
	b.Records, b.Stacks = b.Records[:0], b.Stacks[:0]
	e.free.Put(b)
}

// A runner drives one sink from a goroutine of its own.
type runner struct {
	sink    Sink
	queue   chan *sharedBatch
	summary *Summary // set before queue is closed, if the sink is to finish
	done    chan struct{}
	failed  *atomic.Int32 // counts the sinks that failed
	err     error
}

// run consumes batches until the queue is closed, and finishes.
func (r *runner) run(t *Trace, e *emitter) {
	defer close(r.done)
	r.call("begin", func() error { return r.sink.Begin(t) })
	for b := range r.queue {
		r.call("consume", func() error { return r.sink.Consume(&b.Batch) })
		e.release(b)
	}
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
