package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/input"
	"github.com/trace2otel/trace2otel/pprofout"
	"github.com/trace2otel/trace2otel/stats"
)

// A job is one input and what is to be made of it. Jobs are independent:
// whatever comes of one, the next can run.
type job struct {
	input    string
	member   *input.Member // of an archive, which it is; or nil
	targets  []target
	delivery *delivery                  // that a target has, or nil
	meter    *meter                     // likewise
	err      error                      // instead: why there is nothing to convert
	outcome  *outcome                   // what becomes of it; nil: nobody wants to know
	unpack   func(*input.Archive) []job // what becomes of an archive; nil: it is to hold one trace
	serial   bool                       // there are others for the other cores
	room     *room                      // for what it writes; nil: as the limits have it
	series   bool                       // traces that follow in the same input have jobs of their own

	// Of a trace that follows another one in the same input:
	nth  int   // it is the second, or so; else 0
	skip int64 // what comes before it, decompressed
}

// name returns what the input is called in messages.
func (j *job) name() string {
	if j.nth > 0 {
		return fmt.Sprintf("%s (trace %d)", displayName(j.input), j.nth)
	}
	return displayName(j.input)
}

// file returns the file that the input is in.
func (j *job) file() string { return (&source{input: j.input, member: j.member}).file() }

// base returns what outputs are named after.
func (j *job) base() string {
	name := (&source{input: j.input, member: j.member}).base()
	if j.nth > 0 {
		return fmt.Sprintf("%s.%d", name, j.nth)
	}
	return name
}

// follower returns the job of the trace that follows at an offset from where
// this one begins.
func (j *job) follower(at int64) job {
	next := job{input: j.input, member: j.member, outcome: new(outcome), serial: j.serial, room: j.room, nth: max(j.nth, 1) + 1, skip: j.skip + at}
	next.series = j.series && next.nth < maxTraces
	for _, t := range j.targets {
		t.path = filepath.Join(filepath.Dir(t.path), next.base()+t.ext)
		next.targets = append(next.targets, t)
	}
	return next
}

// openJob opens the input of a job where its trace begins.
func (c *cli) openJob(ctx context.Context, j *job) (*opened, error) {
	in := &opened{limits: c.limits, member: j.member}
	in.onClose = func() { j.outcome.note(ctx, in) }
	if err := in.open(ctx, j.input, c.stdin); err != nil {
		return nil, err
	}
	err := in.asTrace()
	switch {
	case err == nil:
		err = in.skip(j.skip)
	case in.format != input.NoArchive && j.member == nil && !in.regular:
		err = unpacked{c.unpack(ctx, in, j.input)}
	}
	if err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

// tellFound says what was passed over before a trace, unless another one of the
// same input came before it.
func (c *cli) tellFound(name string, in *opened, skipped int64) {
	if in.found.Any() && skipped == 0 {
		c.messages.warning(name, hinted{errors.New(in.found.String()), in.found.Hint()})
	}
}

// A target is an output and its place.
type target struct {
	output
	path string   // or "-" for standard output
	file *os.File // instead of a path: a temporary one of the caller
	keep bool     // refuse to replace what is there

	delivery *delivery // instead of a path
	meter    *meter    // likewise
}

// open makes the target's destination.
func (t *target) open(ctx context.Context, c *cli, m outputMode) (destination, error) {
	if t.delivery != nil {
		if err := t.delivery.open(ctx, c, m.room); err != nil {
			t.delivery.remove()
			return nil, err
		}
		return t.delivery, nil
	}
	if t.meter != nil {
		if err := t.meter.open(ctx, c, m.room); err != nil {
			t.meter.remove()
			return nil, err
		}
		return t.meter, nil
	}
	if t.file != nil {
		return intoFile(t.file, m, c.temporary)
	}
	f, err := createOutput(t.path, c.stdout, m, c.temporary)
	if err != nil {
		return nil, cannotWrite(t.path, err)
	}
	return f, nil
}

// A destination is where an output goes: an [outputFile] or a [delivery].
type destination interface {
	io.Writer
	String() string          // what it is called in messages
	failure() error          // the first from writing
	explain(err error) error // what to say of an error of failure or commit
	flush()                  // ends the writing; an error is for failure to tell
	commit() error           // makes it what it is to be
	discard()                // as if it had never been, as far as that goes
}

// run converts one input, and says what there is to say about it: what became
// of a delivery last.
func (c *cli) run(ctx context.Context, j job) exitCode {
	if j.err != nil {
		c.messages.failure(j.name(), j.err)
		return exitFailed
	}
	if j.outcome == nil {
		j.outcome = new(outcome)
	}
	if j.room == nil {
		j.room = c.limits.newRoom()
	}
	ctx, cancel := c.limits.within(ctx)
	defer cancel()
	ctx, release := j.room.within(ctx)
	defer release()
	began := time.Now()
	code := c.produce(ctx, j)
	j.outcome.took = time.Since(began)
	if j.meter != nil {
		code = worse(code, j.meter.tell(ctx, c, j.name()))
	}
	if j.delivery != nil {
		code = worse(code, j.delivery.tell(ctx, c, j.name()))
	}
	return code
}

// produce makes what a job is to make.
func (c *cli) produce(ctx context.Context, j job) exitCode {
	name := j.name()
	files, summary, analysis, err := c.convert(ctx, j)
	j.outcome.summary = summary
	if ctx.Err() != nil {
		discard(files)
		return c.interrupted(ctx, name)
	}
	var archive unpacked
	if errors.As(err, &archive) {
		return c.runUnpacked(ctx, j, archive.Archive)
	}
	var failed convert.SinkErrors // has an error for each file, or is empty
	if err != nil && !errors.As(err, &failed) {
		discard(files)
		c.messages.failure(name, err)
		return exitFailed
	}

	code := c.judge(name, summary, files, failed)
	if c.strict && code != exitOK {
		discard(files)
		if code == exitLoss {
			c.messages.failure(name, errors.New("nothing is written, since --strict"))
		}
		return worse(code, exitFailed)
	}
	code = worse(code, c.commit(ctx, name, files, failed, j.outcome))
	checks, held := c.assertions.hold(&c.messages, name, analysis)
	j.outcome.asserted = checks
	return worse(code, held)
}

// interrupted says that a signal ended the conversion of an input.
func (c *cli) interrupted(ctx context.Context, name string) exitCode {
	c.messages.failure(name, context.Cause(ctx))
	return exitInterrupted(ctx)
}

// convert makes the files of a job, which are not in their places yet, and what
// assertions are to be held against.
func (c *cli) convert(ctx context.Context, j job) ([]destination, *convert.Summary, *stats.Sink, error) {
	// The base name makes a file, its gzip and a copy elsewhere convert alike.
	o := convert.Options{
		Name: j.base(), Decoder: c.decoder, StrictDecode: c.strictDecode,
		MaxGeneration: int64(c.limits.generation),
		Serial:        j.serial,
		Series:        j.series,
		AsGo:          slices.ContainsFunc(j.targets, func(t target) bool { return t.asGo }),
	}
	x := extent{path: j.input, member: j.member, stdin: c.stdin, decoding: o, limits: c.limits, skip: j.skip}
	start, err := c.start.of(ctx, &x)
	if err != nil {
		return nil, nil, nil, err
	}
	from, to, err := c.window.of(ctx, &x)
	if err != nil {
		return nil, nil, nil, err
	}
	o.Start, o.From, o.To = start, from, to
	if err := shiftToNow(ctx, j.targets, &x, &o); err != nil {
		return nil, nil, nil, err
	}
	identify(j.targets, &o)
	targets, err := c.firstPass(ctx, j, o)
	if err != nil {
		return nil, nil, nil, err
	}
	in, err := c.openJob(ctx, &j)
	if err != nil {
		return nil, nil, nil, err
	}
	defer in.Close()
	c.tellFound(j.name(), in, j.skip)

	var files []destination
	var sinks sinks
	for _, t := range targets {
		f, err := t.open(ctx, c, outputMode{keep: t.keep, whole: c.strict, gzip: t.gzip, room: j.room, syntax: t.syntax()})
		if err != nil {
			return files, nil, nil, err
		}
		files = append(files, f)
		o := t.output
		if t.delivery != nil || t.meter != nil {
			o.sink = t.wire
		}
		sinks.add(&o, f)
	}
	if j.delivery != nil {
		j.delivery.watch(in, c)
		defer j.delivery.progress.clear()
	}
	analysis, all := c.assertions.analysis(sinks.make())
	summary, err := convert.Run(ctx, in, o, all...)
	for _, f := range files {
		f.flush()
	}
	for _, s := range all {
		s, ok := s.(*pprofout.Sink)
		if !ok || summary == nil {
			continue
		}
		if err := s.Unmatched(); err != nil {
			c.messages.warning(j.name(), fmt.Errorf("%w: the profiles are empty", err))
		}
	}
	return files, summary, analysis, sinks.outputErrors(err)
}

// firstPass reads the trace for those outputs that need it twice, and returns
// the targets of the second pass.
func (c *cli) firstPass(ctx context.Context, j job, o convert.Options) ([]target, error) {
	targets := slices.Clone(j.targets)
	var sinks []convert.Sink
	var of []*target // each of them
	for i := range targets {
		if t := &targets[i]; t.twice != nil {
			var first convert.Sink
			first, t.sink = t.twice()
			sinks, of = append(sinks, first), append(of, t)
		}
	}
	if len(sinks) == 0 {
		return targets, nil
	}
	in, err := c.openJob(ctx, &j)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	_, err = convert.Run(ctx, in, o, sinks...)
	var failed convert.SinkErrors
	if errors.As(err, &failed) {
		err = nil
		for i, err := range failed {
			if err != nil {
				of[i].sink = func(io.Writer) convert.Sink { return noSink{hinted{err, "trace2otel stats lists start functions"}} }
			}
		}
	}
	return targets, err
}

// A noSink stands for one that cannot be, since the first pass over the trace did
// not find what it is to show.
type noSink struct{ err error }

func (n noSink) Begin(*convert.Trace) error    { return n.err }
func (n noSink) Consume(*convert.Batch) error  { return n.err }
func (n noSink) Finish(*convert.Summary) error { return n.err }

// check returns an error if what the job asks for cannot be, as far as can be
// known before it begins.
func (j *job) check(start *startTime) error {
	for _, t := range j.targets {
		switch {
		case t.now && start.text != "":
			return errors.New("--shift-to-now and --start are two answers to when it was")
		case t.now:
			if err := readTwice(j.input, "--shift-to-now"); err != nil {
				return err
			}
		case t.twice != nil:
			if err := readTwice(j.input, "--goroutine"); err != nil {
				return err
			}
		}
	}
	return nil
}

// readTwice returns an error if an input cannot be read more than once, as what
// asks for it needs.
func readTwice(input, what string) error {
	source := ""
	switch info, err := os.Stat(input); {
	case input == stdio:
		source = "standard input"
	case isURL(input):
		source = "a URL"
	case err == nil && !info.Mode().IsRegular():
		source = displayName(input) // a pipe, say
	default:
		return nil
	}
	return hinted{
		fmt.Errorf("%s takes reading the trace twice, and %s can be read once only", what, source),
		"save the trace to a file",
	}
}

// judge says what is missing in the outputs of one input, and which of them
// there cannot be.
func (c *cli) judge(name string, s *convert.Summary, files []destination, failed convert.SinkErrors) exitCode {
	code := exitOK
	if c.start.text != "" && !s.ClockGiven {
		c.messages.note(name, "has dates of its own, so --start is not used")
	}
	switch {
	case s.Loss != nil:
		code = exitLoss
		c.messages.warning(name, lossError{s})
	case s.Next > 0:
		c.messages.note(name, "another trace follows at byte %d, and is converted on its own", s.Next)
	}
	if s.Repairs.Any() {
		code = exitLoss
		c.messages.warning(name, hinted{fmt.Errorf("not all is as it was: %v", s.Repairs), s.Repairs.Hint()})
	}
	if steps := s.ClockSteps.String(); steps != "" {
		c.messages.warning(name, errors.New(steps))
	}
	if s.Factor != 0 {
		c.messages.warning(name, errors.New(convert.FactorNote))
	}
	if s.Unstopped {
		c.messages.warning(name, hinted{errors.New(convert.UnstoppedNote), "was the program killed, or did it exit without trace.Stop?"})
	}
	if s.Regions.Any() {
		c.messages.warning(name, errors.New(s.Regions.String()))
	}
	whole := len(files)
	for _, err := range failed {
		if err != nil {
			whole--
		}
	}
	for i, err := range failed {
		f := files[i]
		refused := f.failure() == nil && hintOf(err) != "" // the trace lacks what the format needs
		switch {
		case err == nil:
		case errors.Is(f.failure(), syscall.EPIPE):
			code = worse(code, exitPipe) // the reader has had enough, and knows it
		case f.failure() != nil:
			code = worse(code, exitFailed)
			c.messages.failure(name, f.explain(f.failure()))
		case refused && whole > 0:
			code = worse(code, exitLoss)
			c.messages.failure(name, fmt.Errorf("%s is not written: %w", f, err))
		default:
			code = worse(code, exitFailed)
			c.messages.failure(name, err)
		}
	}
	return code
}

// commit puts the files without error into their places, and throws the others
// away.
func (c *cli) commit(ctx context.Context, name string, files []destination, failed convert.SinkErrors, o *outcome) exitCode {
	code := exitOK
	var written []string
	for i, f := range files {
		if failed != nil && failed[i] != nil {
			f.discard()
			continue
		}
		switch err := f.commit(); {
		case err == nil:
			if o, ok := f.(*outputFile); ok && o.place != "" {
				written = append(written, o.name)
			}
		case ctx.Err() != nil:
			code = worse(code, c.interrupted(ctx, name))
		case errors.Is(err, syscall.EPIPE):
			code = worse(code, exitPipe)
		default:
			c.messages.failure(name, f.explain(err))
			code = worse(code, exitFailed)
		}
	}
	o.written = written
	if len(written) > 0 {
		c.messages.note(name, "wrote %s", printable(strings.Join(written, ", ")))
	}
	return code
}

func discard(files []destination) {
	for _, f := range files {
		f.discard()
	}
}

func cannotWrite(name string, err error) error {
	return fmt.Errorf("cannot write %s: %w", name, err)
}

// A lossError says what of an input was not converted, and what was.
type lossError struct{ *convert.Summary }

func (e lossError) Hint() string { return cmp.Or(e.Loss.Hint, hintOf(e.Loss.Err)) }

func (e lossError) Error() string {
	l := e.Loss
	lost := "an unknown part of it"
	if l.Bytes > 0 {
		lost = fmt.Sprintf("%d of %d bytes", l.Bytes, e.Bytes)
		if l.Broken {
			lost = "part of the last " + lost
		}
	}
	if e.Repairs.Cut > 0 {
		lost += ", and what was to follow"
	}
	return fmt.Sprintf("%v; lost is %s; converted are %d events of %v",
		l.Err, lost, e.Events, e.End.Sub(e.Start))
}
