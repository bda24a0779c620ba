package perfetto

import (
	"math"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// A metric is one that the trace has values of: the heap, its goal,
// GOMAXPROCS. The file has the differences between them, since those of the
// heap are few: it grows by spans.
type metric struct {
	name  string
	track uint64
	shown int64 // the value that the file has last

	// As with the goroutines' counters: the value of at is not written before
	// Options.CounterStep has passed since written.
	written convert.Time
	pending bool
	at      convert.Time
	value   int64
}

// metricNames are the plain names of the metrics that traces have.
var metricNames = map[string]string{
	"/memory/classes/heap/objects:bytes": "Heap live",
	"/gc/heap/goal:bytes":                "Heap goal",
	"/sched/gomaxprocs:threads":          "GOMAXPROCS",
}

// metric shows a metric's value as a counter.
func (s *Sink) metric(r *convert.Record) {
	i := slices.IndexFunc(s.metrics, func(m metric) bool { return m.name == r.Name })
	if i < 0 {
		i = len(s.metrics)
		s.metrics = append(s.metrics, s.newMetric(r))
	}
	m := &s.metrics[i]
	if m.pending && r.Time > m.at && s.due(m, r.Time) {
		s.writeMetric(m)
	}
	m.pending, m.at, m.value = true, r.Time, int64(min(r.ID, math.MaxInt64))
	if s.due(m, r.Time) {
		s.writeMetric(m)
	}
}

// newMetric describes the track of a metric that r is the first value of.
func (s *Sink) newMetric(r *convert.Record) metric {
	m := metric{name: r.Name, track: s.newTrack(), written: r.Time - convert.Time(s.o.CounterStep)}
	_, unit, _ := strings.Cut(r.Name, ":") // as runtime/metrics has it
	s.describeCounter(m.track, counter{
		name: orElse(metricNames[r.Name], r.Name), description: r.Name, unit: unit, incremental: true,
	})
	return m
}

// due reports whether the value that waits may be written at now.
func (s *Sink) due(m *metric, now convert.Time) bool { return now.Sub(m.written) >= s.o.CounterStep }

// writeMetric writes the value that waits.
func (s *Sink) writeMetric(m *metric) {
	b, packet := s.w.openAt(m.at)
	b, mark := wire.Open(b, packetTrackEvent)
	b = wire.Uint(b, eventType, typeCounter)
	b = wire.Uint(b, eventTrack, m.track)
	b = wire.Int(b, eventCounterValue, m.value-m.shown)
	s.w.closeBoth(b, packet, mark)
	m.pending, m.written, m.shown = false, m.at, m.value
}

// finishMetrics writes the values that still wait.
func (s *Sink) finishMetrics() {
	for i := range s.metrics {
		if m := &s.metrics[i]; m.pending {
			s.writeMetric(m)
		}
	}
}
