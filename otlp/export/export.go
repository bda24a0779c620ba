package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// DefaultBatchSize is 3.5 MiB: gRPC servers take 4 MiB by default, headers and
// all.
const DefaultBatchSize = 3584 << 10

// Options say how to deliver. The zero value is fine.
type Options struct {
	// BatchSize is the most bytes to a request, uncompressed;
	// DefaultBatchSize if zero. A single larger span is sent by itself.
	BatchSize int

	// Retry says for how long to try.
	Retry Retry

	// Failed, if not nil, is called with all spans that count as failed, a
	// batch at a time; see [FileWriter]. An error from it ends the delivery.
	// Spans that the back end rejected are not among them: it does not say
	// which they were.
	Failed func([]*tracepb.ResourceSpans) error

	// Retrying, if not nil, is called before a batch is sent once more: why,
	// and how long that waits. Over HTTP, an answer of 429, 502, 503 or 504, and
	// one that does not come in time, is the client's to deal with: it is told
	// once for a batch, without the time.
	Retrying func(err error, wait time.Duration)

	// Progress, if not nil, is called after each request.
	Progress func(Report)
}

// A Report says what became of the spans.
type Report struct {
	Sent     int64 // taken by the back end
	Rejected int64 // refused by the back end, in a partial success
	Failed   int64 // not delivered

	// Notice is the first message that came with a partial success. A back end
	// may have something to say without rejecting anything.
	Notice string

	// Err is why the first batch that failed did.
	Err error
}

// take counts n things that the back end took, but for those that it says it
// rejected.
func (r *Report) take(n, rejected int64, notice string) {
	rejected = min(max(rejected, 0), n)
	r.Sent += n - rejected
	r.Rejected += rejected
	if r.Notice == "" {
		r.Notice = notice
	}
}

// An Exporter is a writer of binary TracesData, which it delivers. It sends
// while it is written to, and waits for the answer. It is for one goroutine.
type Exporter struct {
	ctx    context.Context // of the whole delivery: a writer has no place for one
	client Client
	o      Options

	buf     []byte // the beginning of a message
	pending []*tracepb.ResourceSpans
	size    int // of pending, in bytes
	limit   int // of what is sent in one request

	report Report
	gaveUp bool
	err    error // sticky: nothing more is sent
	bad    error // sticky: what was written is no OTLP from here on
}

// New returns an exporter that sends by client, which it starts, and stops in
// Close. When ctx ends, the delivery does.
func New(ctx context.Context, client Client, o Options) (*Exporter, error) {
	if err := client.Start(ctx); err != nil {
		return nil, fmt.Errorf("otlp/export: %w", err)
	}
	e := &Exporter{ctx: ctx, client: client, o: o, limit: o.BatchSize}
	if e.limit <= 0 {
		e.limit = DefaultBatchSize
	}
	return e, nil
}

// Write takes a piece of a TracesData message. An error means that p is none,
// that Options.Failed had one, or that the context ended; never that the back
// end did not take something. What came before a piece that is none is
// delivered.
func (e *Exporter) Write(p []byte) (int, error) {
	if err := cmp.Or(e.err, e.bad); err != nil {
		return 0, err
	}
	e.bad = e.consume(p)
	if err := cmp.Or(e.err, e.bad); err != nil {
		return 0, err
	}
	return len(p), nil
}

// consume sends what is complete of the stream that p is the next piece of. Its
// error is that there is no such stream.
func (e *Exporter) consume(p []byte) error {
	e.buf = append(e.buf, p...)
	rest := e.buf
	for {
		message, n, err := cutResourceSpans(rest)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		rest = rest[n:]
		if message == nil {
			continue
		}
		rs := new(tracepb.ResourceSpans)
		if err := proto.Unmarshal(message, rs); err != nil {
			return fmt.Errorf("otlp/export: %w", err)
		}
		e.add(rs, len(message))
	}
	if len(rest) < len(e.buf) {
		e.buf = append(e.buf[:0], rest...)
	}
	return nil
}

// add adds spans of so many bytes to the pending batch, and sends it first if
// they do not fit. Once the delivery has ended, they are added for Close to
// count.
func (e *Exporter) add(rs *tracepb.ResourceSpans, size int) {
	if e.err == nil && e.size+size > e.limit {
		e.err = e.flush()
	}
	e.pending = append(e.pending, rs)
	e.size += size
}

// flush sends the pending batch.
func (e *Exporter) flush() error {
	batch, size := e.pending, e.size
	e.pending, e.size = nil, 0
	return e.send(batch, size)
}

// stopTimeout is how long a client may take to close its connection.
const stopTimeout = time.Second

// Close sends what is left, and returns what became of all spans. It is to be
// called whatever happened before: after the end of the context, what is left
// counts as failed.
func (e *Exporter) Close() (Report, error) {
	if e.bad == nil && len(e.buf) > 0 {
		e.bad = errors.New("otlp/export: the last message is cut off")
	}
	if e.err == nil {
		e.err = e.flush()
	}
	e.abandon()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), stopTimeout)
	defer cancel()
	if err := e.client.Stop(ctx); err != nil && e.err == nil {
		e.err = fmt.Errorf("otlp/export: %w", err)
	}
	return e.report, cmp.Or(e.err, e.bad)
}

// Abort sends nothing more, not even what is left, and returns what became of
// the spans so far. It is for callers who think better of it; others call Close.
func (e *Exporter) Abort() Report {
	if e.err == nil {
		e.err = errors.New("otlp/export: aborted")
	}
	report, _ := e.Close()
	return report
}

// abandon counts the pending batch, if there is one, as failed.
func (e *Exporter) abandon() {
	batch := e.pending
	e.pending, e.size, e.buf = nil, 0, nil
	if n := countSpans(batch); n > 0 {
		if err := e.fail(batch, n); err != nil && e.err == nil {
			e.err = err
		}
	}
}
