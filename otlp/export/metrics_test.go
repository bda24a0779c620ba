package export_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/otlpserver"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// metricsOf returns the metrics of a trace, and how many points they have.
func metricsOf(t *testing.T, sinks ...convert.Sink) (*metricspb.MetricsData, int64) {
	t.Helper()
	var file bytes.Buffer
	sinks = append(sinks, otlp.NewMetrics(&file, otlp.Options{Format: otlp.Binary}))
	fixtures.Run(t, fixtures.File{Name: "multi", Path: "../../testdata/go1.26.8-multi.trace"}, sinks...)
	data := new(metricspb.MetricsData)
	if err := proto.Unmarshal(file.Bytes(), data); err != nil {
		t.Fatal(err)
	}
	var points int64
	for _, rm := range data.ResourceMetrics {
		for _, m := range rm.ScopeMetrics[0].Metrics {
			points += int64(len(m.GetGauge().GetDataPoints()) + len(m.GetSum().GetDataPoints()) + len(m.GetHistogram().GetDataPoints()))
		}
	}
	return data, points
}

// startMetrics returns an exporter to target.
func startMetrics(t *testing.T, target export.Target, r export.Retry, failed func([]*metricspb.ResourceMetrics) error) *export.MetricsExporter {
	t.Helper()
	client, err := target.NewMetricsClient(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return export.NewMetrics(t.Context(), client, export.MetricsOptions{Failed: failed})
}

// TestMetricsArrive sends metrics by both protocols: what arrives is what a file
// has.
func TestMetricsArrive(t *testing.T) {
	for _, protocol := range []export.Protocol{export.GRPC, export.HTTPProtobuf} {
		t.Run(string(protocol), func(t *testing.T) {
			s := otlpserver.Start(t, otlpserver.Options{})
			url := s.GRPC
			if protocol != export.GRPC {
				url = s.HTTP + "/v1/traces" // as it may be given for spans
			}
			e := startMetrics(t, export.Target{URL: url, Protocol: protocol}, export.Retry{}, nil)
			want, points := metricsOf(t, otlp.NewMetrics(e, otlp.Options{Format: otlp.Binary}))
			if r := e.Close(); r != (export.Report{Sent: points}) || points == 0 {
				t.Errorf("reported are %+v of %d points", r, points)
			}
			got := &metricspb.MetricsData{ResourceMetrics: s.Metrics()}
			for _, rm := range append(got.ResourceMetrics, want.ResourceMetrics...) {
				sortAttributes(rm)
			}
			if !proto.Equal(got, want) {
				t.Errorf("%d batches arrived that are not the %d sent", len(got.ResourceMetrics), len(want.ResourceMetrics))
			}
		})
	}
}

// sortAttributes puts those of the resource in order, as the exporters do.
func sortAttributes(rm *metricspb.ResourceMetrics) {
	attrs := rm.Resource.Attributes
	for i := range attrs {
		for j := i; j > 0 && attrs[j].Key < attrs[j-1].Key; j-- {
			attrs[j], attrs[j-1] = attrs[j-1], attrs[j]
		}
	}
}

// TestMetricsThatFailAreKept keeps what a back end that is out of order does not
// take, and sends it again.
func TestMetricsThatFailAreKept(t *testing.T) {
	for _, f := range []otlp.Format{otlp.JSONL, otlp.Binary} {
		down := otlpserver.Start(t, otlpserver.Options{Answer: func(otlpserver.Request) otlpserver.Answer {
			return otlpserver.Answer{Status: 500}
		}})
		var kept bytes.Buffer
		e := startMetrics(t, export.Target{URL: down.HTTP}, export.Retry{For: -1}, export.MetricsFileWriter(&kept, f))
		want, points := metricsOf(t, otlp.NewMetrics(e, otlp.Options{Format: otlp.Binary}))
		if r := e.Close(); r.Failed != points || r.Err == nil {
			t.Errorf("reported are %+v of %d points", r, points)
		}

		up := otlpserver.Start(t, otlpserver.Options{})
		again := startMetrics(t, export.Target{URL: up.HTTP}, export.Retry{}, nil)
		if err := again.Send(&kept); err != nil {
			t.Fatal(err)
		}
		if r := again.Close(); r != (export.Report{Sent: points}) {
			t.Errorf("reported are %+v of %d points", r, points)
		}
		got := &metricspb.MetricsData{ResourceMetrics: up.Metrics()}
		for _, rm := range append(got.ResourceMetrics, want.ResourceMetrics...) {
			sortAttributes(rm)
		}
		if !proto.Equal(got, want) {
			t.Error("what was sent again is not what failed")
		}
	}
}

func TestMetricsRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer otlpserver.Answer
		check  func(r export.Report, points int64) bool
	}{
		{"rejected", otlpserver.Answer{Rejected: 2, Notice: "too old"}, func(r export.Report, points int64) bool {
			return r.Sent+r.Rejected == points && r.Rejected > 0 && r.Rejected%2 == 0 && r.Notice == "too old" && r.Err == nil
		}},
		{"more rejected than there are", otlpserver.Answer{Rejected: 30_000}, func(r export.Report, points int64) bool {
			return r.Sent == 0 && r.Rejected == points && r.Err == nil
		}},
		{"failed", otlpserver.Answer{Status: 401, Message: "who?"}, func(r export.Report, points int64) bool {
			return r.Failed == points && r.Sent == 0 && r.Err != nil && strings.Contains(r.Err.Error(), "401")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := otlpserver.Start(t, otlpserver.Options{Answer: func(otlpserver.Request) otlpserver.Answer { return tt.answer }})
			e := startMetrics(t, export.Target{URL: s.HTTP}, export.Retry{For: time.Second}, nil)
			_, points := metricsOf(t, otlp.NewMetrics(e, otlp.Options{Format: otlp.Binary}))
			if r := e.Close(); !tt.check(r, points) {
				t.Errorf("reported are %+v of %d points", r, points)
			}
		})
	}
}
