package gotrace

import (
	"cmp"
	"slices"
)

// A table finds the strings or stacks of a generation by their ids. It keeps
// where in the chunks they lie; what they are is read when it is needed.
//
// The runtime gives out ids from 1 on, so that a slot is an id. If ids are
// sparse, which only damage makes them, slots are in the order of ids.
// Slot 0 is of id 0, which is nothing.
type table struct {
	items  []item
	dense  []place // by id
	sparse bool
	twice  int // ids that were taken
}

type item struct {
	id uint64
	at place
}

// A place is a chunk's number, from 1, and an offset in it.
type place uint64

func newPlace(chunk, off int) place { return place(chunk+1)<<32 | place(off) }

func (p place) chunk() int { return int(p>>32) - 1 }
func (p place) off() int   { return int(uint32(p)) }

func (t *table) reset() {
	t.items, t.dense, t.sparse, t.twice = t.items[:0], t.dense[:0], false, 0
}

func (t *table) add(id uint64, at place) {
	if id == 0 {
		t.twice++
		return
	}
	if len(t.items) == cap(t.items) {
		t.items = slices.Grow(t.items, max(64, len(t.items))) // append grows by less
	}
	t.items = append(t.items, item{id, at})
}

// build makes the table ready. Of ids that came twice, the first counts.
func (t *table) build() {
	var last uint64
	for _, it := range t.items {
		last = max(last, it.id)
	}
	if last > uint64(2*len(t.items)+16) {
		t.sparse = true
		slices.SortStableFunc(t.items, func(a, b item) int { return cmp.Compare(a.id, b.id) })
		t.items = slices.CompactFunc(t.items, func(a, b item) bool {
			if a.id == b.id {
				t.twice++
			}
			return a.id == b.id
		})
		return
	}
	t.dense = slices.Grow(t.dense[:0], int(last)+1)[:last+1]
	clear(t.dense)
	for _, it := range t.items {
		if t.dense[it.id] != 0 {
			t.twice++
			continue
		}
		t.dense[it.id] = it.at
	}
}

// slots returns the number of slots.
func (t *table) slots() int {
	if t.sparse {
		return len(t.items) + 1
	}
	return max(len(t.dense), 1)
}

// slot returns the slot of id. It reports false if there is none: the slot is
// that of nothing, then.
func (t *table) slot(id uint64) (slot uint32, ok bool) {
	if id < uint64(len(t.dense)) && t.dense[id] != 0 {
		return uint32(id), true
	}
	if id == 0 {
		return 0, true
	}
	if t.sparse {
		i, ok := slices.BinarySearchFunc(t.items, id, func(it item, id uint64) int { return cmp.Compare(it.id, id) })
		if ok {
			return uint32(i) + 1, true
		}
	}
	return 0, false
}

// place returns where the content of a slot but 0 lies.
func (t *table) place(slot uint32) place {
	if t.sparse {
		return t.items[slot-1].at
	}
	return t.dense[slot]
}

// idOf returns the id of a slot.
func (t *table) idOf(slot int) uint64 {
	if t.sparse {
		return t.items[slot-1].id
	}
	return uint64(slot)
}
