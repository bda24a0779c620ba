// Package index finds what is known of goroutines, threads and tasks by their
// ids, on the path of every record.
package index

import (
	"iter"
	"maps"
)

// An Index finds things by a number: a map, with the newest of 256 remainders
// before it. Few goroutines, threads and tasks do most of what a trace tells of,
// and a look at the map costs as much as writing a packet. It is to be made by [New].
type Index[K ~int64 | ~uint64, V any] struct {
	all    map[K]*V
	recent [256]struct {
		key   K
		value *V
	}
}

// New returns an empty index.
func New[K ~int64 | ~uint64, V any]() *Index[K, V] { return &Index[K, V]{all: make(map[K]*V)} }

// Get returns what k stands for, or nil.
func (x *Index[K, V]) Get(k K) *V {
	r := &x.recent[uint64(k)%uint64(len(x.recent))]
	if r.key == k && r.value != nil {
		return r.value
	}
	v := x.all[k]
	if v != nil {
		r.key, r.value = k, v
	}
	return v
}

// Set has k stand for v, which is not nil.
func (x *Index[K, V]) Set(k K, v *V) {
	x.all[k] = v
	r := &x.recent[uint64(k)%uint64(len(x.recent))]
	r.key, r.value = k, v
}

// Delete has k stand for nothing.
func (x *Index[K, V]) Delete(k K) {
	delete(x.all, k)
	if r := &x.recent[uint64(k)%uint64(len(x.recent))]; r.key == k {
		r.value = nil
	}
}

// Len returns how many things the index holds.
func (x *Index[K, V]) Len() int { return len(x.all) }

// All yields what the index holds, in no order.
func (x *Index[K, V]) All() iter.Seq[*V] { return maps.Values(x.all) }
