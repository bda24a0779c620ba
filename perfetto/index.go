package perfetto

// An index finds things by a number: a map, with the newest of 256 remainders
// before it. Few goroutines and threads do most of what a trace tells of, and
// a look at the map costs as much as writing a packet.
type index[K ~int64, V any] struct {
	all    map[K]*V
	recent [256]struct {
		key   K
		value *V
	}
}

func newIndex[K ~int64, V any]() *index[K, V] { return &index[K, V]{all: make(map[K]*V)} }

// get returns what k stands for, or nil.
func (x *index[K, V]) get(k K) *V {
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

func (x *index[K, V]) set(k K, v *V) {
	x.all[k] = v
	r := &x.recent[uint64(k)%uint64(len(x.recent))]
	r.key, r.value = k, v
}

func (x *index[K, V]) delete(k K) {
	delete(x.all, k)
	if r := &x.recent[uint64(k)%uint64(len(x.recent))]; r.key == k {
		r.value = nil
	}
}
