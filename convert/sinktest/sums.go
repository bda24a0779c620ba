package sinktest

import (
	"maps"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// Sums is a sink that adds up what an output is to agree with. The zero value
// is ready.
type Sums struct {
	// Goroutines has the states of each goroutine, Procs those of each proc.
	Goroutines map[StateKey]Sum
	Procs      map[ProcKey]Sum

	// Kinds has all records of each kind; Named those of each kind and name.
	// Both count Ends, with their time, and Instants; Begins are counted
	// apart.
	Kinds  map[convert.Kind]Sum
	Named  map[NameKey]Sum
	Begins map[convert.Kind]int64

	Trace   convert.Trace
	Summary convert.Summary
}

// A Sum is a number of records and the time they cover.
type Sum struct {
	Count int64
	Time  time.Duration
}

// Add adds d to s, once.
func (s Sum) Add(d time.Duration) Sum { return Sum{s.Count + 1, s.Time + d} }

// Plus returns s + u.
func (s Sum) Plus(u Sum) Sum { return Sum{s.Count + u.Count, s.Time + u.Time} }

// A StateKey is a state of a goroutine, with its reason as the record has it:
// empty for initial waits.
type StateKey struct {
	G      convert.GoID
	State  convert.State
	Reason string
}

// A ProcKey is a state of a proc.
type ProcKey struct {
	P     convert.ProcID
	State convert.State
}

// A NameKey is a kind and the name of some of its records.
type NameKey struct {
	Kind convert.Kind
	Name string
}

// Begin resets s.
func (s *Sums) Begin(t *convert.Trace) error {
	*s = Sums{
		Goroutines: make(map[StateKey]Sum),
		Procs:      make(map[ProcKey]Sum),
		Kinds:      make(map[convert.Kind]Sum),
		Named:      make(map[NameKey]Sum),
		Begins:     make(map[convert.Kind]int64),
		Trace:      *t,
	}
	return nil
}

// Consume adds the records of b.
func (s *Sums) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		if r.Phase == convert.Begin {
			s.Begins[r.Kind]++
			continue
		}
		d := r.Duration()
		s.Kinds[r.Kind] = s.Kinds[r.Kind].Add(d)
		switch r.Kind {
		case convert.KindState:
			k := StateKey{r.G, r.State, r.Name}
			s.Goroutines[k] = s.Goroutines[k].Add(d)
		case convert.KindProc:
			k := ProcKey{r.P, r.State}
			s.Procs[k] = s.Procs[k].Add(d)
		case convert.KindSync, convert.KindSample:
			// have no names
		default:
			k := NameKey{r.Kind, r.Name}
			s.Named[k] = s.Named[k].Add(d)
		}
	}
	return nil
}

// Finish keeps sum.
func (s *Sums) Finish(sum *convert.Summary) error {
	s.Summary = *sum
	return nil
}

// States returns the sum over all goroutines of the states that match; all if
// match is nil.
func (s *Sums) States(match func(k StateKey) bool) Sum {
	var sum Sum
	for k, v := range s.Goroutines {
		if match == nil || match(k) {
			sum = sum.Plus(v)
		}
	}
	return sum
}

// ByState returns the sum of each state over all goroutines.
func (s *Sums) ByState() map[convert.State]Sum {
	sums := make(map[convert.State]Sum)
	for k, v := range s.Goroutines {
		sums[k.State] = sums[k.State].Plus(v)
	}
	return sums
}

// ByGoroutine returns the sum of the states of each goroutine: the time for
// which it was observed.
func (s *Sums) ByGoroutine() map[convert.GoID]Sum {
	sums := make(map[convert.GoID]Sum)
	for k, v := range s.Goroutines {
		sums[k.G] = sums[k.G].Plus(v)
	}
	return sums
}

// Equal reports whether both have the same sums.
func (s *Sums) Equal(t *Sums) bool {
	return maps.Equal(s.Goroutines, t.Goroutines) && maps.Equal(s.Procs, t.Procs) &&
		maps.Equal(s.Kinds, t.Kinds) && maps.Equal(s.Named, t.Named) && maps.Equal(s.Begins, t.Begins)
}
