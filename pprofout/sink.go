package pprofout

import (
	"fmt"
	"io"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// Options say what profile to write. The zero value is a complete profile of
// waits for the network.
type Options struct {
	Kind Kind

	// Compat counts exactly what "go tool trace -pprof" counts, holes
	// included: nothing that was under way when the trace ended, what was
	// under way when it began from its first event on, nothing that came
	// before a goroutine's first run (of goroutines that ran), and nothing of
	// a generation that was broken off.
	Compat bool

	// ToolVersion is noted in the profile's comments.
	ToolVersion string
}

// A Sink writes one profile. It is a [convert.Sink].
type Sink struct {
	w    io.Writer
	o    Options
	rule *rule

	trace  convert.Trace
	frames [][]convert.Frame // of each stack, by its id
	totals totals
	lives  *lives // for Compat; nil otherwise

	// Waits that may have been of this kind: initial waits have no reason.
	unknown value
}

// New returns a sink that writes a profile to w, gzip-compressed, in Finish.
func New(w io.Writer, o Options) *Sink {
	return &Sink{w: w, o: o}
}

// Begin fails if there is no such kind.
func (s *Sink) Begin(t *convert.Trace) error {
	if int(s.o.Kind) >= len(rules) {
		return fmt.Errorf("pprofout: no profile %v", s.o.Kind)
	}
	s.rule = &rules[s.o.Kind]
	s.trace = *t
	s.frames = make([][]convert.Frame, 1) // stack 0 has none
	if s.o.Compat {
		s.lives = newLives(&s.totals)
	}
	return nil
}

// Consume adds up the records of b.
func (s *Sink) Consume(b *convert.Batch) error {
	for i := range b.Stacks {
		s.define(&b.Stacks[i])
	}
	for i := range b.Records {
		r := &b.Records[i]
		if s.lives != nil {
			s.lives.follow(r)
		}
		if r.Phase == convert.End && s.rule.matches(r) {
			s.count(r)
		}
	}
	return nil
}

// define keeps the frames of a stack.
func (s *Sink) define(st *convert.Stack) {
	for len(s.frames) <= int(st.ID) {
		s.frames = append(s.frames, nil)
	}
	s.frames[st.ID] = st.Frames
}

// count adds the interval that r ends.
func (s *Sink) count(r *convert.Record) {
	if s.rule.reason != nil && !s.rule.reason(r.Name) {
		if r.Name == "" {
			s.unknown = s.unknown.plus(value{1, r.Duration()})
		}
		return
	}
	stack := s.rule.stack(r)
	if s.lives != nil {
		s.lives.add(r, stack)
		return
	}
	s.totals.add(stack, value{1, r.Duration()})
}

// Finish writes the profile.
func (s *Sink) Finish(sum *convert.Summary) error {
	if s.lives != nil {
		s.lives.finish(sum.Loss != nil && sum.Loss.Broken)
	}
	if err := s.write(s.profile(sum)); err != nil {
		return fmt.Errorf("pprofout: writing the %v profile: %w", s.o.Kind, err)
	}
	return nil
}

// A value is how often something was, and for how long in all.
type value struct {
	count int64
	delay time.Duration
}

func (v value) plus(u value) value { return value{v.count + u.count, v.delay + u.delay} }

// totals has the values of each stack, by its id. It grows with the stacks.
type totals []value

func (t *totals) add(stack convert.StackID, v value) {
	for len(*t) <= int(stack) {
		*t = append(*t, value{})
	}
	(*t)[stack] = (*t)[stack].plus(v)
}
