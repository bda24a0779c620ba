package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel"

	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// deliveryFlags are the flags of commands that deliver spans.
type deliveryFlags struct {
	endpoint string
	export   bool
	protocol string
	failed   string
	patience time.Duration
	set      *pflag.FlagSet
}

func (d *deliveryFlags) addFlags(fs *pflag.FlagSet) {
	d.set = fs
	fs.StringVar(&d.endpoint, "endpoint", "", "send the spans to the back end at this `URL`: http://localhost:4317")
	fs.BoolVar(&d.export, "export", false, "send the spans to the back end that OTEL_EXPORTER_OTLP_ENDPOINT names")
	fs.StringVar(&d.protocol, "protocol", "", "send them by this `protocol`: grpc, http/protobuf or http/json; without it, that of\nOTEL_EXPORTER_OTLP_PROTOCOL, or grpc for port 4317 and http/protobuf for others")
	fs.StringVar(&d.failed, "failed-out", "", "write spans that cannot be delivered to `FILE`, for trace2otel send: OTLP JSON lines,\nor protobuf if named .binpb; it is empty if all can be. Metrics go beside it, into\nFILE.otlp-metrics")
	fs.DurationVar(&d.patience, "retry-for", time.Minute, "how long to try again when the back end is out of order; 0 is not at all")
}

// delivery returns the delivery that the flags ask for, nil if none. Its errors
// are of usage.
func (d *deliveryFlags) delivery(inputs []string) (*delivery, error) {
	if d.set == nil {
		return nil, nil
	}
	endpoint := d.set.Changed("endpoint")
	switch {
	case endpoint && d.export:
		return nil, errors.New("--endpoint and --export are two answers to where the spans are to go")
	case endpoint && d.endpoint == "":
		return nil, errors.New("--endpoint is empty")
	case !endpoint && !d.export:
		for _, name := range []string{"protocol", "failed-out", "retry-for"} {
			if d.set.Changed(name) {
				return nil, hinted{fmt.Errorf("--%s is for sending spans", name), "pass --endpoint or --export"}
			}
		}
		return nil, nil
	case d.patience < 0:
		return nil, fmt.Errorf("--retry-for cannot be %v", d.patience)
	}
	if d.failed != "" {
		if err := statInputs(inputs).spare(d.failed); err != nil {
			return nil, err
		}
	}
	out := &delivery{failed: keeper{path: d.failed}, retry: export.Retry{For: cmp.Or(d.patience, -1)}}
	target := export.Target{URL: d.endpoint, Protocol: export.Protocol(d.protocol)}
	out.target = target
	resolved, err := target.Resolve()
	if err == nil {
		out.client, err = newClient(func() (export.Client, error) { return target.NewClient(out.retry) })
	}
	if err != nil {
		return nil, err
	}
	out.url = displayURL(resolved.URL)
	return out, nil
}

// meter returns a delivery of metrics to the same back end, which is to be
// resolved.
func (d *delivery) meter() *meter {
	return &meter{target: d.target, retry: d.retry, failed: keeper{path: d.failed.path}}
}

// newClient returns the client that make makes. What is wrong in the environment
// the exporters tell only the global log.
func newClient[C any](make func() (C, error)) (C, error) {
	var log errorLog
	otel.SetLogger(logr.New(&log))
	defer otel.SetLogger(logr.Discard())
	client, err := make()
	if err == nil && len(log.errs) > 0 {
		err = hinted{log.errs[0], "look at the variables OTEL_EXPORTER_OTLP_*"}
	}
	return client, err
}

// An errorLog keeps the errors that it is to log.
type errorLog struct{ errs []error }

func (l *errorLog) Init(logr.RuntimeInfo)          {}
func (l *errorLog) Enabled(int) bool               { return false }
func (l *errorLog) Info(int, string, ...any)       {}
func (l *errorLog) WithValues(...any) logr.LogSink { return l }
func (l *errorLog) WithName(string) logr.LogSink   { return l }

func (l *errorLog) Error(err error, did string, _ ...any) {
	var bad *url.Error
	var escape url.EscapeError
	switch {
	case errors.As(err, &bad):
		err = errors.New("it is no URL") // without what it is, which may hold a password
	case errors.As(err, &escape):
		err = errors.New("a % in it is no escape") // likewise
	}
	l.errs = append(l.errs, fmt.Errorf("the environment is wrong: %s: %w", did, err))
}

// A delivery is spans on their way to a back end. It is a [destination], of
// binary OTLP.
type delivery struct {
	target export.Target // as the flags have it
	client export.Client
	url    string
	retry  export.Retry
	failed keeper

	exporter  *export.Exporter // nil until open
	room      *room            // for what is set aside
	spool     *os.File         // for what must not be sent before commit, or nil
	temporary *temporaries
	progress  *progress
	report    export.Report
}

// open begins the delivery. With --strict nothing is sent before commit.
func (d *delivery) open(ctx context.Context, c *cli, r *room) (err error) {
	d.temporary, d.room = c.temporary, r
	o := export.Options{Retry: d.retry, Progress: func(r export.Report) { d.progress.sent(r.Sent) }}
	warned := false
	o.Retrying = func(err error, _ time.Duration) {
		if !warned {
			d.progress.clear()
			c.messages.warning(d.url, fmt.Errorf("%w; trying again for up to %v", err, d.retry.For))
		}
		warned = true
	}
	if err = d.failed.open(c, r); err != nil {
		return err
	}
	if d.failed.file != nil {
		o.Failed = export.FileWriter(&d.failed, d.failed.format())
	}
	if c.strict {
		if d.spool, err = c.temporary.create(os.TempDir(), 0o600); err != nil {
			return err
		}
	}
	d.exporter, err = export.New(ctx, d.client, o)
	return err
}

// formatOf returns the format of a file by its name.
func formatOf(path string) otlp.Format {
	if filepath.Ext(path) == ".binpb" {
		return otlp.Binary
	}
	return otlp.JSONL
}

func (d *delivery) String() string          { return d.url }
func (d *delivery) failure() error          { return nil } // its errors need no explanation
func (d *delivery) explain(err error) error { return err }
func (d *delivery) flush()                  {}

func (d *delivery) Write(p []byte) (int, error) {
	if d.spool != nil {
		if err := d.room.take(len(p)); err != nil {
			return 0, err
		}
		return d.spool.Write(p)
	}
	return d.exporter.Write(p)
}

// commit sends what is still to be sent.
func (d *delivery) commit() (err error) {
	if d.spool != nil {
		if _, err = d.spool.Seek(0, io.SeekStart); err == nil {
			err = d.exporter.Send(d.spool)
		}
	}
	var closeErr error
	d.report, closeErr = d.exporter.Close()
	if err = cmp.Or(err, closeErr); err == nil {
		d.failed.close(d.report.Failed, true)
	}
	d.remove()
	return err
}

// discard sends nothing more. What is sent is sent, and what failed is kept.
func (d *delivery) discard() {
	if d.exporter != nil {
		d.report = d.exporter.Abort()
	}
	d.remove()
}

// remove removes what there is of temporary files, and the bar.
func (d *delivery) remove() {
	d.progress.end()
	d.failed.close(d.report.Failed, false)
	if d.spool != nil {
		d.spool.Close()
		d.temporary.remove(d.spool.Name())
	}
}

// watch shows the progress of reading in, and of the delivery, if there is a
// terminal to show it on.
func (d *delivery) watch(in *opened, c *cli) {
	if c.progress != nil && !c.messages.quiet {
		d.progress = newProgress(c.progress, in)
	}
}

// tell says what became of the spans of an input, and returns what that means
// for the exit code. Nothing is said if the delivery did not begin. When ctx has
// ended, there may be more of them.
func (d *delivery) tell(ctx context.Context, c *cli, name string) exitCode {
	if d.exporter == nil {
		return exitOK
	}
	if c.tellSent(ctx, name, d, "spans", "spans", &d.report, &d.failed) {
		return exitOK
	}
	if d.report.Sent == 0 || c.strict {
		return exitFailed
	}
	return exitLoss
}

// tellSent says what became of what was sent to a back end: what it is, what is
// counted of it, and what became of that which failed. It reports whether all was
// taken.
func (c *cli) tellSent(ctx context.Context, name string, to fmt.Stringer, what, counted string, r *export.Report, k *keeper) bool {
	if k.err != nil {
		c.messages.failure(name, k.err)
	}
	if r.Err != nil {
		c.messages.failure(name, fmt.Errorf("%s does not take %s: %w", to, what, r.Err))
	}
	if r.Notice != "" {
		c.messages.warning(name, fmt.Errorf("%s says: %s", to, r.Notice))
	}
	last := fmt.Sprintf("%d %s sent to %s, %d rejected, %d failed", r.Sent, counted, to, r.Rejected, r.Failed)
	if r.Rejected == 0 && r.Failed == 0 {
		c.messages.note(name, "%s", last)
		return k.err == nil
	}
	if k.kept != "" && k.kept != stdio {
		last += ", kept in " + printable(k.kept)
	}
	if ctx.Err() != nil {
		last += "; what was to follow is not sent"
	}
	c.messages.failure(name, errors.New(last))
	return false
}
