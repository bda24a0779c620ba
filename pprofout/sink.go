package pprofout

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"

	"github.com/trace2otel/trace2otel/convert"
)

// A Sink writes profiles of one trace. It is a [convert.Sink].
type Sink struct {
	outs []Output
	o    Options

	trace  convert.Trace
	frames [][]convert.Frame // of each stack, by its id

	ledger *ledger // of all profiles, unless they are as Go's tool has them
	compat []*compat
}

// New returns a sink that writes a profile of kind o.Kind to w, compressed by
// gzip, in Finish.
func New(w io.Writer, o Options) *Sink {
	return NewSet([]Output{{o.Kind, w}}, o)
}

// NewSet returns a sink that writes several profiles in Finish. It is faster
// than a sink for each. Where one cannot be written, it goes on to the next,
// and Finish returns [WriteErrors].
func NewSet(outs []Output, o Options) *Sink {
	return &Sink{outs: slices.Clone(outs), o: o}
}

// WriteErrors has the error of each profile of a set, in the order given to
// [NewSet]; nil for those that were written.
type WriteErrors []error

func (e WriteErrors) Error() string { return errors.Join(e...).Error() }

// Unwrap returns the errors that are not nil.
func (e WriteErrors) Unwrap() []error {
	return slices.DeleteFunc(slices.Clone(e), func(err error) bool { return err == nil })
}

// Begin fails if there are no such profiles.
func (s *Sink) Begin(t *convert.Trace) error {
	if err := s.o.check(s.outs); err != nil {
		return err
	}
	s.trace = *t
	s.frames = make([][]convert.Frame, 1) // stack 0 has none
	s.ledger, s.compat = nil, nil
	if s.o.Compat {
		for _, out := range s.outs {
			s.compat = append(s.compat, newCompat(out.Kind))
		}
		return nil
	}
	var wanted, wakers classes
	for _, out := range s.outs {
		r := &rules[out.Kind]
		wanted |= r.classes
		if r.waits && s.o.stack(r) != WaiterStack {
			wakers |= r.classes
		}
	}
	s.ledger = newLedger(newFilter(&s.o), wanted, wakers)
	s.ledger.tasks.first = t.FirstTask
	return nil
}

// stack returns whose stack counts in a profile.
func (o *Options) stack(r *rule) Stack {
	switch {
	case o.Stack != UsualStack && r.waits:
		return o.Stack
	case r.woken:
		return WakerStack
	}
	return WaiterStack
}

// Consume adds up the records of b.
func (s *Sink) Consume(b *convert.Batch) error {
	for i := range b.Stacks {
		s.define(&b.Stacks[i])
	}
	for i := range b.Records {
		r := &b.Records[i]
		if s.ledger != nil {
			s.ledger.record(r)
		}
		for _, c := range s.compat {
			c.record(r)
		}
	}
	return nil
}

// define keeps the frames of a stack.
func (s *Sink) define(st *convert.Stack) {
	for len(s.frames) <= int(st.ID) {
		s.frames = append(s.frames, nil)
	}
	s.frames[st.ID] = st.Frames
}

// Unmatched returns, after the last record, an error if no goroutine, task or
// region of the trace is one of those that Options asks for. The profiles say
// then that they took no time, which is true of anything mistyped.
func (s *Sink) Unmatched() error {
	if s.ledger == nil {
		return nil
	}
	return s.ledger.filter.unmatched()
}

// Finish writes the profiles.
func (s *Sink) Finish(sum *convert.Summary) error {
	errs := make(WriteErrors, len(s.outs))
	failed := false
	z, b := gzip.NewWriter(nil), newBuilder(s)
	for i := range s.outs {
		if err := write(z, s.outs[i].W, s.profile(b, i, sum)); err != nil {
			errs[i] = fmt.Errorf("pprofout: writing the %v profile: %w", s.outs[i].Kind, err)
			failed = true
		}
	}
	switch {
	case failed && len(errs) > 1:
		return errs
	case failed:
		return errs[0]
	}
	return nil
}
