package pprofout

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/google/pprof/profile"
	"github.com/klauspost/compress/gzip"

	"github.com/trace2otel/trace2otel/convert"
)

// profile makes the profile of s.outs[i]. It is to be written before the next
// is made.
func (s *Sink) profile(b *builder, i int, sum *convert.Summary) *profile.Profile {
	var (
		kind    = s.outs[i].Kind
		rule    = &rules[kind]
		samples []sample
		unknown value
	)
	if s.ledger != nil {
		samples, unknown = s.ledger.samples(kind, &s.o)
	} else {
		samples, unknown = s.compat[i].samples(sum)
	}
	b.begin(&profile.Profile{
		SampleType: []*profile.ValueType{
			{Type: rule.values[0].name, Unit: rule.values[0].unit},
			{Type: rule.values[1].name, Unit: rule.values[1].unit},
		},
		DefaultSampleType: rule.values[rule.byDefault].name,
		// Those of "go tool trace", so that "pprof -diff_base" can compare the
		// two: it compares profiles of equal types only.
		PeriodType:    &profile.ValueType{Type: "trace", Unit: "count"},
		Period:        1,
		DurationNanos: int64(sum.End.Sub(s.trace.Start)),
		Mapping:       []*profile.Mapping{b.mapping},
		Comments:      s.comments(kind, unknown, sum),
	})
	if kind == CPU {
		// Those of runtime/pprof, for the same reason.
		b.p.PeriodType = &profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
		b.p.Period = int64(s.o.period())
	}
	if c := s.trace.Clock; !c.IsZero() {
		b.p.TimeNanos = c.At(s.trace.Start)
	}
	room, values := make([]profile.Sample, len(samples)), make([]int64, 2*len(samples))
	b.p.Sample = make([]*profile.Sample, len(samples))
	left := time.Duration(math.MaxInt64) // pprof adds up all samples, without a look at the sum
	for i := range samples {
		samples[i].delay = min(samples[i].delay, left)
		left -= samples[i].delay
		out := &room[i]
		out.Value = values[2*i : 2*i+2 : 2*i+2]
		b.sample(out, kind, &samples[i])
		b.p.Sample[i] = out
	}
	return b.p
}

// comments say where a profile comes from and what is not in it. "pprof
// -comments" shows them.
func (s *Sink) comments(kind Kind, unknown value, sum *convert.Summary) []string {
	var lines []string
	add := func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		lines = append(lines, valid(strings.ReplaceAll(line, "\n", " ")))
	}
	add("%s", strings.TrimSpace("trace2otel "+s.o.ToolVersion))
	add("kind: %v: %s", kind, kind.What())
	if s.o.Compat {
		add("mode: as go tool trace -pprof=%v counts", kind)
	} else {
		add("mode: complete")
	}
	if kind == CPU {
		add("cpu: each sample counts as %v, for a rate of %d Hz: the trace does not tell its own", s.o.period(), s.o.rate())
	}
	if stack := s.o.Stack; rules[kind].waits && stack != UsualStack {
		add("stack: %v", stack)
	}
	for _, f := range []struct {
		name string
		re   *regexp.Regexp
	}{{"goroutine", s.o.Goroutine}, {"task", s.o.Task}, {"region", s.o.Region}} {
		if f.re != nil {
			add("filter: %s matches %s", f.name, f.re)
		}
	}
	if part := sum.Window(); part != "" {
		add("window: %s", part)
	}
	if unknown.count > 0 {
		add("not counted: waits for which the trace gives no reason: %d, %v in all", unknown.count, unknown.delay)
	}
	if l := sum.Loss; l != nil {
		add("loss: %v", l.Err)
		if l.Bytes > 0 {
			add("loss: %d bytes from offset %d on", l.Bytes, l.Offset)
		}
	}
	if sum.Factor != 0 {
		add("note: %s", convert.FactorNote)
	}
	if sum.Unstopped {
		add("note: %s", convert.UnstoppedNote)
	}
	if sum.Repairs.Any() {
		add("repairs: %v; what was guessed is not counted", sum.Repairs)
	}
	return lines
}

// write compresses p. The header of the gzip stream has no time, so that equal
// profiles are equal bytes.
func write(z *gzip.Writer, w io.Writer, p *profile.Profile) error {
	z.Reset(w)
	if err := p.WriteUncompressed(z); err != nil {
		return err
	}
	return z.Close()
}
