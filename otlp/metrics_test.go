package otlp

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// gaugeHistory is a sink that keeps what metrics are made from.
type gaugeHistory struct {
	sinktest.Sums
	clock     convert.WallClock
	states    []convert.Record // Ends
	last      map[string]int64 // of the runtime's metrics
	latencies []time.Duration
}

func (h *gaugeHistory) Consume(b *convert.Batch) error {
	for _, r := range b.Records {
		switch {
		case r.Kind == convert.KindSync:
			h.clock.Sync(&r)
		case r.Kind == convert.KindMetric:
			if h.last == nil {
				h.last = make(map[string]int64)
			}
			h.last[r.Name] = int64(r.ID)
		case r.Kind == convert.KindState && r.Phase == convert.End:
			h.states = append(h.states, r)
			if r.State == convert.StateRunnable && r.Flags&(convert.OpenStart|convert.OpenEnd) == 0 {
				h.latencies = append(h.latencies, r.Duration())
			}
		}
	}
	return h.Sums.Consume(b)
}

// at returns how many goroutines were in a state just before t.
func (h *gaugeHistory) at(wall uint64, state convert.State) (n int64) {
	for _, r := range h.states {
		start, _ := h.clock.Wall(r.Start)
		end, _ := h.clock.Wall(r.Time)
		began := uint64(start) < wall || r.Flags&convert.OpenStart != 0 && uint64(start) == wall
		if r.State == state && began && uint64(end) >= wall {
			n++
		}
	}
	return n
}

// TestMetrics holds the metrics of traces against their records, and the two
// encodings against one another.
func TestMetrics(t *testing.T) {
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) {
			var binary, lines bytes.Buffer
			var h gaugeHistory
			fixtures.Run(t, f, NewMetrics(&binary, Options{Format: Binary}), NewMetrics(&lines, Options{}), &h)
			data := new(metricspb.MetricsData)
			if err := proto.Unmarshal(binary.Bytes(), data); err != nil {
				t.Fatal(err)
			}
			read := new(metricspb.MetricsData)
			for line := range bytes.Lines(lines.Bytes()) {
				one := new(metricspb.MetricsData)
				if err := protojson.Unmarshal(line, one); err != nil {
					t.Fatalf("%v in %.200s", err, line)
				}
				proto.Merge(read, one)
			}
			if !proto.Equal(data, read) {
				t.Error("JSON has other metrics than protobuf")
			}
			checkMetrics(t, data, &h)
		})
	}
}

func checkMetrics(t *testing.T, data *metricspb.MetricsData, h *gaugeHistory) {
	t.Helper()
	last := make(map[string]*metricspb.NumberDataPoint)
	times := make(map[string]uint64) // of the latest point, by metric and state
	checked := 0
	var latency *metricspb.HistogramDataPoint
	for _, rm := range data.ResourceMetrics {
		for _, m := range rm.ScopeMetrics[0].Metrics {
			points := append(m.GetGauge().GetDataPoints(), m.GetSum().GetDataPoints()...)
			for i, p := range points {
				state := ""
				if len(p.Attributes) > 0 {
					state = p.Attributes[0].Value.GetStringValue()
				}
				if key := m.Name + state; p.TimeUnixNano < times[key] || p.TimeUnixNano < p.StartTimeUnixNano {
					t.Errorf("%s goes back in time", key)
				} else {
					times[key] = p.TimeUnixNano
				}
				last[m.Name+state] = p
				if m.Name != metricGoroutines || len(h.states) > 50_000 && i%10 != 0 {
					continue
				}
				want := h.at(p.TimeUnixNano, convert.State(slices.Index(goroutineStates[:], state)))
				if checked++; p.GetAsInt() != want {
					t.Fatalf("%d goroutines are %s at %d, want %d", p.GetAsInt(), state, p.TimeUnixNano, want)
				}
			}
			if hist := m.GetHistogram(); hist != nil {
				latency = hist.DataPoints[0]
			}
		}
	}
	if checked == 0 {
		t.Error("no points")
	}
	for name, metric := range map[string]string{
		"/memory/classes/heap/objects:bytes": metricHeap, "/gc/heap/goal:bytes": metricGoal, "/sched/gomaxprocs:threads": metricProcs,
	} {
		value, told := h.last[name]
		if p := last[metric]; (p != nil) != told || p.GetAsInt() != value {
			t.Errorf("%s ends with %v, want %d (%v)", metric, p, value, told)
		}
	}
	checkLatency(t, latency, h.latencies)
}

func checkLatency(t *testing.T, p *metricspb.HistogramDataPoint, want []time.Duration) {
	t.Helper()
	if len(want) == 0 {
		if p != nil {
			t.Errorf("a histogram of nothing: %v", p)
		}
		return
	}
	var sum time.Duration
	counts := make([]uint64, len(p.ExplicitBounds)+1)
	for _, d := range want {
		sum += d
		i := 0
		for i < len(p.ExplicitBounds) && d.Seconds() > p.ExplicitBounds[i] {
			i++
		}
		counts[i]++
	}
	if p.Count != uint64(len(want)) || p.GetSum() != sum.Seconds() || !slices.Equal(p.BucketCounts, counts) ||
		p.GetMin() != slices.Min(want).Seconds() || p.GetMax() != slices.Max(want).Seconds() {
		t.Errorf("got %v, want %d times of %v in %v", p, len(want), sum, counts)
	}
}

// TestMetricsStory tells points that are due while nothing happens.
func TestMetricsStory(t *testing.T) {
	rec := sinktest.Story(t, `trace "story" wall=1000000000
0 - sync id=1 clock=0/0/1000000000
0 G1 begin goroutine "main.main" open-start
0 G1 begin running P0 open-start
0 G2 begin goroutine open-start
0 G2 begin waiting open-start
5 - metric "/gc/heap/goal:bytes" id=4096
450000000 G1 end running
450000000 G1 begin waiting "sleep"
500000000 - sync id=2 clock=500000000/0/1500000000
510000000 G1 end waiting
510000000 G1 begin runnable
510002000 G1 end runnable
510002000 G1 begin running P0
550000000 G1 end running open-end
550000000 G1 end goroutine open-end
550000000 G2 end waiting open-end
550000000 G2 end goroutine open-end
`)
	var file bytes.Buffer
	if err := rec.Replay(NewMetrics(&file, Options{Format: Binary}), 3); err != nil {
		t.Fatal(err)
	}
	data := new(metricspb.MetricsData)
	if err := proto.Unmarshal(file.Bytes(), data); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, rm := range data.ResourceMetrics {
		for _, m := range rm.ScopeMetrics[0].Metrics {
			for _, p := range append(m.GetGauge().GetDataPoints(), m.GetSum().GetDataPoints()...) {
				if p.GetAsInt() == 0 {
					continue
				}
				fmt.Fprintf(&b, "%d ms %s %d", (p.TimeUnixNano-1e9)/1e6, m.Name, p.GetAsInt())
				for _, a := range p.Attributes {
					fmt.Fprintf(&b, " %s", a.Value.GetStringValue())
				}
				fmt.Fprintln(&b)
			}
			for _, p := range m.GetHistogram().GetDataPoints() {
				fmt.Fprintf(&b, "%d ms %s %d of %g s\n", (p.TimeUnixNano-1e9)/1e6, m.Name, p.Count, p.GetSum())
			}
		}
	}
	const want = `100 ms go.memory.gc.goal 4096
400 ms go.memory.gc.goal 4096
500 ms go.memory.gc.goal 4096
0 ms gotrace.goroutine.count 1 running
100 ms gotrace.goroutine.count 1 running
400 ms gotrace.goroutine.count 1 running
0 ms gotrace.goroutine.count 1 waiting
100 ms gotrace.goroutine.count 1 waiting
400 ms gotrace.goroutine.count 1 waiting
500 ms gotrace.goroutine.count 2 waiting
550 ms go.memory.gc.goal 4096
550 ms gotrace.goroutine.count 1 running
550 ms gotrace.goroutine.count 1 waiting
550 ms go.schedule.duration 1 of 2e-06 s
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestMetricsConformance(t *testing.T) {
	for _, f := range []Format{JSONL, Binary} {
		sinktest.Test(t, func(w io.Writer) convert.Sink { return NewMetrics(w, Options{Format: f}) }, fixtures.Small(t)...)
	}
}
