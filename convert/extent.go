package convert

import (
	"context"
	"io"
)

// Extent reads the trace r and returns the times of its first and last events,
// so that a caller who knows when a trace ended can tell when it began. Of o it
// takes how the trace is decoded: Decoder, StrictDecode and AsGo. It fails as
// [Run] does, and ends without error where Run would report a loss.
//
// If r can also be read anywhere and knows its size, as an [io.SectionReader]
// does, and the trace is whole and of Go 1.22 or later, no more of it is read
// than the heads of its batches, and in each generation the last batch of each
// thread.
func Extent(ctx context.Context, r io.Reader, o Options) (first, last Time, err error) {
	if at, ok := r.(sized); ok && o.Decoder.own() && !o.StrictDecode && !o.AsGo {
		if ctx.Err() != nil {
			return 0, 0, context.Cause(ctx)
		}
		if first, last, ok := ownExtent(at); ok {
			return first, last, nil
		}
	}
	var extent extentSink
	_, err = Run(ctx, r, Options{Decoder: o.Decoder, StrictDecode: o.StrictDecode, AsGo: o.AsGo}, &extent)
	return extent.first, extent.last, err
}

// A sized input can be read anywhere.
type sized interface {
	io.ReaderAt
	Size() int64
}

// An extentSink looks at the summary alone.
type extentSink struct{ first, last Time }

func (e *extentSink) Begin(*Trace) error   { return nil }
func (e *extentSink) Consume(*Batch) error { return nil }
func (e *extentSink) Finish(s *Summary) error {
	e.first, e.last = s.Start, s.End
	return nil
}
