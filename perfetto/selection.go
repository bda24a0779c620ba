package perfetto

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/trace2otel/trace2otel/convert"
)

// A Selection is the goroutines to show. CPUs and threads then show what they
// ran of these; what is no goroutine's (the runtime's tracks, tasks with all their
// logs, counters) is shown in full.
type Selection struct {
	// Text says in the file's metadata what was selected.
	Text string

	// Goroutines has those to show.
	Goroutines map[convert.GoID]bool
}

// hides reports whether a record is of a goroutine that is not shown.
func (s *Selection) hides(r *convert.Record) bool {
	switch r.Kind {
	case convert.KindGoroutine, convert.KindState, convert.KindSyscall, convert.KindAssist,
		convert.KindRegion, convert.KindSample, convert.KindLabel:
		return !s.Goroutines[r.G]
	}
	return false
}

// shows reports whether a goroutine has a track that others may refer to.
func (s *Selection) shows(g convert.GoID) bool { return s == nil || s.Goroutines[g] }

// A Selector is a [convert.Sink] that finds goroutines in a first pass over a
// trace, for the Selection of a second: who woke whom shows only at the end. It
// keeps the ids of all goroutines, and if Related is set, each pair of them of which
// one woke the other.
type Selector struct {
	// Match selects goroutines by id ("17") or by start function.
	Match *regexp.Regexp

	// Related adds those that woke a selected goroutine, or were woken by it,
	// directly or by way of one other.
	Related bool

	// Selection is the result, once the trace has been converted.
	Selection Selection

	names map[convert.GoID]string
	woke  map[convert.GoID]map[convert.GoID]bool
}

// hops is how far Related goes.
const hops = 2

// Begin resets s.
func (s *Selector) Begin(*convert.Trace) error {
	s.names = make(map[convert.GoID]string)
	s.woke = make(map[convert.GoID]map[convert.GoID]bool)
	return nil
}

// Consume takes names and wakes from b.
func (s *Selector) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		switch {
		case r.Kind == convert.KindGoroutine && r.Phase == convert.Begin:
			s.names[r.G] = r.Name
		case s.Related && r.Kind == convert.KindState && r.State == convert.StateWaiting &&
			r.Phase == convert.End && r.By != convert.NoGoroutine:
			s.relate(r.G, r.By)
			s.relate(r.By, r.G)
		}
	}
	return nil
}

func (s *Selector) relate(a, b convert.GoID) {
	m := s.woke[a]
	if m == nil {
		m = make(map[convert.GoID]bool)
		s.woke[a] = m
	}
	m[b] = true
}

// Finish selects. It is an error if nothing matches.
func (s *Selector) Finish(*convert.Summary) error {
	selected := make(map[convert.GoID]bool)
	for g, name := range s.names {
		if s.matches(g, name) {
			selected[g] = true
		}
	}
	if len(selected) == 0 {
		return fmt.Errorf("no goroutine matches %q", s.Match)
	}
	text := s.Match.String()
	if s.Related {
		text += " and related"
		for range hops {
			near := make(map[convert.GoID]bool)
			for g := range selected {
				near[g] = true
				for other := range s.woke[g] {
					near[other] = true
				}
			}
			selected = near
		}
	}
	s.Selection = Selection{Text: text, Goroutines: selected}
	s.names, s.woke = nil, nil
	return nil
}

// matches reports whether a goroutine is selected: by its id if the expression
// is nothing but a number, else by its start function.
func (s *Selector) matches(g convert.GoID, name string) bool {
	if id, err := strconv.ParseInt(s.Match.String(), 10, 64); err == nil {
		return g == convert.GoID(id)
	}
	if name == "" {
		name = unknownFunction
	}
	return s.Match.MatchString(name)
}
