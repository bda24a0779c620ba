// Package gzwriter gzips output while it is made.
package gzwriter

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// A Writer gzips what is written to it on a goroutine of its own: that takes
// about as long as making the bytes. An error shows at a later Write, or at
// Close.
type Writer struct {
	queue chan []byte
	spare chan []byte
	done  chan struct{}

	mu  sync.Mutex
	err error
}

// queueLength is how many pieces, of up to 1 MiB as sinks write them, may wait.
const queueLength = 2

// level makes timelines 7 % smaller than the default level does; two
// more would make them 20 % smaller, and take ten times as long.
const level = 7

// New returns a Writer that writes to w, in pieces and from its goroutine.
func New(w io.Writer) *Writer {
	c := &Writer{
		queue: make(chan []byte, queueLength),
		spare: make(chan []byte, queueLength+1),
		done:  make(chan struct{}),
	}
	go c.run(w)
	return c
}

func (c *Writer) run(w io.Writer) {
	defer close(c.done)
	z, _ := gzip.NewWriterLevel(w, level)
	for b := range c.queue {
		if c.failure() == nil {
			_, err := z.Write(b)
			c.fail(err)
		}
		select {
		case c.spare <- b:
		default:
		}
	}
	if c.failure() == nil {
		c.fail(z.Close())
	}
}

func (c *Writer) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *Writer) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// Write copies p.
func (c *Writer) Write(p []byte) (int, error) {
	if err := c.failure(); err != nil {
		return 0, err
	}
	var b []byte
	select {
	case b = <-c.spare:
	default:
	}
	c.queue <- append(b[:0], p...)
	return len(p), nil
}

// Close ends the stream, and waits until all of it is written.
func (c *Writer) Close() error {
	close(c.queue)
	<-c.done
	return c.err
}
