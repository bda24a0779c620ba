package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"
)

// A window is the flags that select a part of the trace: --from, and --to or,
// where that has another meaning, --until.
type window struct {
	from, to offset
	toName   string // of the command that runs
}

// addFlags adds the flags to fs, with toName for the end of the window.
func (w *window) addFlags(fs *pflag.FlagSet, toName string) {
	fs.Var(&w.from, "from", "convert the trace from this `time` on: 1.5s after its start, or -2s, before its end")
	fs.Var(&w.to, toName, "convert the trace up to this `time`, given in the same way")
}

// An offset is a time of a trace, counted from its start, or, if negative, from
// its end.
type offset struct {
	text string
	time.Duration
}

func (o *offset) Type() string   { return "offset" }
func (o *offset) String() string { return o.text }

// Set takes a duration.
func (o *offset) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("want a duration, like 1.5s or -200ms")
	}
	*o = offset{text, d}
	return nil
}

// check reports windows that no trace has, and inputs whose end cannot be known
// beforehand.
func (w *window) check(inputs []string, toName string) error {
	w.toName = toName
	switch {
	case w.to.text != "" && w.to.Duration == 0:
		return fmt.Errorf("--%s %s is the start of the trace: nothing comes before it", w.toName, w.to.text)
	case w.to.text != "" && w.from.Duration < 0 == (w.to.Duration < 0) && w.from.Duration >= w.to.Duration:
		return fmt.Errorf("--from %s is not before --%s %s", w.from.text, w.toName, w.to.text)
	case w.fromEnd() && slices.Contains(inputs, stdio):
		return w.endless(errors.New("the end of standard input cannot be known beforehand"))
	case w.fromEnd() && slices.ContainsFunc(inputs, isURL):
		return w.endless(errors.New("the end of what a URL gives cannot be known beforehand"))
	}
	return nil
}

func (w *window) fromEnd() bool { return w.from.Duration < 0 || w.to.Duration < 0 }

func (w *window) endless(err error) error {
	return hinted{err, fmt.Sprintf("count --from and --%s from the start of the trace", w.toName)}
}

// of returns the window of the trace x, for convert.Options. To count from the
// end, it has to read the trace.
func (w *window) of(ctx context.Context, x *extent) (from, to time.Duration, err error) {
	from, to = w.from.Duration, w.to.Duration
	if !w.fromEnd() {
		return from, to, nil
	}
	err = x.read(ctx, w.endless(errors.New("is no regular file, whose end can be known beforehand")))
	if err != nil {
		return 0, 0, err
	}
	if from < 0 {
		from = max(0, x.length+from)
	}
	if to < 0 {
		to += x.length
		if to <= 0 {
			return 0, 0, fmt.Errorf("nothing up to %v before its end: the trace lasts %v", -w.to.Duration, x.length)
		}
	}
	if to != 0 && from >= to {
		return 0, 0, fmt.Errorf("--from %s, at %v, is not before --%s %s, at %v: the trace lasts %v",
			w.from.text, from, w.toName, w.to.text, to, x.length)
	}
	return from, to, nil
}
