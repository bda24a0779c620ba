package input

import (
	"context"
	"io"
	"os"
	"sync"
)

// Open opens a file. It gives up when ctx ends, even if opening blocks: that of a
// named pipe waits for a writer.
func Open(ctx context.Context, path string) (*os.File, error) {
	if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() || info.IsDir() {
		return os.Open(path)
	}
	type result struct {
		f   *os.File
		err error
	}
	opened := make(chan result, 1)
	go func() {
		f, err := os.Open(path)
		opened <- result{f, err}
	}()
	select {
	case r := <-opened:
		return r.f, r.err
	case <-ctx.Done():
		// A call that blocks cannot be ended, only left alone.
		go func() {
			if r := <-opened; r.err == nil {
				r.f.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// chunkSize is how much an Interruptible reads at once: what pipes hold.
const chunkSize = 64 << 10

// An Interruptible reads from what may block, like a pipe or a terminal, on a
// goroutine of its own. Its Read fails with the cause of the end of the context
// as soon as that ends; a Read of the reader below that blocks is left alone
// then, until it ends by itself or the program does.
type Interruptible struct {
	ctx   context.Context
	r     io.Reader
	stop  context.CancelFunc
	start sync.Once

	full chan chunk
	free chan []byte
	cur  chunk
	rest []byte // of cur, not read yet
}

// A chunk is what one Read gave.
type chunk struct {
	buf []byte // with its whole capacity
	n   int
	err error
}

// NewInterruptible returns an Interruptible that reads from r. It has to be
// closed.
func NewInterruptible(ctx context.Context, r io.Reader) *Interruptible {
	ctx, stop := context.WithCancel(ctx)
	const chunks = 2 // one is filled while the other is read
	i := &Interruptible{ctx: ctx, r: r, stop: stop, full: make(chan chunk, chunks), free: make(chan []byte, chunks)}
	for range chunks {
		i.free <- make([]byte, chunkSize)
	}
	return i
}

func (i *Interruptible) Read(p []byte) (int, error) {
	i.start.Do(func() { go i.fill() })
	for len(i.rest) == 0 {
		if i.cur.err != nil {
			return 0, i.cur.err
		}
		if i.cur.buf != nil {
			i.free <- i.cur.buf
			i.cur.buf = nil
		}
		if i.ctx.Err() != nil {
			return 0, context.Cause(i.ctx)
		}
		select {
		case i.cur = <-i.full:
			i.rest = i.cur.buf[:i.cur.n]
		case <-i.ctx.Done():
			return 0, context.Cause(i.ctx)
		}
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
}

// fill reads ahead until the end, an error, or that of the context.
func (i *Interruptible) fill() {
	for {
		select {
		case buf := <-i.free:
			n, err := i.r.Read(buf)
			i.full <- chunk{buf, n, err} // there is room for all there are
			if err != nil {
				return
			}
		case <-i.ctx.Done():
			return
		}
	}
}

// Close ends the reading: a Read under way or to come fails.
func (i *Interruptible) Close() error {
	i.stop()
	return nil
}
