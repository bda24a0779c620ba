package convert

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
)

// A conversion is one run of the engine over a trace.
//
// The goroutine that calls Run reads events and owns all state; if there are
// several sinks, each has a goroutine of its own, from the first event to end.
type conversion struct {
	ctx     context.Context
	options Options
	stacks  *stacks
	out     *emitter
	engine  *engine
	begun   bool  // the trace is
	opens   Time  // when the sinks start
	started bool  // they are running
	due     int64 // the number of events at which to look for a reason to stop
	clock   discipline
	failed  atomic.Int32
	summary Summary
}

func newConversion(ctx context.Context, o Options, sinks []Sink) *conversion {
	c := &conversion{ctx: ctx, options: o, stacks: newStacks(), opens: math.MinInt64}
	size := o.BatchSize
	if size <= 0 {
		size = DefaultBatchSize
	}
	c.out = newEmitter(size, c.stacks)
	for _, s := range sinks {
		r := &runner{sink: s, failed: &c.failed}
		if !o.Serial && len(sinks) > 1 {
			r.queue, r.done = newQueue(), make(chan struct{})
		}
		c.out.runners = append(c.out.runners, r)
	}
	c.engine = newEngine(c.out, c.stacks)
	if o.AsGo {
		c.engine.unseen = Unseen
	}
	return c
}

// read reads the whole trace, and emits its records to the sinks.
func (c *conversion) read(r io.Reader) error {
	var src *source
	err := guard(func() (err error) {
		src, err = newSource(ctxReader{c.ctx, r}, &c.options, c.stacks)
		return err
	})
	if err != nil {
		var input *InputError
		if !errors.As(err, &input) {
			err = &InputError{Err: err}
		}
		return err
	}

	err = guard(func() error { return c.events(src) })
	if c.ctx.Err() != nil || err == errAllFailed {
		return err
	}
	s := &c.summary
	if err != io.EOF && err != errWindowEnd {
		s.Loss = src.loss(err, c.engine.start)
	} else if err == io.EOF {
		s.Loss = src.behind()
	}
	if src.events == src.syncs {
		return noGeneration(s.Loss, src.decoder.repairs(), src.framing.empty())
	}
	if src.last < s.Start {
		return notInWindow(&c.options, src.last.Sub(c.engine.start))
	}
	c.finish(src.last)
	s.Events, s.Generations, s.Adjusted = src.events, src.generations, src.adjusted
	s.Goroutines = c.engine.goroutines.seen
	if w := c.out.window; w != nil {
		s.Goroutines = w.goroutines
	}
	s.Regions = c.engine.regions.mistakes
	s.ClockSteps = c.clock.steps
	s.Bytes = src.framing.off
	if l := s.Loss; l != nil {
		s.Next = src.framing.next()
		if c.options.Series && s.Next > 0 && s.Next == l.Offset && !l.Broken {
			s.Bytes, s.Loss = s.Next, nil
		}
	}
	if s.Repairs = src.decoder.repairs(); s.Repairs.Salvaged > 0 {
		s.Repairs.CutAfter = s.Repairs.CutAt.Sub(c.engine.start)
	}
	s.Unstopped = err == io.EOF && !s.Repairs.Any() && c.engine.goroutines.advancing
	return nil
}

// guard makes an error of a panic, which hostile traces can cause in the
// decoder.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed trace: %v", p)
		}
	}()
	return f()
}

// A ctxReader fails when its context ends. A Read under way is not cut short.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}

// errAllFailed stops the reading when no sink is left to read for.
var errAllFailed = errors.New("every sink failed")

// checkEvery is how many events pass between two looks at the sinks and the
// context.
const checkEvery = 1024

// events passes the events of the trace through the engine, up to the error
// that ends it: io.EOF if nothing is wrong.
func (c *conversion) events(src *source) error {
	var ev event
	for {
		if err := src.read(&ev); err != nil {
			return err
		}
		if ev.kind == evSync || !c.started && ev.time >= c.opens || src.events >= c.due {
			if pass, err := c.check(src, &ev); err != nil {
				return err
			} else if !pass {
				continue
			}
		}
		c.engine.handle(&ev)
		if ev.kind == evSync {
			c.engine.prelude(ev.time, src.decoder.prelude(nil))
		}
		if c.out.before {
			src.skip(c.engine.goroutines, c.opens, &ev)
		}
	}
}

// check does what need not be done at every event: it begins what begins with
// ev, looks whether there is reason to stop, and whether ev is to be passed on.
func (c *conversion) check(src *source, ev *event) (pass bool, err error) {
	if !c.begun {
		if ev.kind != evSync {
			return false, nil // a Sync that ends the trace, and none before
		}
		c.begin(Trace{Version: src.header.String(), Start: ev.time, Clock: ev.clock, RunKey: src.runKey, Decoder: src.name, Factor: src.decoder.factor()})
	}
	if src.events >= c.due {
		c.due = src.events + checkEvery
		if c.ctx.Err() != nil {
			return false, c.ctx.Err()
		}
		if n := len(c.out.runners); n > 0 && int(c.failed.Load()) == n {
			return false, errAllFailed
		}
	}
	if c.out.window != nil && c.out.window.ends(ev) {
		return false, errWindowEnd
	}
	if ev.kind == evSync {
		c.date(ev)
	}
	if !c.started {
		c.approach(ev)
	}
	return true, nil
}

// date makes the reading of a generation the Clock that holds from there on.
func (c *conversion) date(ev *event) {
	switch {
	case c.summary.ClockGiven:
		ev.clock = c.summary.Clock
	case !ev.clock.IsZero():
		ev.clock = c.clock.sync(ev.time, c.engine.start, ev.clock)
	}
}

// approach starts the sinks when the window begins, with the Clock that holds
// there.
func (c *conversion) approach(ev *event) {
	if ev.kind == evSync && !ev.clock.IsZero() && ev.time <= c.summary.Start {
		c.summary.Clock = ev.clock
	}
	if ev.time >= c.opens {
		c.start()
	}
}

// begin takes note of what is known at the first event. The options complete t.
func (c *conversion) begin(t Trace) {
	c.begun = true
	t.Name, t.From, t.To = c.options.Name, c.options.From, c.options.To
	if c.options.RunKey != "" {
		t.RunKey = sha256.Sum256([]byte(c.options.RunKey))
	}
	if (t.Clock.IsZero() || c.options.Redate) && !c.options.Start.IsZero() {
		t.Clock, t.ClockGiven = startClock(t.Start, c.options.Start), true
	}
	if c.out.window = c.options.window(t.Start); c.out.window != nil {
		t.Start, c.out.before = c.out.window.from, true
		c.engine.regions.from, c.engine.regions.to = c.out.window.from, c.out.window.to
	}
	c.summary.Trace, c.opens = t, t.Start
}

func (c *conversion) start() {
	c.started = true
	c.summary.FirstTask = c.engine.tasks.first
	t := c.summary.Trace
	for _, r := range c.out.runners {
		r.start(&t, c.out)
	}
	if c.out.before {
		c.engine.enter()
	}
}

// finish ends what is open at the time of the last event.
func (c *conversion) finish(last Time) {
	if !c.started {
		c.start() // the window has no events, but things under way
	}
	c.engine.finish(last)
	c.out.flush()
	c.summary.Last, c.summary.End = last, last
	if w := c.out.window; w != nil {
		w.end(c.out)
		c.summary.End = min(last, w.to)
	}
}

// end lets the sinks finish, if they shall, and waits for them.
func (c *conversion) end(finish bool) {
	if !c.started {
		return
	}
	var s *Summary
	if finish {
		s = &c.summary
	}
	for _, r := range c.out.runners {
		r.end(s)
	}
	for _, r := range c.out.runners {
		r.wait()
	}
}

// sinkErrors returns a SinkErrors if any sink failed.
func (c *conversion) sinkErrors() error {
	if c.failed.Load() == 0 {
		return nil
	}
	var errs SinkErrors
	for _, r := range c.out.runners {
		errs = append(errs, r.err)
	}
	return errs
}

// noGeneration is the error of a trace without a single event but Syncs. It
// may be well-formed: a program that is killed within its first second leaves
// a header and nothing else.
func noGeneration(l *Loss, r Repairs, empty bool) error {
	switch {
	case l != nil && !empty:
		return &InputError{Err: fmt.Errorf("no complete generation: %w", l.Err), hint: l.Hint}
	case r.Any():
		return &InputError{Err: fmt.Errorf("no complete generation: %v", r)}
	}
	return &InputError{Err: errors.New("no complete generation"), hint: stopHint}
}
