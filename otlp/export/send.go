package export

import (
	"context"
	"errors"
	"net/http/httptrace"
	"time"

	"github.com/cenkalti/backoff/v5"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Retry says how to try again when the back end is out of order. The zero
// value waits a second before the first time, longer before each that follows,
// and gives up after a minute. A back end that says how long to wait is obeyed.
type Retry struct {
	// For is how long to try to deliver one batch: a minute if zero, only once
	// if negative.
	For time.Duration

	// First is the time before the second try, about: a second if zero, or a
	// quarter of For if that is less.
	First time.Duration
}

// maxRetryInterval bounds the time between two tries.
const maxRetryInterval = 30 * time.Second

func (r Retry) limit() time.Duration {
	if r.For == 0 {
		return time.Minute
	}
	return r.For
}

func (r Retry) first() time.Duration {
	if r.First <= 0 {
		return min(time.Second, max(r.limit()/4, time.Millisecond))
	}
	return r.First
}

// send delivers a batch of so many bytes, in pieces if it must, or counts it as
// failed.
func (e *Exporter) send(batch []*tracepb.ResourceSpans, size int) error {
	n := countSpans(batch)
	switch {
	case n == 0:
		return nil
	case e.gaveUp:
		return e.fail(batch, n)
	case size > e.limit && n > 1:
		return e.sendHalves(halve(batch))
	}
	rejected, notice, err := partialSuccess(e.upload(batch))
	if err != nil && e.ctx.Err() != nil {
		return errors.Join(context.Cause(e.ctx), e.fail(batch, n))
	}
	v, _ := judge(err)
	switch {
	case v == taken:
		e.report.take(n, rejected, notice)
		e.progress()
		return nil
	case v == tooLarge && n > 1 && size > smallest:
		a, b := halve(batch)
		e.limit = max(smallest, sizeOf(a), sizeOf(b))
		return e.sendHalves(a, b)
	}
	if e.report.Err == nil {
		e.report.Err = err
	}
	e.gaveUp = v == outage || v == hopeless
	return e.fail(batch, n)
}

func (e *Exporter) sendHalves(a, b []*tracepb.ResourceSpans) error {
	if err := e.send(a, sizeOf(a)); err != nil {
		return errors.Join(err, e.fail(b, countSpans(b)))
	}
	return e.send(b, sizeOf(b))
}

// smallest is the size of a batch that no back end can mean when it says that
// one is too large.
const smallest = 16 << 10

// upload sends a batch, again and again during an outage, and returns the
// client's last word.
func (e *Exporter) upload(batch []*tracepb.ResourceSpans) (err error) {
	once := func() (struct{}, error) {
		err = e.uploadOnce(batch)
		switch v, delay := judge(err); {
		case v == taken:
			return struct{}{}, nil
		case v != outage || httpTired(err) || e.o.Retry.limit() < 0:
			return struct{}{}, backoff.Permanent(err)
		case delay > 0:
			return struct{}{}, &backoff.RetryAfterError{Duration: delay}
		}
		return struct{}{}, err
	}
	backoff.Retry(e.ctx, once,
		backoff.WithMaxElapsedTime(e.o.Retry.limit()),
		backoff.WithNotify(func(_ error, wait time.Duration) {
			if e.o.Retrying != nil {
				e.o.Retrying(err, wait)
			}
		}),
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval:     e.o.Retry.first(),
			RandomizationFactor: backoff.DefaultRandomizationFactor,
			Multiplier:          backoff.DefaultMultiplier,
			MaxInterval:         maxRetryInterval,
		}))
	return err
}

const (
	// patience is how long the client may take to return after an answer came.
	patience = 300 * time.Millisecond

	// instant is within what time the client asks for another connection when
	// it is sent elsewhere, or when one that it kept turns out to be closed. It
	// waits for longer before it tries again.
	instant = 20 * time.Millisecond
)

var (
	errBusy  = errors.New("it is overloaded or out of order (HTTP 429, 502, 503 or 504)")
	errAgain = errors.New("it did not answer in time")
)

// uploadOnce sends a batch once, as far as that is for us to say. Of answers by
// which the back end asks to wait, and of those that do not come, otlptracehttp
// says nothing before it has tried for long enough; but that it has not returned
// long after an answer, or asks for a connection once more, shows that it will.
func (e *Exporter) uploadOnce(batch []*tracepb.ResourceSpans) error {
	if e.o.Retrying == nil {
		return e.client.UploadTraces(e.ctx, batch)
	}
	type sign struct {
		answer bool // or a connection asked for
		at     time.Time
	}
	signs, done := make(chan sign), make(chan struct{})
	note := func(answer bool) {
		select {
		case signs <- sign{answer, time.Now()}:
		case <-done:
		}
	}
	ctx := httptrace.WithClientTrace(e.ctx, &httptrace.ClientTrace{
		GetConn:              func(string) { note(false) },
		GotFirstResponseByte: func() { note(true) },
	})
	var err error
	go func() { err = e.client.UploadTraces(ctx, batch); close(done) }()
	told := false
	tell := func(why error) {
		if !told {
			e.o.Retrying(why, 0)
		}
		told = true
	}
	var late <-chan time.Time
	var last sign
	for {
		select {
		case <-done:
			return err
		case s := <-signs:
			again := !s.answer && !last.at.IsZero() && s.at.Sub(last.at) > instant
			switch {
			case again && last.answer:
				tell(errBusy)
			case again:
				tell(errAgain)
			}
			late = nil
			if s.answer {
				late = time.After(patience)
			}
			last = s
		case <-late:
			tell(errBusy)
		}
	}
}

// fail counts a batch as failed, and keeps it if it is to be kept.
func (e *Exporter) fail(batch []*tracepb.ResourceSpans, n int64) error {
	e.report.Failed += n
	e.progress()
	if e.o.Failed == nil {
		return nil
	}
	return e.o.Failed(batch)
}

func (e *Exporter) progress() {
	if e.o.Progress != nil {
		e.o.Progress(e.report)
	}
}

func sizeOf(batch []*tracepb.ResourceSpans) int {
	return proto.Size(&tracepb.TracesData{ResourceSpans: batch})
}
