package otlp

import "strconv"

// jsonMetrics writes OTLP JSON: a MetricsData to a line.
type jsonMetrics struct{}

func (jsonMetrics) append(b []byte, h head, m *metrics) []byte {
	b = append(b, `{"resourceMetrics":[{"resource":{"attributes":`...)
	b = jsonAttrs(b, escapeKeys(h.resource))
	b = append(b, `},"scopeMetrics":[{"scope":{"name":`...)
	b = jsonString(b, h.scope)
	if h.version != "" {
		b = append(b, `,"version":`...)
		b = jsonString(b, h.version)
	}
	b = append(b, `},"metrics":[`...)
	for i := range runtimeMetrics {
		b = jsonRuntime(b, &runtimeMetrics[i], m)
	}
	b = jsonGoroutines(b, m)
	if m.latency != nil && m.latency.count > 0 {
		b = append(b, ',')
		b = jsonHistogram(b, m)
	}
	return append(b, "]}]}]}\n"...)
}

func jsonMetric(b []byte, name, unit, about, field string) []byte {
	b = append(b, `{"name":`...)
	b = jsonString(b, name)
	b = append(b, `,"description":`...)
	b = jsonString(b, about)
	b = append(b, `,"unit":`...)
	b = jsonString(b, unit)
	b = append(b, `,"`...)
	b = append(b, field...)
	return append(b, `":{"dataPoints":[`...)
}

// Ends of what jsonMetric began.
const (
	jsonGaugeEnd     = "]}}"
	jsonSumEnd       = `],"aggregationTemporality":2}}`
	jsonHistogramEnd = `],"aggregationTemporality":2}}`
)

// jsonRuntime appends a metric, with a comma behind it, if it has any points.
func jsonRuntime(b []byte, d *metric, m *metrics) []byte {
	before := len(b)
	field, end := "gauge", jsonGaugeEnd
	if d.sum {
		field, end = "sum", jsonSumEnd
	}
	b = jsonMetric(b, d.name, d.unit, d.about, field)
	empty := len(b)
	for i := range m.points {
		if v := d.value(&m.points[i]); v >= 0 {
			b = jsonPoint(b, m, i, v, nil, d.sum)
		}
	}
	if len(b) == empty {
		return b[:before]
	}
	b = append(b[:len(b)-1], end...)
	return append(b, ',')
}

// jsonPoint appends a point, with a comma behind it.
func jsonPoint(b []byte, m *metrics, i int, value int64, a *attr, since bool) []byte {
	b = append(b, '{')
	if since {
		b = append(b, `"startTimeUnixNano":"`...)
		b = strconv.AppendUint(b, m.start, 10)
		b = append(b, `",`...)
	}
	b = append(b, `"timeUnixNano":"`...)
	b = strconv.AppendUint(b, m.times[i], 10)
	b = append(b, `","asInt":"`...)
	b = strconv.AppendInt(b, value, 10)
	b = append(b, '"')
	if a != nil {
		b = append(b, `,"attributes":`...)
		b = jsonAttrs(b, []attr{*a})
	}
	return append(b, "},"...)
}

func jsonGoroutines(b []byte, m *metrics) []byte {
	b = jsonMetric(b, metricGoroutines, "{goroutine}", aboutGoroutines, "sum")
	for state := 1; state < len(goroutineStates); state++ {
		a := attr{key: attrGoroutineState, text: goroutineStates[state]}
		for i := range m.points {
			b = jsonPoint(b, m, i, m.points[i].goroutines[state], &a, true)
		}
	}
	return append(b[:len(b)-1], jsonSumEnd...)
}

func jsonHistogram(b []byte, m *metrics) []byte {
	h := m.latency
	b = jsonMetric(b, metricLatency, "s", aboutLatency, "histogram")
	b = append(b, `{"startTimeUnixNano":"`...)
	b = strconv.AppendUint(b, m.start, 10)
	b = append(b, `","timeUnixNano":"`...)
	b = strconv.AppendUint(b, m.latencyAt, 10)
	b = append(b, `","count":"`...)
	b = strconv.AppendUint(b, h.count, 10)
	b = append(b, `","sum":`...)
	b = jsonNumber(b, h.sum.Seconds())
	b = append(b, `,"bucketCounts":[`...)
	for _, n := range h.counts {
		b = append(b, '"')
		b = strconv.AppendUint(b, n, 10)
		b = append(b, `",`...)
	}
	b = append(b[:len(b)-1], `],"explicitBounds":[`...)
	for _, bound := range latencyBounds {
		b = jsonNumber(b, bound.Seconds())
		b = append(b, ',')
	}
	b = append(b[:len(b)-1], `],"min":`...)
	b = jsonNumber(b, h.min.Seconds())
	b = append(b, `,"max":`...)
	b = jsonNumber(b, h.max.Seconds())
	b = append(b, '}')
	return append(b, jsonHistogramEnd...)
}

func jsonNumber(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'g', -1, 64) }
