package otlp

import (
	"io"
	"math"
	"slices"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// goroutineStates are the values of attrGoroutineState.
var goroutineStates = [...]string{
	convert.StateRunnable:       "runnable",
	convert.StateRunning:        "running",
	convert.StateWaiting:        "waiting",
	convert.StateSyscall:        "syscall",
	convert.StateSyscallBlocked: "syscall_blocked",
}

// metricStep is the time between two points of a metric.
const metricStep = 100 * time.Millisecond

// A MetricsSink is a [convert.Sink] that writes metrics: the heap and its goal,
// GOMAXPROCS, the goroutines in each state, and how long goroutines waited to
// run. It writes a MetricsData to a line, or binary, at the end of each
// generation.
type MetricsSink struct {
	o     Options
	w     io.Writer
	enc   metricsEncoder
	wall  convert.WallClock
	trace convert.Trace
	err   error

	now     gauges
	points  []gauges // of this generation
	next    convert.Time
	ended   bool // the trace, or the part of it that is converted
	latency histogram
}

// gauges are the values at one time. Those of the runtime are negative until
// the trace tells them.
type gauges struct {
	at                convert.Time
	heap, goal, procs int64
	goroutines        [len(goroutineStates)]int64
}

// NewMetrics returns a sink that writes metrics to w, and does not close it. Of
// the options, Format, Service, Attributes and ToolVersion matter.
func NewMetrics(w io.Writer, o Options) *MetricsSink {
	s := &MetricsSink{o: o, w: w, now: gauges{heap: -1, goal: -1, procs: -1}}
	s.enc = jsonMetrics{}
	if o.Format == Binary {
		s.enc = protoMetrics{}
	}
	return s
}

// Begin returns [ErrNoClock] if nothing dates the trace.
func (s *MetricsSink) Begin(t *convert.Trace) error {
	if t.Clock.IsZero() {
		return ErrNoClock
	}
	s.trace, s.next = *t, t.Start
	return nil
}

// Consume writes the metrics of the generations that end in b.
func (s *MetricsSink) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		switch r.Kind {
		case convert.KindSync, convert.KindMetric, convert.KindState:
			if !s.there(r) {
				s.tick(r.Time)
			}
		}
		switch r.Kind {
		case convert.KindSync:
			s.wall.Sync(r)
			if r.ID > 1 {
				s.flush(r.Time)
			}
		case convert.KindMetric:
			s.metric(r)
		case convert.KindState:
			s.state(r)
		}
	}
	return s.err
}

// there reports whether r tells how things are when the trace begins.
func (s *MetricsSink) there(r *convert.Record) bool {
	return r.Time == s.trace.Start && (r.Kind == convert.KindSync || r.Phase != convert.End && r.Flags&convert.OpenStart != 0)
}

// Finish writes the metrics of the last generation.
func (s *MetricsSink) Finish(sum *convert.Summary) error {
	s.end(sum.End)
	s.flush(sum.End)
	return s.err
}

// tick takes the points that are due before t. Nothing has changed since the
// last record: of many points the first and the last do.
func (s *MetricsSink) tick(t convert.Time) {
	if t < s.next || s.ended {
		return
	}
	last := s.next + (t-s.next)/convert.Time(metricStep)*convert.Time(metricStep)
	s.point(s.next)
	if last > s.next {
		s.point(last)
	}
	s.next = last + convert.Time(metricStep)
	if s.next < last { // a time that is no time
		s.next = math.MaxInt64
	}
}

func (s *MetricsSink) point(at convert.Time) {
	s.now.at = at
	s.points = append(s.points, s.now)
}

// end takes the last points, at t, when all is about to be closed.
func (s *MetricsSink) end(t convert.Time) {
	if s.ended {
		return
	}
	s.tick(t)
	if n := len(s.points); n == 0 || s.points[n-1].at < t {
		s.point(t)
	}
	s.ended = true
}

func (s *MetricsSink) metric(r *convert.Record) {
	value := int64(min(r.ID, math.MaxInt64))
	switch r.Name {
	case "/memory/classes/heap/objects:bytes":
		s.now.heap = value
	case "/gc/heap/goal:bytes":
		s.now.goal = value
	case "/sched/gomaxprocs:threads":
		s.now.procs = value
	}
}

// state counts a goroutine.
func (s *MetricsSink) state(r *convert.Record) {
	if int(r.State) >= len(goroutineStates) || r.State == convert.StateNone {
		return
	}
	if r.Phase == convert.Begin {
		s.now.goroutines[r.State]++
		return
	}
	if r.Flags&convert.OpenEnd != 0 {
		s.end(r.Time)
	}
	s.now.goroutines[r.State]--
	if r.State == convert.StateRunnable && r.Flags&(convert.OpenStart|convert.OpenEnd) == 0 {
		s.latency.add(r.Duration())
	}
}

// flush writes the points there are, and the histogram up to t.
func (s *MetricsSink) flush(t convert.Time) {
	for len(s.points) > 0 && s.err == nil {
		n := min(len(s.points), pointsPerChunk)
		m := metrics{start: s.at(s.trace.Start), points: s.points[:n]}
		for i := range m.points {
			m.times = append(m.times, s.at(m.points[i].at))
		}
		if n == len(s.points) {
			m.latency, m.latencyAt = &s.latency, s.at(t)
		}
		_, s.err = s.w.Write(s.enc.append(nil, s.o.head(&s.trace), &m))
		s.points = s.points[:copy(s.points, s.points[n:])]
	}
}

// pointsPerChunk keeps a chunk well below what back ends take at once.
const pointsPerChunk = 2000

// at returns the time of day of t, in nanoseconds since 1970.
func (s *MetricsSink) at(t convert.Time) uint64 {
	ns, _ := s.wall.Wall(t)
	return uint64(ns)
}

// metrics are what is encoded at once.
type metrics struct {
	start  uint64 // since when sums and the histogram count
	times  []uint64
	points []gauges

	latency   *histogram // nil: none
	latencyAt uint64
}

// A histogram counts durations, all since the trace began.
type histogram struct {
	counts   [len(latencyBounds) + 1]uint64
	count    uint64
	sum      time.Duration
	min, max time.Duration
}

// latencyBounds are the upper bounds of the buckets, but for the last.
var latencyBounds = [...]time.Duration{
	1e3, 2500, 5e3, 10e3, 25e3, 50e3, 100e3, 250e3, 500e3,
	1e6, 2500e3, 5e6, 10e6, 25e6, 50e6, 100e6, 250e6, 500e6, 1e9, 2500e6, 5e9, 10e9,
}

func (h *histogram) add(d time.Duration) {
	i, _ := slices.BinarySearch(latencyBounds[:], d) // bounds are inclusive
	h.counts[i]++
	if h.count == 0 || d < h.min {
		h.min = d
	}
	h.max = max(h.max, d)
	h.count++
	account.Plus(&h.sum, d)
}

// A metric is the description of one, and how it is measured.
type metric struct {
	name, unit, about string
	sum               bool // an UpDownCounter, else a gauge
	value             func(*gauges) int64
}

// runtimeMetrics have one number each.
var runtimeMetrics = [...]metric{
	{metricHeap, "By", "Memory of live heap objects, and of dead ones that are not swept yet.", false, func(g *gauges) int64 { return g.heap }},
	{metricGoal, "By", "Heap size target for the end of the GC cycle.", true, func(g *gauges) int64 { return g.goal }},
	{metricProcs, "{thread}", "The number of OS threads that can execute user-level Go code simultaneously.", true, func(g *gauges) int64 { return g.procs }},
}

const (
	aboutGoroutines = "Goroutines in each state, those of the runtime included."
	aboutLatency    = "The time goroutines have spent in the scheduler in a runnable state before actually running."
)
