package endtoend

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
	"github.com/trace2otel/trace2otel/stats"
)

// centuries returns a trace of 140 years. Four goroutines run all the while, in a
// region of a task each; twelve each wait, are runnable, and are in a system call.
func centuries() []byte {
	const late = 140 * 365 * 86_400 * 15_625_000 // ticks
	none := uint64(math.MaxUint64)
	f := forge.New()
	f.Sync(1)
	for m := uint64(1); m <= 4; m++ {
		data := forge.Event(nil, gotrace.EvProcStatus, 1, m, 1)
		data = forge.Event(data, gotrace.EvGoStatus, 1, m, m, 2)
		data = forge.Event(data, gotrace.EvUserTaskBegin, 1, m, 0, 1, 0)
		data = forge.Event(data, gotrace.EvUserRegionBegin, 1, m, 1, 0)
		for i := range uint64(3) {
			g := 100*m + 10*i
			data = forge.Event(data, gotrace.EvGoStatus, 1, g, none, 4)
			data = forge.Event(data, gotrace.EvGoStatus, 1, g+1, none, 1)
			data = forge.Event(data, gotrace.EvGoStatus, 1, g+2, g, 3)
		}
		wait := uint64(late)
		for i := range uint64(3) {
			data = forge.Event(data, gotrace.EvGoUnblock, wait, 100*m+10*i, 1, 0)
			wait = 1
		}
		data = forge.Event(data, gotrace.EvUserRegionEnd, 1, m, 1, 0)
		data = forge.Event(data, gotrace.EvUserTaskEnd, 1, m, 0)
		data = forge.Event(data, gotrace.EvGoDestroy, 1)
		f.Batch(1, m, 1, data)
	}
	f.Batch(1, none, late+1000, []byte{4, 5, 1, 1, 'x'})
	f.End()
	return f.Bytes()
}

// TestSumsSaturate converts a trace whose goroutines have, together, more time
// than an int64 has nanoseconds: sums are all there is then, and none is negative.
func TestSumsSaturate(t *testing.T) {
	outs := outputs()
	s, texts, err := run(centuries(), 0, outs)
	if err != nil || s.Loss != nil || s.Repairs.Any() {
		t.Fatal(err, s)
	}
	negative := regexp.MustCompile(`(_ns"|intValue"|asInt"|sum"):"?-|[^0-9a-z]-[0-9]+(\.[0-9]+)?(ns|µs|ms|s|h|%)`)
	for i, o := range outs {
		if strings.HasPrefix(o.name, "pprof") {
			p, err := profile.ParseData([]byte(texts[i]))
			if err != nil {
				t.Errorf("%s: %v", o.name, err)
				continue
			}
			var sum int64
			for _, s := range p.Sample {
				if sum += s.Value[1]; s.Value[1] < 0 || sum < 0 {
					t.Errorf("%s: %d, %d in all", o.name, s.Value[1], sum)
				}
			}
			continue
		}
		if at := negative.FindStringIndex(texts[i]); at != nil && !strings.HasPrefix(o.name, "perfetto") && o.name != "otlp binary" {
			t.Errorf("%s: …%s…", o.name, texts[i][max(0, at[0]-80):min(len(texts[i]), at[1]+80)])
		}
		if o.name == fmt.Sprint("stats, format ", stats.JSON) && !strings.Contains(texts[i], "9223372036854775807") {
			t.Error("stats: nothing is all there is")
		}
	}
}
