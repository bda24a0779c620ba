package pprofout

import (
	"compress/gzip"
	"fmt"
	"strings"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
)

// profile makes a profile of the totals: a sample to each stack, in the order
// of their ids, which is that of their first use in the trace.
func (s *Sink) profile(sum *convert.Summary) *profile.Profile {
	b := builder{
		functions: make(map[function]*profile.Function),
		locations: make(map[convert.Frame]*profile.Location),
		// Says that there is nothing to symbolize.
		mapping: &profile.Mapping{ID: 1, HasFunctions: true, HasFilenames: true, HasLineNumbers: true},
	}
	values := s.rule.values
	b.p = &profile.Profile{
		SampleType: []*profile.ValueType{
			{Type: values[0].name, Unit: values[0].unit},
			{Type: values[1].name, Unit: values[1].unit},
		},
		DefaultSampleType: values[1].name,
		// Those of "go tool trace", so that "pprof -diff_base" can compare the
		// two: it compares profiles of equal types only.
		PeriodType:    &profile.ValueType{Type: "trace", Unit: "count"},
		Period:        1,
		DurationNanos: int64(sum.End.Sub(s.trace.Start)),
		Mapping:       []*profile.Mapping{b.mapping},
		Comments:      s.comments(sum),
	}
	if c := s.trace.Clock; !c.IsZero() {
		b.p.TimeNanos = c.Wall + int64(s.trace.Start.Sub(c.Trace))
	}
	for id, v := range s.totals {
		if v.count == 0 {
			continue
		}
		b.p.Sample = append(b.p.Sample, &profile.Sample{
			Location: b.stack(s.frames[id]),
			Value:    []int64{v.count, int64(v.delay)},
		})
	}
	return b.p
}

// comments say where a profile comes from and what is not in it. "pprof
// -comments" shows them.
func (s *Sink) comments(sum *convert.Summary) []string {
	var lines []string
	add := func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		lines = append(lines, valid(strings.ReplaceAll(line, "\n", " ")))
	}
	add("%s", strings.TrimSpace("trace2otel "+s.o.ToolVersion))
	add("kind: %v: %s", s.o.Kind, s.o.Kind.What())
	if s.o.Compat {
		add("mode: as go tool trace -pprof=%v counts", s.o.Kind)
	} else {
		add("mode: complete")
	}
	if u := s.unknown; u.count > 0 {
		add("not counted: waits for which the trace gives no reason: %d, %v in all", u.count, u.delay)
	}
	if l := sum.Loss; l != nil {
		add("loss: %v", l.Err)
		if l.Bytes > 0 {
			add("loss: %d bytes from offset %d on", l.Bytes, l.Offset)
		}
	}
	return lines
}

// write compresses p. The header of the gzip stream has no time, so that equal
// profiles are equal bytes.
func (s *Sink) write(p *profile.Profile) error {
	z := gzip.NewWriter(s.w)
	if err := p.WriteUncompressed(z); err != nil {
		return err
	}
	return z.Close()
}

// A builder makes the tables of a profile, in the order of their first use.
type builder struct {
	p         *profile.Profile
	mapping   *profile.Mapping
	functions map[function]*profile.Function
	locations map[convert.Frame]*profile.Location
}

type function struct{ name, file string }

// stack returns the locations of a stack, leaf first as pprof has it too. A
// stack that the trace does not give gets a frame that says so: pprof shows
// nothing of a sample without frames, yet has it in the total.
func (b *builder) stack(frames []convert.Frame) []*profile.Location {
	if len(frames) == 0 {
		frames = noStack
	}
	locations := make([]*profile.Location, len(frames))
	for i, f := range frames {
		locations[i] = b.location(f)
	}
	return locations
}

var noStack = []convert.Frame{{Func: "[no stack]"}}

func (b *builder) location(f convert.Frame) *profile.Location {
	l := b.locations[f]
	if l == nil {
		l = &profile.Location{
			ID:      uint64(len(b.p.Location) + 1),
			Mapping: b.mapping,
			Line:    []profile.Line{{Function: b.function(f), Line: int64(f.Line)}},
		}
		b.p.Location = append(b.p.Location, l)
		b.locations[f] = l
	}
	return l
}

func (b *builder) function(f convert.Frame) *profile.Function {
	key := function{valid(f.Func), valid(f.File)}
	fn := b.functions[key]
	if fn == nil {
		fn = &profile.Function{
			ID:         uint64(len(b.p.Function) + 1),
			Name:       key.name,
			SystemName: key.name,
			Filename:   key.file,
		}
		b.p.Function = append(b.p.Function, fn)
		b.functions[key] = fn
	}
	return fn
}

// valid returns s as the string table of a profile wants it.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
