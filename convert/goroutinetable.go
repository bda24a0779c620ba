package convert

import "math/rand/v2"

// A goroutineTable finds live goroutines by their ids: an open-addressed table
// whose order follows the ids in runs of eight, so that goroutines created
// together share cache lines. It is looked into for nearly every event, and
// takes a third of the time of a map.
//
// Half of the multiplier is drawn anew for every trace, so that none can be
// made to collide; the other half is that of the golden ratio, which spreads
// what is close together.
type goroutineTable struct {
	slots []goroutineSlot
	live  int
	shift uint // 64 - log2(len(slots))
	mul   uint64
}

type goroutineSlot struct {
	id GoID
	g  *goroutine // nil: free
}

func newGoroutineTable() goroutineTable {
	t := goroutineTable{mul: 0x9e3779b9<<32 | uint64(rand.Uint32()) | 1}
	t.resize(6)
	return t
}

// resize makes room for 1<<bits slots.
func (t *goroutineTable) resize(bits uint) {
	old := t.slots
	t.slots = make([]goroutineSlot, 1<<bits)
	clear(t.slots) // new memory that is read before it is written takes two page faults, not one
	t.shift = 64 - bits
	for _, s := range old {
		if s.g != nil {
			*t.slot(s.id) = s
		}
	}
}

// home returns where the search for id begins.
func (t *goroutineTable) home(id GoID) uint {
	run := uint64(id) >> 3 * t.mul >> (t.shift & 63)
	return uint(run&^7 | uint64(id)&7)
}

// slot returns the slot of id: where it is, or where it belongs.
func (t *goroutineTable) slot(id GoID) *goroutineSlot {
	mask := uint(len(t.slots) - 1)
	for i := t.home(id); ; i++ {
		if s := &t.slots[i&mask]; s.id == id || s.g == nil {
			return s
		}
	}
}

// find returns the goroutine id, nil if it is not known.
func (t *goroutineTable) find(id GoID) *goroutine { return t.slot(id).g }

// add adds a goroutine, whose id is not in the table.
func (t *goroutineTable) add(g *goroutine) {
	if t.live+t.live/2 >= len(t.slots) {
		t.resize(64 - t.shift + 1)
	}
	t.live++
	*t.slot(g.id) = goroutineSlot{g.id, g}
}

// remove removes a goroutine that is in the table, and moves others up to where
// it was.
func (t *goroutineTable) remove(id GoID) {
	t.live--
	mask := uint(len(t.slots) - 1)
	hole := t.home(id) & mask
	for t.slots[hole].id != id {
		hole = (hole + 1) & mask
	}
	for i := (hole + 1) & mask; t.slots[i].g != nil; i = (i + 1) & mask {
		home := t.home(t.slots[i].id) & mask
		if (i-home)&mask >= (i-hole)&mask {
			t.slots[hole] = t.slots[i]
			hole = i
		}
	}
	t.slots[hole] = goroutineSlot{}
}

// ids returns the ids of all goroutines in the table, in no order.
func (t *goroutineTable) ids() []GoID {
	ids := make([]GoID, 0, t.live)
	for _, s := range t.slots {
		if s.g != nil {
			ids = append(ids, s.id)
		}
	}
	return ids
}
