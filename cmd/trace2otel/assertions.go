package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/stats"
)

// assertions are the bounds that traces are to keep: the flags --assert and
// --allow-partial.
type assertions struct {
	all     []stats.Assertion
	partial bool
}

func (a *assertions) addFlags(fs *pflag.FlagSet) {
	fs.Var(a, "assert", "exit with 4 unless this `bound` holds, like 'sched.p99 < 5ms'; may be repeated; see above")
	fs.BoolVar(&a.partial, "allow-partial", false, "let assertions hold for damaged traces, and for those that have too little to say")
}

func (a *assertions) Type() string   { return "bound" }
func (a *assertions) String() string { return "" }

// Set adds an assertion.
func (a *assertions) Set(text string) error {
	assertion, err := stats.ParseAssertion(text)
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), fmt.Sprintf("stats: assertion %q: ", text)))
	}
	a.all = append(a.all, assertion)
	return nil
}

// check reports flags that do nothing.
func (a *assertions) check() error {
	if a.partial && len(a.all) == 0 {
		return errors.New("--allow-partial is for --assert")
	}
	return nil
}

// analysis returns what is to hold the assertions against, nil if there are
// none: one of sinks, or one more that is to see the trace.
func (a *assertions) analysis(sinks []convert.Sink) (*stats.Sink, []convert.Sink) {
	if len(a.all) == 0 {
		return nil, sinks
	}
	for _, s := range sinks {
		if has, ok := s.(*stats.Sink); ok {
			return has, sinks
		}
	}
	more := stats.New(nil, stats.Options{})
	return more, append(sinks, more)
}

// hold says which assertions hold for the trace that analysis has seen.
func (a *assertions) hold(m *messages, name string, analysis *stats.Sink) (checks []stats.Check, code exitCode) {
	for _, assertion := range a.all {
		c := assertion.Check(analysis.Report(), a.partial)
		checks = append(checks, c)
		if c.Holds {
			m.note(name, "as asserted: %v", c)
		} else {
			m.failure(name, fmt.Errorf("not as asserted: %v", c))
			code = exitAsserted
		}
	}
	return checks, code
}
