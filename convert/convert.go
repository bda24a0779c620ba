package convert

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// Options say how to convert. The zero value is fine for traces of Go 1.25 and
// later.
type Options struct {
	// Name of the input, for messages and for outputs that name it.
	Name string

	// Start dates the first event of traces that carry no clock readings
	// (before Go 1.25); others have their own dates, and it is not used. Zero
	// leaves such traces without dates. See [Extent] for dating the last event.
	Start time.Time

	// RunKey replaces the identity of the run traced, from which outputs make
	// their ids. If empty, it is the SHA-256 of the first 64 KiB of the
	// decompressed trace: known before the first event, and the same for a
	// file, its gzip and a pipe.
	RunKey string

	// BatchSize is the number of records to a batch, DefaultBatchSize if zero.
	// It changes no output.
	BatchSize int
}

// DefaultBatchSize makes the hand-over of a batch to a sink, a few
// microseconds, small beside the work on its records.
const DefaultBatchSize = 1024

// Run reads the execution trace r to its end and hands its records to every
// sink, each on a goroutine of its own; it returns after all have ended. r is
// the plain trace, already decompressed. Memory is bounded by the trace's
// largest generation, not by its length.
//
// A trace that is damaged is converted as far as it can be read: the error is
// nil and Summary.Loss says what is missing. If nothing of it can be used, the
// error is an [*InputError], and no sink gets to finish. If sinks failed and
// the input did not, the error is a [SinkErrors], and the other sinks have
// finished. When ctx ends, Run stops soon and returns its cause.
func Run(ctx context.Context, r io.Reader, o Options, sinks ...Sink) (*Summary, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := &conversion{options: o, stacks: newStacks()}
	size := o.BatchSize
	if size <= 0 {
		size = DefaultBatchSize
	}
	out := &emitter{ctx: ctx, size: size, stacks: c.stacks}
	c.engine = newEngine(out, c.stacks)
	for _, s := range sinks {
		out.runners = append(out.runners, &runner{
			sink: s, queue: make(chan *sharedBatch, queueLength), done: make(chan struct{}), failed: &c.failed,
		})
	}

	err := c.read(ctx, r)
	if c.begun {
		c.end(err == nil && ctx.Err() == nil)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil && err != errAllFailed {
		return nil, err
	}
	return &c.summary, c.sinkErrors()
}

// A conversion is one run of the engine over a trace.
type conversion struct {
	options Options
	stacks  *stacks
	engine  *engine
	begun   bool // the sinks are running
	dated   bool // by Options.Start, not by the trace
	failed  atomic.Int32
	summary Summary
}

// errAllFailed stops the reading when no sink is left to read for.
var errAllFailed = errors.New("every sink failed")

// read reads the whole trace, and emits its records to the sinks.
func (c *conversion) read(ctx context.Context, r io.Reader) error {
	src, err := newSource(r, c.stacks)
	if err != nil {
		return err
	}
	err = c.events(ctx, src)
	if ctx.Err() != nil || err == errAllFailed {
		return err
	}
	s := &c.summary
	if err != io.EOF {
		s.Loss = src.loss(err, c.engine.start)
	}
	if src.events == src.syncs {
		return noGeneration(s.Loss, src.framing.empty())
	}
	c.engine.finish(src.last)
	c.engine.out.flush()
	s.End = src.last
	s.Events, s.Generations, s.Adjusted = src.events, src.generations, src.adjusted
	s.Goroutines = c.engine.goroutines.seen
	s.Bytes = src.framing.off
	return nil
}

// events passes the events of the trace through the engine, up to the error
// that ends it: io.EOF if nothing is wrong. A panic of the decoder's, which
// hostile traces can cause, is an error too.
func (c *conversion) events(ctx context.Context, src *source) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed trace: %v", p)
		}
	}()
	var ev event
	for {
		if err := src.read(&ev); err != nil {
			return err
		}
		if !c.begun {
			if ev.kind != evSync {
				continue // a last Sync, and no first
			}
			c.begin(src, &ev)
		}
		if src.events%1024 == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if n := len(c.engine.out.runners); n > 0 && int(c.failed.Load()) == n {
				return errAllFailed
			}
		}
		if ev.kind == evSync && c.dated {
			ev.clock = c.summary.Clock
		}
		c.engine.handle(&ev)
	}
}

// begin starts the sinks at the first event.
func (c *conversion) begin(src *source, ev *event) {
	c.begun = true
	t := &c.summary.Trace
	t.Name, t.Version, t.Start, t.Clock = c.options.Name, src.header.String(), ev.time, ev.clock
	t.RunKey = src.runKey
	if c.options.RunKey != "" {
		t.RunKey = sha256.Sum256([]byte(c.options.RunKey))
	}
	if t.Clock.IsZero() && !c.options.Start.IsZero() {
		t.Clock, c.dated = startClock(ev.time, c.options.Start), true
	}
	trace := *t // the sinks' own
	for _, r := range c.engine.out.runners {
		go r.run(&trace, c.engine.out)
	}
}

// end lets the sinks finish, if all of the trace was read, and waits for them.
func (c *conversion) end(finish bool) {
	for _, r := range c.engine.out.runners {
		if finish {
			r.summary = &c.summary
		}
		close(r.queue)
	}
	for _, r := range c.engine.out.runners {
		<-r.done
	}
}

// sinkErrors returns a SinkErrors if any sink failed.
func (c *conversion) sinkErrors() error {
	if c.failed.Load() == 0 {
		return nil
	}
	var errs SinkErrors
	for _, r := range c.engine.out.runners {
		errs = append(errs, r.err)
	}
	return errs
}

// noGeneration is the error of a trace without a single event but Syncs. It
// may be well-formed: a program that is killed within its first second leaves
// a header and nothing else.
func noGeneration(l *Loss, empty bool) error {
	if l == nil || empty {
		return &InputError{Err: errors.New("no complete generation"), hint: stopHint}
	}
	return &InputError{Err: fmt.Errorf("no complete generation: %w", l.Err), hint: l.Hint}
}

// Extent reads the trace r and returns the times of its first and last events,
// so that a caller who knows when a trace ended can tell when it began. It
// fails as [Run] does, and ends without error where Run would report a loss.
func Extent(ctx context.Context, r io.Reader) (first, last Time, err error) {
	src, err := newSource(r, newStacks())
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = nil // the loss is Run's to tell
		}
		last = src.last
	}()
	var ev event
	for {
		if err := src.read(&ev); err != nil {
			break
		}
		if src.events == 1 {
			first = ev.time
		}
		if src.events%1024 == 0 && ctx.Err() != nil {
			return first, last, context.Cause(ctx)
		}
	}
	return first, src.last, nil
}

// An InputError says why nothing of an input can be converted.
type InputError struct {
	Err  error
	hint string
}

func (e *InputError) Error() string { return "convert: " + e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }

// Hint returns what the user might do about it, or nothing.
func (e *InputError) Hint() string { return e.hint }

// SinkErrors has the error of each sink, in the order given to [Run]; nil for
// those that finished.
type SinkErrors []error

func (e SinkErrors) Error() string { return errors.Join(e...).Error() }

// Unwrap returns the errors that are not nil.
func (e SinkErrors) Unwrap() []error {
	var errs []error
	for _, err := range e {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}
