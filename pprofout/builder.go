package pprofout

import (
	"strings"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
)

// A builder makes the samples of a profile, and its tables in the order of
// their first use.
type builder struct {
	s         *Sink
	p         *profile.Profile
	mapping   *profile.Mapping
	functions map[function]*profile.Function
	locations map[convert.Frame]*profile.Location
	stacks    map[convert.StackID][]*profile.Location
	starts    map[function]int // first lines, where known
	labels    map[labels]map[string][]string
}

// labels are what a sample is labelled with. Samples of the same labels share
// them: they are most of what a profile with many goroutines consists of.
type labels struct {
	fn, reason, task, region nameID
	state                    class
	flags                    keyFlags
}

type function struct{ name, file string }

func newBuilder(s *Sink) *builder {
	return &builder{
		s:         s,
		functions: make(map[function]*profile.Function),
		locations: make(map[convert.Frame]*profile.Location),
		stacks:    make(map[convert.StackID][]*profile.Location),
		starts:    s.startLines(),
		labels:    make(map[labels]map[string][]string),
		// Says that there is nothing to symbolize.
		mapping: &profile.Mapping{ID: 1, HasFunctions: true, HasFilenames: true, HasLineNumbers: true},
	}
}

// startLines returns the lines that functions begin at, of those that
// goroutines were created with: a new goroutine has not gone further.
func (s *Sink) startLines() map[function]int {
	lines := make(map[function]int)
	if s.ledger == nil {
		return lines
	}
	for id, is := range s.ledger.starts {
		if is && len(s.frames[id]) == 1 {
			f := &s.frames[id][0]
			lines[functionOf(f)] = f.Line
		}
	}
	return lines
}

// sample makes a sample of a profile of kind.
func (b *builder) sample(kind Kind, s *sample) *profile.Sample {
	out := &profile.Sample{Value: []int64{s.count, int64(s.delay)}}
	if b.s.o.ReasonFrames {
		if f := b.s.reasonFrame(kind, s); f != "" {
			out.Location = append(out.Location, b.pseudo(f))
		}
	}
	if s.by != 0 {
		out.Location = append(out.Location, b.stack(s.by)...)
		out.Location = append(out.Location, b.pseudo(wokenBy))
	}
	if stack := b.stack(s.stack); out.Location == nil {
		out.Location = stack // shared: nothing appends to it
	} else {
		out.Location = append(out.Location, stack...)
	}
	if b.s.ledger != nil {
		out.Label = b.labelled(labels{s.fn, s.reason, s.task, s.region, s.state, s.flags})
	}
	return out
}

// Frames that are no functions.
const (
	wokenBy = "[woken by]"
	noStack = "[no stack]"
)

// reasonFrame returns the frame that says what a sample was for, or nothing.
func (s *Sink) reasonFrame(kind Kind, sm *sample) string {
	reason := s.ledger.names.texts[sm.reason]
	if kind == Wall {
		if reason == "" {
			return "[" + sm.state.word() + "]"
		}
		return "[" + sm.state.word() + ": " + reason + "]"
	}
	if reason == "" {
		return ""
	}
	return "[" + reason + "]"
}

// labelled returns labels as a sample has them; nil if there are none.
func (b *builder) labelled(l labels) map[string][]string {
	out, known := b.labels[l]
	if known {
		return out
	}
	texts := b.s.ledger.names.texts
	add := func(key string, values ...string) {
		if out == nil {
			out = make(map[string][]string)
		}
		out[key] = values
	}
	for _, name := range []struct {
		key string
		id  nameID
	}{{"goroutine_func", l.fn}, {"reason", l.reason}, {"task", l.task}, {"region", l.region}} {
		if name.id != 0 {
			add(name.key, valid(texts[name.id]))
		}
	}
	if w := l.state.word(); w != "" {
		add("state", w)
	}
	switch l.flags {
	case openStart:
		add("open", "start")
	case openEnd:
		add("open", "end")
	case openStart | openEnd:
		add("open", "start", "end")
	}
	b.labels[l] = out
	return out
}

// stack returns the locations of a stack, leaf first as pprof has it too. A
// stack that the trace does not give gets a frame that says so: pprof shows
// nothing of a sample without frames, yet has it in the total.
func (b *builder) stack(id convert.StackID) []*profile.Location {
	if locations := b.stacks[id]; locations != nil {
		return locations
	}
	locations := make([]*profile.Location, 0, max(1, len(b.s.frames[id])))
	for i := range b.s.frames[id] {
		locations = append(locations, b.location(b.s.frames[id][i]))
	}
	if len(locations) == 0 {
		locations = append(locations, b.pseudo(noStack))
	}
	b.stacks[id] = locations
	return locations
}

// pseudo returns the location of a frame that is no function.
func (b *builder) pseudo(name string) *profile.Location { return b.location(convert.Frame{Func: name}) }

func (b *builder) location(f convert.Frame) *profile.Location {
	l := b.locations[f]
	if l == nil {
		l = &profile.Location{
			ID:      uint64(len(b.p.Location) + 1),
			Mapping: b.mapping,
			Line:    []profile.Line{{Function: b.function(&f), Line: int64(f.Line)}},
		}
		b.p.Location = append(b.p.Location, l)
		b.locations[f] = l
	}
	return l
}

func functionOf(f *convert.Frame) function { return function{valid(f.Func), valid(f.File)} }

func (b *builder) function(f *convert.Frame) *profile.Function {
	key := functionOf(f)
	fn := b.functions[key]
	if fn == nil {
		fn = &profile.Function{
			ID:         uint64(len(b.p.Function) + 1),
			Name:       key.name,
			SystemName: key.name,
			Filename:   key.file,
			StartLine:  int64(b.starts[key]),
		}
		b.p.Function = append(b.p.Function, fn)
		b.functions[key] = fn
	}
	return fn
}

// valid returns s as the string table of a profile wants it.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
