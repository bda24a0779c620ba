package gotrace

import "math/rand/v2"

// goroutines has the state of every live goroutine, in an open-addressed table
// whose order follows the ids in runs of eight: goroutines that are created
// together share cache lines. Ids may be any numbers; sparse ones cost no more
// than others. Half of the multiplier is drawn anew for every trace, so that
// none can be made to collide; the other half is that of the golden ratio, which
// spreads what is close together.
type goroutines struct {
	slots []goroutine
	live  int
	shift uint // 64 - log2(len(slots))
	mul   uint64
	found uint32 // slot of the one that was found last
	more  extras
}

// A goroutine is what must be known of a live goroutine to put its events in
// order.
type goroutine struct {
	id     int64
	seq    uint32 // of the last event in the order of its transitions
	gen    uint32 // in which generation
	more   uint32 // number of its extra, or 0
	status goStatus
}

// goStatus is a goroutine's status as on the wire. The zero value is an empty
// slot of the table.
type goStatus uint8

const (
	goRunnable goStatus = 1 + iota
	goRunning
	goSyscall
	goWaiting
	goStatuses
)

// status returns what events call s.
func (s goStatus) status() Status {
	return [...]Status{Undetermined, Runnable, Running, Syscall, Waiting}[s]
}

// index returns the slot of g.
func (gs *goroutines) index(g *goroutine) uint32 {
	mask := uint(len(gs.slots) - 1)
	i := gs.home(g.id) & mask
	for &gs.slots[i] != g {
		i = (i + 1) & mask
	}
	return uint32(i)
}

const minSlots = 64

// fastGrowth is up to how many slots the table becomes four times as large at
// once, and not twice: new memory is what takes the time.
const fastGrowth = 1 << 17

func newGoroutines() goroutines {
	gs := goroutines{mul: newMultiplier()}
	gs.resize(minSlots)
	gs.more.init()
	return gs
}

func newMultiplier() uint64 { return 0x9e3779b9<<32 | uint64(rand.Uint32()) | 1 }

func (gs *goroutines) resize(n int) {
	old := gs.slots
	gs.slots = make([]goroutine, n)
	clear(gs.slots) // new memory that is read before it is written takes two page faults, not one
	gs.shift = 64
	for m := n; m > 1; m >>= 1 {
		gs.shift--
	}
	for i := range old {
		if old[i].status != 0 {
			*gs.free(old[i].id) = old[i]
		}
	}
}

// home returns where the search for id begins.
func (gs *goroutines) home(id int64) uint {
	run := uint64(id) >> 3 * gs.mul >> (gs.shift & 63)
	return uint(run&^7 | uint64(id)&7)
}

// find returns the state of goroutine id, nil if it is not known. It is valid
// until the next call of add or remove.
func (gs *goroutines) find(id int64) *goroutine {
	mask := uint(len(gs.slots) - 1)
	for i := gs.home(id); ; i++ {
		g := &gs.slots[i&mask]
		if g.id == id && g.status != 0 {
			gs.found = uint32(i & mask)
			return g
		}
		if g.status == 0 {
			return nil
		}
	}
}

// first returns where the search for id begins: it is its state, mostly.
func (gs *goroutines) first(id int64) (g *goroutine, slot uint32) {
	slot = uint32(gs.home(id) & uint(len(gs.slots)-1))
	return &gs.slots[slot], slot
}

// free returns the slot where id, which is not in the table, belongs.
func (gs *goroutines) free(id int64) *goroutine {
	mask := uint(len(gs.slots) - 1)
	for i := gs.home(id); ; i++ {
		if g := &gs.slots[i&mask]; g.status == 0 {
			return g
		}
	}
}

// add adds goroutine id, which is not known yet.
func (gs *goroutines) add(id int64, status goStatus, gen uint32) *goroutine {
	if gs.live+gs.live/2 >= len(gs.slots) {
		n := 2 * len(gs.slots)
		if n <= fastGrowth {
			n *= 2
		}
		gs.resize(n)
	}
	gs.live++
	g := gs.free(id)
	*g = goroutine{id: id, status: status, gen: gen}
	return g
}

// remove removes a goroutine, and moves others up to where it was.
func (gs *goroutines) remove(g *goroutine) {
	if g.more != 0 {
		gs.more.release(g.more)
	}
	gs.live--
	mask := uint(len(gs.slots) - 1)
	hole := uint(gs.index(g))
	for i := (hole + 1) & mask; gs.slots[i].status != 0; i = (i + 1) & mask {
		home := gs.home(gs.slots[i].id) & mask
		if (i-home)&mask >= (i-hole)&mask {
			gs.slots[hole] = gs.slots[i]
			hole = i
		}
	}
	gs.slots[hole] = goroutine{}
}

// at returns what is in slot i: a cache of slots has to compare ids.
func (gs *goroutines) at(i uint32) *goroutine {
	return &gs.slots[uint(i)&uint(len(gs.slots)-1)]
}

// An extra is what few goroutines have: ranges under way.
type extra struct {
	ranges []goRange
}

// A goRange is a range that a goroutine is in.
type goRange struct {
	typ  Type // of its begin
	name text
}

// extras has the extras of all goroutines; 0 is none.
type extras struct {
	all  []extra
	free []uint32
}

func (x *extras) init() { x.all = make([]extra, 1) }

// of returns the extra of g, which gets one if it has none.
func (x *extras) of(g *goroutine) *extra {
	if g.more == 0 {
		if n := len(x.free); n > 0 {
			g.more, x.free = x.free[n-1], x.free[:n-1]
		} else {
			g.more = uint32(len(x.all))
			x.all = append(x.all, extra{})
		}
	}
	return &x.all[g.more]
}

func (x *extras) release(n uint32) {
	e := &x.all[n]
	e.ranges = e.ranges[:0]
	x.free = append(x.free, n)
}
