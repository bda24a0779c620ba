package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A progress shows on a terminal how much of an input has been read, and how
// many of its spans have been sent. The nil progress shows nothing.
type progress struct {
	bar *progressbar.ProgressBar
	in  *opened
}

// newProgress shows the progress of reading in on w, from in's next Read on.
func newProgress(w io.Writer, in *opened) *progress {
	size := int64(-1)
	if in.regular {
		size = in.size + 1 // a bar that is full takes itself off the screen, and there is more to send
	}
	p := &progress{in: in, bar: progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(20),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // or it would draw by itself, on a goroutine
	)}
	p.sent(0)
	in.Reader = watched{in.Reader, p}
	return p
}

// A watched reader shows what has been read.
type watched struct {
	io.Reader
	p *progress
}

func (w watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	w.p.bar.Set64(w.p.in.stored.Bytes())
	return n, err
}

// sent shows how many spans have been sent.
func (p *progress) sent(n int64) {
	if p != nil {
		p.bar.Describe(fmt.Sprintf("%d spans sent", n))
	}
}

// clear takes the bar off the screen, for messages to be written there. What is
// sent after that brings it back.
func (p *progress) clear() {
	if p != nil {
		p.bar.Clear()
	}
}

// end takes the bar off the screen for good.
func (p *progress) end() {
	if p != nil {
		p.bar.Exit()
		p.bar.Clear()
	}
}
