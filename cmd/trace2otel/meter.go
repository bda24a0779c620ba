package main

import (
	"context"
	"errors"

	"github.com/trace2otel/trace2otel/otlp/export"
)

// A meter is metrics on their way to the back end that the spans go to. It is a
// [destination], of binary MetricsData, a whole one at each Write.
type meter struct {
	target export.Target
	retry  export.Retry
	url    string

	exporter *export.MetricsExporter // nil until open
	alone    bool                    // there are no spans beside them
	strict   bool
	spool    [][]byte // what must not be sent before commit: metrics are small
	report   export.Report
}

// open begins the delivery. With --strict nothing is sent before commit.
func (m *meter) open(ctx context.Context, c *cli) (err error) {
	m.strict = c.strict
	m.exporter, err = m.target.NewMetrics(ctx, m.retry)
	return err
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
	return errors.Join(errs...)
}

// discard sends nothing more. What is sent is sent.
func (m *meter) discard() {
	if m.exporter != nil {
		m.report = m.exporter.Close()
	}
}

// tell says what became of the metrics of an input, and returns what that means
// for the exit code. Nothing is said if the delivery did not begin.
func (m *meter) tell(c *cli, name string) exitCode {
	if m.exporter == nil {
		return exitOK
	}
	if c.tellSent(name, m, "metrics", "points of metrics", &m.report) {
		return exitOK
	}
	if m.alone && m.report.Sent == 0 {
		return exitFailed
	}
	return exitLoss
}
