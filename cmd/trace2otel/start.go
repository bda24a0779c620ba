package main

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A startTime is the flag --start: when traces that carry no date began.
type startTime struct {
	text  string
	time  time.Time
	mtime bool // their last event is as old as their file
}

const mtimeWord = "mtime"

func (s *startTime) Type() string   { return "time" }
func (s *startTime) String() string { return s.text }

// Set takes RFC 3339, or "mtime".
func (s *startTime) Set(text string) error {
	if text == mtimeWord {
		*s = startTime{text: text, mtime: true}
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return errors.New("want mtime, or RFC 3339, like 2026-01-31T15:04:05.123Z")
	}
	// Outputs count nanoseconds since 1970 in 64 bits.
	if t.Before(time.Unix(0, 0)) || t.After(lastTime) {
		return errors.New("want a time from 1970 to 2261")
	}
	*s = startTime{text: text, time: t}
	return nil
}

// lastTime leaves a trace the time to happen in before 64 bits are full.
var lastTime = time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)

// check reports inputs that cannot be dated, as far as their names tell.
func (s *startTime) check(inputs []string) error {
	if s.mtime && slices.Contains(inputs, stdio) {
		return undatable(errors.New("--start " + mtimeWord + " cannot date standard input"))
	}
	return nil
}

func undatable(err error) error { return hinted{err, "pass --start with a date"} }

// of returns the date of the first event of the trace x, for convert.Options.
// For mtime it has to read the trace to its end.
func (s *startTime) of(ctx context.Context, x *extent) (time.Time, error) {
	if !s.mtime {
		return s.time, nil
	}
	if err := x.read(ctx, undatable(errors.New("is no regular file, whose age would date it"))); err != nil {
		return time.Time{}, err
	}
	return x.modTime.Add(-x.length), nil
}
