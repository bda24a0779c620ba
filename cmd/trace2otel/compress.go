package main

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// A compressor gzips what is written to it on a goroutine of its own: that
// takes about as long as making the bytes. An error shows at a later Write, or
// at Close.
type compressor struct {
	queue chan []byte
	spare chan []byte
	done  chan struct{}

	mu  sync.Mutex
	err error
}

// compressorQueue is how many pieces, of up to 1 MiB as sinks write them, may wait.
const compressorQueue = 2

// compressorLevel makes timelines 7 % smaller than the default level does; two
// more would make them 20 % smaller, and take ten times as long.
const compressorLevel = 7

func newCompressor(w io.Writer) *compressor {
	c := &compressor{
		queue: make(chan []byte, compressorQueue),
		spare: make(chan []byte, compressorQueue+1),
		done:  make(chan struct{}),
	}
	go c.run(w)
	return c
}

func (c *compressor) run(w io.Writer) {
	defer close(c.done)
	z, _ := gzip.NewWriterLevel(w, compressorLevel)
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

func (c *compressor) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *compressor) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// Write copies p.
func (c *compressor) Write(p []byte) (int, error) {
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
func (c *compressor) Close() error {
	close(c.queue)
	<-c.done
	return c.err
}
