package main

import (
	"context"
	"fmt"
	"sync/atomic"
)

// A room bounds how many bytes one input may write: its outputs, the outputs of
// traces that follow in it, and what is set aside for later. The nil room has no
// bound. Once it is full, the conversion under way ends.
type room struct {
	limit   byteSize
	written atomic.Int64
	cancel  context.CancelCauseFunc // of the conversion under way
}

// newRoom returns the room that an input has.
func (l *limits) newRoom() *room {
	if l.output <= 0 {
		return nil
	}
	return &room{limit: l.output}
}

// within returns a context that ends when the room is full.
func (r *room) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if r == nil {
		return ctx, func() {}
	}
	ctx, r.cancel = context.WithCancelCause(ctx)
	return ctx, func() { r.cancel(nil) }
}

// take takes room for n bytes. Its error says that there is no room for them.
func (r *room) take(n int) error {
	if r == nil || r.written.Add(int64(n)) <= int64(r.limit) {
		return nil
	}
	err := hinted{fmt.Errorf("its outputs have more than %v", r.limit), "pass a larger --max-output"}
	r.cancel(err)
	return err
}
