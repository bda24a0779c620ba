package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/input"
)

// An extent tells when the trace at path begins and ends, for flags that refer
// to its end. That takes reading it once more, or a look at its batches if it is a
// plain file, so it is not done unless asked for, and only once.
type extent struct {
	path     string
	member   *input.Member // of an archive, or nil
	stdin    *os.File
	decoding convert.Options // how the trace is decoded
	limits   limits
	skip     int64 // what comes before the trace in the input

	length  time.Duration
	modTime time.Time // of the file
	done    bool
	err     error
}

// read reads the trace. refused is the error for inputs that cannot be read
// twice.
func (x *extent) read(ctx context.Context, refused error) error {
	if x.done {
		return x.err
	}
	x.done = true
	x.err = func() error {
		in, err := openTrace(ctx, x.path, x.member, x.stdin, x.limits)
		if err != nil {
			return err
		}
		defer in.Close()
		if !in.regular {
			return refused
		}
		var r io.Reader = in
		if in.file != nil {
			begin := int64(in.found.Before) + x.skip
			r = io.NewSectionReader(in.file, begin, in.size-begin) // which needs not be read whole
		} else if err := in.skip(x.skip); err != nil {
			return err
		}
		first, last, err := convert.Extent(ctx, r, x.decoding)
		x.length, x.modTime = last.Sub(first), in.modTime
		return err
	}()
	return x.err
}
