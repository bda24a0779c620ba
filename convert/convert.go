package convert

import (
	"context"
	"errors"
	"io"
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

	// Redate uses Start for all traces: their own dates are forgotten.
	Redate bool

	// RunKey replaces the identity of the run traced, from which outputs make
	// their ids. If empty, it is the SHA-256 of the first 64 KiB of the
	// decompressed trace: known before the first event, and the same for a
	// file, its gzip and a pipe.
	RunKey string

	// From and To cut the trace to a window, given as offsets from its first
	// event; To 0 is its end. Sinks get what a trace of that time alone would
	// tell, and a little more: intervals under way at either end are flagged
	// OpenStart or OpenEnd there, but keep their reasons, names and stacks.
	// Reading ends with To's generation. It is an error if the trace ends
	// before From.
	From, To time.Duration

	// Decoder reads the trace; the zero value is for the best one to be chosen.
	Decoder Decoder

	// StrictDecode refuses what contradicts the trace's format or the
	// scheduler's rules, instead of repairing it: what comes before it is
	// converted. DecoderX always does.
	StrictDecode bool

	// AsGo reads the trace as Go's own tools do: with StrictDecode, and with
	// every event that is not later than its predecessor moved to 1 ns after
	// it, which can be by up to a second, since the statuses of a generation's
	// beginning may come at its end. DecoderX always does.
	AsGo bool

	// Series leaves a trace that follows in the same input to the caller, who
	// finds it at Summary.Next: it is no loss, and none of this trace's bytes.
	Series bool

	// MaxGeneration is the most bytes that a generation may have, since one is
	// held at a time: of a larger one, the trace is damaged from there on. Zero
	// is for 2 GiB. DecoderX has no such bound.
	MaxGeneration int64

	// Serial has all sinks work on the goroutine that calls Run, as a single one
	// does anyway, instead of each on its own. It takes longer, but less CPU
	// time: it is for those who convert as many traces at once as there are
	// cores. It changes no output.
	Serial bool

	// BatchSize is the number of records to a batch, DefaultBatchSize if zero.
	// It changes no output.
	BatchSize int
}

// DefaultBatchSize makes batches of 128 KB. As many of them as are in use fit
// into the cache of a core, which matters more than that larger ones wake the
// sinks less often: batches of 4096 records cost a fifth more.
const DefaultBatchSize = 1024

// Run reads the execution trace r to its end and hands its records to every
// sink; it returns after all have ended. Several sinks have a goroutine each. r
// is the plain trace, already decompressed. Memory is bounded by the trace's
// largest generation, not by its length.
//
// A trace that is damaged is converted as far as it can be read: the error is
// nil and Summary.Loss says what is missing. An error of r whose method Trailing
// returns true says that the trace was whole before it. If nothing of it can be used, the
// error is an [*InputError], and no sink gets to finish. If sinks failed and
// the input did not, the error is a [SinkErrors], and the other sinks have
// finished. When ctx ends, Run stops soon and returns its cause.
func Run(ctx context.Context, r io.Reader, o Options, sinks ...Sink) (*Summary, error) {
	if err := o.checkWindow(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := newConversion(ctx, o, sinks)
	err := c.read(r)
	c.end(err == nil)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil && err != errAllFailed:
		return nil, err
	}
	summary := c.summary // a copy: callers who keep it do not keep the conversion
	return &summary, c.sinkErrors()
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
