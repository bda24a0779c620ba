package index

import (
	"iter"
	"sort"
)

// A Stack holds open intervals in the order they began, each under an ascending
// number. Usually the last to begin ends first; any may. The zero value is empty.
type Stack[V any] struct {
	all  []entry[V] // ascending; the last one is open
	open int
}

type entry[V any] struct {
	n     uint64
	open  bool
	value V
}

// Push adds what begins. Its number is higher than all before it.
func (s *Stack[V]) Push(n uint64, v V) {
	s.all = append(s.all, entry[V]{n, true, v})
	s.open++
}

// Top returns what began last, and reports false if nothing is open.
func (s *Stack[V]) Top() (v V, ok bool) {
	if len(s.all) == 0 {
		return v, false
	}
	return s.all[len(s.all)-1].value, true
}

// Pop removes what has number n and returns it. It reports false if that is not
// open.
func (s *Stack[V]) Pop(n uint64) (v V, ok bool) {
	i := s.find(n)
	if i < 0 {
		return v, false
	}
	v = s.all[i].value
	s.all[i] = entry[V]{n: n}
	s.open--
	s.tidy()
	return v, true
}

// Down yields what is open, from what began last to what began first. The stack
// must not change meanwhile.
func (s *Stack[V]) Down() iter.Seq[V] {
	return func(yield func(V) bool) {
		for i := len(s.all) - 1; i >= 0; i-- {
			if s.all[i].open && !yield(s.all[i].value) {
				return
			}
		}
	}
}

// Clear empties the stack, and keeps its memory.
func (s *Stack[V]) Clear() {
	clear(s.all)
	s.all, s.open = s.all[:0], 0
}

// find returns the place of number n, or -1 if that is not open.
func (s *Stack[V]) find(n uint64) int {
	last := len(s.all) - 1
	if last < 0 || s.all[last].n == n {
		return last
	}
	i := sort.Search(len(s.all), func(i int) bool { return s.all[i].n >= n })
	if i <= last && s.all[i].n == n && s.all[i].open {
		return i
	}
	return -1
}

// tidy drops ended entries at the top, and compacts when they outnumber open ones:
// amortized O(1).
func (s *Stack[V]) tidy() {
	n := len(s.all)
	for n > 0 && !s.all[n-1].open {
		n--
	}
	s.all = s.all[:n]
	if n < 2*s.open+16 {
		return
	}
	kept := s.all[:0]
	for i := range s.all {
		if s.all[i].open {
			kept = append(kept, s.all[i])
		}
	}
	clear(s.all[len(kept):])
	s.all = kept
}
