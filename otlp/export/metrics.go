package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// A MetricsExporter is a writer of binary MetricsData, a whole message at each
// Write, as package otlp's MetricsSink writes them. It delivers them at once,
// and waits for the answer. It is for one goroutine.
type MetricsExporter struct {
	ctx    context.Context // of the whole delivery: a writer has no place for one
	client MetricsClient
	failed func([]*metricspb.ResourceMetrics) error // or nil
	report Report                                   // counts points
}

// MetricsOptions say how to deliver metrics. The zero value is fine.
type MetricsOptions struct {
	// Failed, if not nil, is called with the metrics that could not be
	// delivered, see [MetricsFileWriter]. An error from it ends the delivery.
	// Points that the back end rejected are not among them.
	Failed func([]*metricspb.ResourceMetrics) error
}

// A MetricsClient sends metrics: see [Target.NewMetricsClient].
type MetricsClient = metric.Exporter

// NewMetricsClient returns a client for the target. Variables for metrics alone
// (OTEL_EXPORTER_OTLP_METRICS_*) come before those for all signals; of a URL that
// is given, the path is that for metrics, even if it ends in /v1/traces. ctx is
// for making the client, which does not connect yet.
func (t Target) NewMetricsClient(ctx context.Context, r Retry) (MetricsClient, error) {
	given := t.URL != ""
	t, err := t.ResolveMetrics()
	if err != nil {
		return nil, err
	}
	var u *url.URL
	if given {
		if u, err = t.parse(metricSignal); err != nil {
			return nil, err
		}
	}
	client, err := t.metricsClient(ctx, u, r)
	if err != nil {
		return nil, fmt.Errorf("otlp/export: %w", err)
	}
	return client, nil
}

func (t Target) metricsClient(ctx context.Context, u *url.URL, r Retry) (MetricsClient, error) {
	if t.Protocol == GRPC {
		o := []otlpmetricgrpc.Option{otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{
			Enabled: r.limit() > 0, InitialInterval: r.first(), MaxInterval: maxRetryInterval, MaxElapsedTime: r.limit(),
		})}
		if t.plain() {
			o = append(o, otlpmetricgrpc.WithTLSCredentials(insecure.NewCredentials()))
		}
		if u != nil {
			o = append(o, otlpmetricgrpc.WithEndpointURL(u.String()))
		}
		return otlpmetricgrpc.New(ctx, o...)
	}
	o := []otlpmetrichttp.Option{
		otlpmetrichttp.WithHTTPClient(t.httpClient(metricSignal)),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{
			Enabled: r.limit() > 0, InitialInterval: r.first(), MaxInterval: maxRetryInterval, MaxElapsedTime: r.limit(),
		}),
	}
	if t.plain() {
		o = append(o, otlpmetrichttp.WithTLSClientConfig(nil))
	}
	if u != nil {
		o = append(o, otlpmetrichttp.WithEndpointURL(u.String()))
	}
	return otlpmetrichttp.New(ctx, o...)
}

// NewMetrics returns an exporter that sends by client. When ctx ends, the
// delivery does.
func NewMetrics(ctx context.Context, client MetricsClient, o MetricsOptions) *MetricsExporter {
	return &MetricsExporter{ctx: ctx, client: client, failed: o.Failed}
}

// Send delivers a file of OTLP metrics, as [Exporter.Send] does one of spans.
func (e *MetricsExporter) Send(r io.Reader) error {
	b := bufio.NewReader(r)
	if head, err := b.Peek(1); err == io.EOF {
		return nil
	} else if err != nil {
		return err
	} else if head[0] != '{' {
		data, err := io.ReadAll(b)
		if err == nil {
			_, err = e.Write(data)
		}
		return err
	}
	return eachLine(b, func(line []byte) error {
		data := new(metricspb.MetricsData)
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(line, data); err != nil {
			return badLine{plainSpaces(err)}
		}
		if len(data.ResourceMetrics) == 0 {
			return holdsOther(line, "resourceMetrics", "metrics")
		}
		return e.deliver(data)
	})
}

// Write sends a MetricsData. An error means that p is none, that the context
// ended, or that what failed could not be kept; never that the back end did not
// take something. After a failure nothing more is sent.
func (e *MetricsExporter) Write(p []byte) (int, error) {
	data := new(metricspb.MetricsData)
	if err := proto.Unmarshal(p, data); err != nil {
		return 0, fmt.Errorf("otlp/export: %w", err)
	}
	if err := e.deliver(data); err != nil {
		return 0, err
	}
	return len(p), nil
}

// deliver sends data. Its error is that of Write.
func (e *MetricsExporter) deliver(data *metricspb.MetricsData) error {
	var errs []error
	for _, rm := range data.ResourceMetrics {
		errs = append(errs, e.deliverOne(rm))
	}
	return errors.Join(errs...)
}

func (e *MetricsExporter) deliverOne(rm *metricspb.ResourceMetrics) error {
	out, points := sdkMetrics(rm)
	if e.report.Err != nil {
		return e.fail(rm, points)
	}
	rejected, notice, err := partialSuccess(uploadError(e.client.Export(e.ctx, out)))
	switch {
	case err == nil:
		e.report.take(points, rejected, notice)
		return nil
	case e.ctx.Err() != nil:
		return errors.Join(context.Cause(e.ctx), e.fail(rm, points))
	}
	e.report.Err = err
	return e.fail(rm, points)
}

// fail counts metrics that could not be delivered, and hands them over.
func (e *MetricsExporter) fail(rm *metricspb.ResourceMetrics, points int64) error {
	e.report.Failed += points
	if e.failed == nil {
		return nil
	}
	return e.failed([]*metricspb.ResourceMetrics{rm})
}

// uploadError returns what an exporter of metrics wraps.
func uploadError(err error) error {
	if err != nil && strings.HasPrefix(err.Error(), "failed to upload metrics: ") {
		if inner := errors.Unwrap(err); inner != nil {
			return inner
		}
	}
	return err
}

// Close ends the delivery, and says what became of the points of the metrics.
func (e *MetricsExporter) Close() Report {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), closeTimeout)
	defer cancel()
	e.client.Shutdown(ctx) // there is nothing left to send
	return e.report
}

// closeTimeout is how long closing a connection may take.
const closeTimeout = 5 * time.Second

// sdkMetrics returns metrics as the exporters want them, and how many points
// they have.
func sdkMetrics(rm *metricspb.ResourceMetrics) (*metricdata.ResourceMetrics, int64) {
	out := &metricdata.ResourceMetrics{Resource: resource.NewSchemaless(sdkAttributes(rm.GetResource().GetAttributes())...)}
	var points int64
	for _, sm := range rm.ScopeMetrics {
		scope := metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: sm.GetScope().GetName(), Version: sm.GetScope().GetVersion()}}
		for _, m := range sm.Metrics {
			one := metricdata.Metrics{Name: m.Name, Description: m.Description, Unit: m.Unit}
			switch data := m.Data.(type) {
			case *metricspb.Metric_Gauge:
				one.Data = metricdata.Gauge[int64]{DataPoints: sdkPoints(data.Gauge.DataPoints)}
				points += int64(len(data.Gauge.DataPoints))
			case *metricspb.Metric_Sum:
				one.Data = metricdata.Sum[int64]{
					DataPoints: sdkPoints(data.Sum.DataPoints), Temporality: metricdata.CumulativeTemporality, IsMonotonic: data.Sum.IsMonotonic,
				}
				points += int64(len(data.Sum.DataPoints))
			case *metricspb.Metric_Histogram:
				one.Data = metricdata.Histogram[float64]{
					DataPoints: sdkHistograms(data.Histogram.DataPoints), Temporality: metricdata.CumulativeTemporality,
				}
				points += int64(len(data.Histogram.DataPoints))
			}
			scope.Metrics = append(scope.Metrics, one)
		}
		out.ScopeMetrics = append(out.ScopeMetrics, scope)
	}
	return out, points
}

func sdkPoints(points []*metricspb.NumberDataPoint) (out []metricdata.DataPoint[int64]) {
	for _, p := range points {
		out = append(out, metricdata.DataPoint[int64]{
			Attributes: attribute.NewSet(sdkAttributes(p.Attributes)...),
			StartTime:  sdkTime(p.StartTimeUnixNano), Time: sdkTime(p.TimeUnixNano), Value: p.GetAsInt(),
		})
	}
	return out
}

func sdkHistograms(points []*metricspb.HistogramDataPoint) (out []metricdata.HistogramDataPoint[float64]) {
	for _, p := range points {
		out = append(out, metricdata.HistogramDataPoint[float64]{
			Attributes: attribute.NewSet(sdkAttributes(p.Attributes)...),
			StartTime:  sdkTime(p.StartTimeUnixNano), Time: sdkTime(p.TimeUnixNano),
			Count: p.Count, Sum: p.GetSum(), Bounds: p.ExplicitBounds, BucketCounts: p.BucketCounts,
			Min: metricdata.NewExtrema(p.GetMin()), Max: metricdata.NewExtrema(p.GetMax()),
		})
	}
	return out
}

func sdkAttributes(kvs []*commonpb.KeyValue) (out []attribute.KeyValue) {
	for _, kv := range kvs {
		out = append(out, attribute.String(kv.Key, kv.Value.GetStringValue()))
	}
	return out
}

// sdkTime returns a time of OTLP, of which zero is none.
func sdkTime(ns uint64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(ns))
}

// rejectedUnits are what partial successes count.
var rejectedUnits = []string{"spans", "metric data points"}

// rejectedCount reads the end of the text of a partial success: " (3 spans
// rejected)".
func rejectedCount(text string) (n int64, ok bool) {
	for _, unit := range rejectedUnits {
		if number, is := strings.CutSuffix(text, " "+unit+" rejected)"); is {
			_, err := fmt.Sscanf(number, " (%d", &n)
			return n, err == nil
		}
	}
	return 0, false
}
