package main

import (
	"errors"
	"io"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/pprofout"
)

// A set makes one sink for all outputs that share it, in their order: that is
// faster than a sink for each.
type set func(ws []io.Writer) convert.Sink

// sinks are those of the outputs of one job: one for each output without a set,
// and one for each set.
type sinks struct {
	makers []maker
	places []place // of each output
}

// A maker makes a sink, once all that it is to write to are known.
type maker struct {
	set *set
	one func(w io.Writer) convert.Sink
	ws  []io.Writer
}

// A place says which sink makes an output, and which of its outputs it is.
type place struct{ sink, output int }

// add adds the output o, which goes to w.
func (s *sinks) add(o *output, w io.Writer) {
	at := len(s.makers)
	for i := range s.makers {
		if o.set != nil && s.makers[i].set == o.set {
			at = i
		}
	}
	if at == len(s.makers) {
		s.makers = append(s.makers, maker{set: o.set, one: o.sink})
	}
	m := &s.makers[at]
	s.places = append(s.places, place{at, len(m.ws)})
	m.ws = append(m.ws, w)
}

// make makes the sinks.
func (s *sinks) make() []convert.Sink {
	var made []convert.Sink
	for _, m := range s.makers {
		if m.set != nil {
			made = append(made, (*m.set)(m.ws))
		} else {
			made = append(made, m.one(m.ws[0]))
		}
	}
	return made
}

// outputErrors returns err, of convert.Run, with an error for each output in
// place of those for each sink.
func (s *sinks) outputErrors(err error) error {
	var failed convert.SinkErrors
	if !errors.As(err, &failed) {
		return err
	}
	each := make(convert.SinkErrors, len(s.places))
	for i, p := range s.places {
		each[i] = failed[p.sink]
		var partly pprofout.WriteErrors
		if errors.As(each[i], &partly) {
			each[i] = partly[p.output]
		}
	}
	return each
}
