package pprofout

import (
	"strings"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
)

// A builder makes the samples of profiles, one profile after the other, and the
// tables of each in the order of their first use. Stacks, locations, functions
// and labels are made once for all profiles.
type builder struct {
	s         *Sink
	p         *profile.Profile
	nth       int // p is the nth profile, counted from 1
	mapping   *profile.Mapping
	functions map[function]*profileFunction
	locations map[convert.Frame]*location
	stacks    []stack          // by their ids
	starts    map[function]int // first lines, where known
	labels    map[labels]map[string][]string
}

// A location, function or stack belongs to the profile that last used it: its
// number is of that one's table.
type (
	location struct {
		profile.Location
		function *profileFunction
		nth      int
	}
	profileFunction struct {
		profile.Function
		nth int
	}
	stack struct {
		locations []*profile.Location
		frames    []*location
		nth       int
	}
)

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
		functions: make(map[function]*profileFunction),
		locations: make(map[convert.Frame]*location),
		stacks:    make([]stack, len(s.frames)),
		starts:    s.startLines(),
		labels:    make(map[labels]map[string][]string),
		// Says that there is nothing to symbolize.
		mapping: &profile.Mapping{ID: 1, HasFunctions: true, HasFilenames: true, HasLineNumbers: true},
	}
}

// begin begins a profile: what is made from now on is p's.
func (b *builder) begin(p *profile.Profile) {
	b.p = p
	b.nth++
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

// sample makes out, which has room for its values, s of a profile of kind.
func (b *builder) sample(out *profile.Sample, kind Kind, s *sample) {
	out.Value[0], out.Value[1] = s.count, int64(s.delay)
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
	st := &b.stacks[id]
	if st.nth == b.nth {
		return st.locations
	}
	st.nth = b.nth
	if st.locations == nil {
		frames := b.s.frames[id]
		if len(frames) == 0 {
			frames = []convert.Frame{{Func: noStack}}
		}
		st.frames = make([]*location, len(frames))
		st.locations = make([]*profile.Location, len(frames))
		for i, f := range frames {
			st.frames[i] = b.location(f)
			st.locations[i] = &st.frames[i].Location
		}
	}
	for _, l := range st.frames {
		b.use(l)
	}
	return st.locations
}

// pseudo returns the location of a frame that is no function.
func (b *builder) pseudo(name string) *profile.Location {
	l := b.location(convert.Frame{Func: name})
	b.use(l)
	return &l.Location
}

// use has the profile's tables contain l.
func (b *builder) use(l *location) {
	if l.nth == b.nth {
		return
	}
	l.nth = b.nth
	if fn := l.function; fn.nth != b.nth {
		fn.nth = b.nth
		b.p.Function = append(b.p.Function, &fn.Function)
		fn.ID = uint64(len(b.p.Function))
	}
	b.p.Location = append(b.p.Location, &l.Location)
	l.ID = uint64(len(b.p.Location))
}

func (b *builder) location(f convert.Frame) *location {
	l := b.locations[f]
	if l == nil {
		fn := b.function(&f)
		l = &location{function: fn}
		l.Mapping = b.mapping
		l.Line = []profile.Line{{Function: &fn.Function, Line: int64(f.Line)}}
		b.locations[f] = l
	}
	return l
}

func functionOf(f *convert.Frame) function { return function{valid(f.Func), valid(f.File)} }

func (b *builder) function(f *convert.Frame) *profileFunction {
	key := functionOf(f)
	fn := b.functions[key]
	if fn == nil {
		fn = new(profileFunction)
		fn.Name, fn.SystemName, fn.Filename = key.name, key.name, key.file
		fn.StartLine = int64(b.starts[key])
		b.functions[key] = fn
	}
	return fn
}

// valid returns s as the string table of a profile wants it.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
