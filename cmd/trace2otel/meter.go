package main

import (
	"context"
	"errors"

	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// metricsName is what files of metrics have before their extension.
const metricsName = ".otlp-metrics"

// A meter is metrics on their way to the back end that the spans go to. It is a
// [destination], of binary MetricsData, a whole one at each Write.
type meter struct {
	target export.Target
	retry  export.Retry
	url    string
	client export.MetricsClient
	failed keeper

	exporter *export.MetricsExporter // nil until open
	alone    bool                    // there are no spans beside them
	strict   bool
	spool    [][]byte // what must not be sent before commit: metrics are small
	report   export.Report
}

// resolve finds out where the metrics go to, or why they cannot.
func (m *meter) resolve(ctx context.Context) error {
	resolved, err := m.target.ResolveMetrics()
	if err != nil {
		return err
	}
	m.url = displayURL(resolved.URL)
	m.client, err = newClient(func() (export.MetricsClient, error) { return m.target.NewMetricsClient(ctx, m.retry) })
	return err
}

// failBeside has m keep what it cannot deliver beside the spans of which that is
// true.
func (m *meter) failBeside(input string) error {
	switch m.failed.path {
	case "":
		return nil
	case stdio:
		return hinted{errors.New("where to with metrics that cannot be delivered?"), "pass --failed-out FILE"}
	}
	ext := ".jsonl"
	if m.failed.format() == otlp.Binary {
		ext = ".binpb"
	}
	m.failed.path = besidePath(m.failed.path, metricsName+ext)
	return statInputs([]string{input}).spare(m.failed.path)
}

// open begins the delivery. With --strict nothing is sent before commit.
func (m *meter) open(ctx context.Context, c *cli, r *room) error {
	m.strict = c.strict
	var o export.MetricsOptions
	if err := m.failed.open(c, r); err != nil {
		return err
	}
	if m.failed.file != nil {
		o.Failed = export.MetricsFileWriter(&m.failed, m.failed.format())
	}
	m.exporter = export.NewMetrics(ctx, m.client, o)
	return nil
}

func (m *meter) String() string          { return m.url }
func (m *meter) failure() error          { return nil } // its errors need no explanation
func (m *meter) explain(err error) error { return err }
func (m *meter) flush()                  {}

func (m *meter) Write(p []byte) (int, error) {
	if m.strict {
		m.spool = append(m.spool, append([]byte(nil), p...))
		return len(p), nil
	}
	return m.exporter.Write(p)
}

// commit sends what is still to be sent.
func (m *meter) commit() error {
	var errs []error
	for _, p := range m.spool {
		if _, err := m.exporter.Write(p); err != nil {
			errs = append(errs, err)
		}
	}
	m.report = m.exporter.Close()
	m.failed.close(m.report.Failed, len(errs) == 0)
	return errors.Join(errs...)
}

// remove removes what there is of a temporary file.
func (m *meter) remove() { m.failed.close(m.report.Failed, false) }

// discard sends nothing more. What is sent is sent, and what failed is kept.
func (m *meter) discard() {
	if m.exporter != nil {
		m.report = m.exporter.Close()
	}
	m.remove()
}

// tell says what became of the metrics of an input, and returns what that means
// for the exit code. Nothing is said if the delivery did not begin.
func (m *meter) tell(ctx context.Context, c *cli, name string) exitCode {
	if m.exporter == nil {
		return exitOK
	}
	if c.tellSent(ctx, name, m, "metrics", "points of metrics", &m.report, &m.failed) {
		return exitOK
	}
	if m.alone && m.report.Sent == 0 {
		return exitFailed
	}
	return exitLoss
}
