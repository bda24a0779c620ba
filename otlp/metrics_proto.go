package otlp

import (
	"encoding/binary"
	"math"

	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of opentelemetry/proto/metrics/v1/metrics.proto.
const (
	metricsResourceMetrics = 1 // MetricsData

	resourceMetricsResource = 1 // ResourceMetrics
	resourceMetricsScope    = 2

	scopeMetricsScope   = 1 // ScopeMetrics
	scopeMetricsMetrics = 2

	metricName        = 1 // Metric
	metricDescription = 2
	metricUnit        = 3
	metricGauge       = 5
	metricSum         = 7
	metricHistogram   = 9

	dataPoints          = 1 // Gauge, Sum, Histogram
	dataTemporality     = 2
	temporalityCumulate = 2 // AggregationTemporality

	pointStart = 2 // NumberDataPoint
	pointTime  = 3
	pointInt   = 6
	pointAttrs = 7

	histogramStart  = 2 // HistogramDataPoint
	histogramTime   = 3
	histogramCount  = 4
	histogramSum    = 5
	histogramCounts = 6
	histogramBounds = 7
	histogramMin    = 11
	histogramMax    = 12
)

// A metricsEncoder appends a MetricsData.
type metricsEncoder interface {
	append(b []byte, h head, m *metrics) []byte
}

// protoMetrics writes protobuf. Several MetricsData in a row are one.
type protoMetrics struct{}

func (protoMetrics) append(b []byte, h head, m *metrics) []byte {
	b, data := wire.Open(b, metricsResourceMetrics)
	b, in := wire.Open(b, resourceMetricsResource)
	for i := range h.resource {
		b = protoAttr(b, resourceAttrs, &h.resource[i])
	}
	b = wire.Close(b, in)
	b, scoped := wire.Open(b, resourceMetricsScope)
	b, in = wire.Open(b, scopeMetricsScope)
	b = wire.String(b, scopeName, h.scope)
	if h.version != "" {
		b = wire.String(b, scopeVersion, h.version)
	}
	b = wire.Close(b, in)
	for i := range runtimeMetrics {
		b = protoRuntime(b, &runtimeMetrics[i], m)
	}
	b = protoGoroutines(b, m)
	if m.latency != nil && m.latency.count > 0 {
		b = protoHistogram(b, m)
	}
	b = wire.Close(b, scoped)
	return wire.Close(b, data)
}

func protoMetric(b []byte, name, unit, about string) ([]byte, int) {
	b, mark := wire.Open(b, scopeMetricsMetrics)
	b = wire.String(b, metricName, name)
	b = wire.String(b, metricDescription, about)
	return wire.String(b, metricUnit, unit), mark
}

func protoRuntime(b []byte, d *metric, m *metrics) []byte {
	before := len(b)
	b, mark := protoMetric(b, d.name, d.unit, d.about)
	field := metricGauge
	if d.sum {
		field = metricSum
	}
	b, in := wire.Open(b, field)
	empty := true
	for i := range m.points {
		if v := d.value(&m.points[i]); v >= 0 {
			b = protoPoint(b, m, i, v, nil, d.sum)
			empty = false
		}
	}
	if empty {
		return b[:before]
	}
	if d.sum {
		b = wire.Uint(b, dataTemporality, temporalityCumulate)
	}
	b = wire.Close(b, in)
	return wire.Close(b, mark)
}

func protoPoint(b []byte, m *metrics, i int, value int64, a *attr, since bool) []byte {
	b, mark := wire.Open(b, dataPoints)
	if since {
		b = wire.Fixed64(b, pointStart, m.start)
	}
	b = wire.Fixed64(b, pointTime, m.times[i])
	b = wire.Fixed64(b, pointInt, uint64(value))
	if a != nil {
		b = protoAttr(b, pointAttrs, a)
	}
	return wire.Close(b, mark)
}

func protoGoroutines(b []byte, m *metrics) []byte {
	b, mark := protoMetric(b, metricGoroutines, "{goroutine}", aboutGoroutines)
	b, in := wire.Open(b, metricSum)
	for state := 1; state < len(goroutineStates); state++ {
		a := attr{key: attrGoroutineState, text: goroutineStates[state]}
		for i := range m.points {
			b = protoPoint(b, m, i, m.points[i].goroutines[state], &a, true)
		}
	}
	b = wire.Uint(b, dataTemporality, temporalityCumulate)
	b = wire.Close(b, in)
	return wire.Close(b, mark)
}

func protoHistogram(b []byte, m *metrics) []byte {
	h := m.latency
	b, mark := protoMetric(b, metricLatency, "s", aboutLatency)
	b, in := wire.Open(b, metricHistogram)
	b, point := wire.Open(b, dataPoints)
	b = wire.Fixed64(b, histogramStart, m.start)
	b = wire.Fixed64(b, histogramTime, m.latencyAt)
	b = wire.Fixed64(b, histogramCount, h.count)
	b = wire.Double(b, histogramSum, h.sum.Seconds())
	b = wire.BytesHead(b, histogramCounts, 8*len(h.counts))
	for _, n := range h.counts {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	b = wire.BytesHead(b, histogramBounds, 8*len(latencyBounds))
	for _, bound := range latencyBounds {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(bound.Seconds()))
	}
	b = wire.Double(b, histogramMin, h.min.Seconds())
	b = wire.Double(b, histogramMax, h.max.Seconds())
	b = wire.Close(b, point)
	b = wire.Uint(b, dataTemporality, temporalityCumulate)
	b = wire.Close(b, in)
	return wire.Close(b, mark)
}
