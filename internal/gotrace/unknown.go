package gotrace

import "math/bits"

// A learner finds out how many arguments events of unknown types have: as many
// as let the rest of every batch that has one be read exactly to its end.
type learner struct {
	counts [256]uint8 // candidates of each type, a bit for each count
	asked  [256]bool  // of the generation
	read   int64      // bytes, in learning
}

// allCounts is any number of arguments up to maxArgs.
const allCounts = 1<<(maxArgs+1) - 1

func (l *learner) init() {
	for i := range l.counts {
		l.counts[i] = allCounts
	}
}

// args returns the number of arguments of an unknown type, and whether it is
// clear.
func (l *learner) args(typ Type, g *generation) (n int, ok bool) {
	if typ < EvProcsChange {
		return 0, false // structures the trace: no event
	}
	if c := l.counts[typ]; c&(c-1) != 0 && !l.asked[typ] {
		l.asked[typ] = true
		l.learn(typ, g)
	}
	c := l.counts[typ]
	return bits.TrailingZeros8(c), c != 0 && c&(c-1) == 0
}

// maxLearning is how many bytes are looked at to learn of all types.
const maxLearning = 1 << 28

// learn looks at all batches of a generation.
func (l *learner) learn(typ Type, g *generation) {
	for _, lane := range g.lanes {
		for i, b := range lane.batches {
			if l.read += int64(b.size); l.read > maxLearning {
				return
			}
			if g.cut && i == len(lane.batches)-1 {
				break // may be cut itself
			}
			fits := uint8(0)
			for n := 0; n <= maxArgs; n++ {
				if l.counts[typ]>>n&1 != 0 && parses(g.chunks[b.chunk][:], int(b.off), int(b.off+b.size), typ, n) {
					fits |= 1 << n
				}
			}
			if fits != 0 {
				l.counts[typ] &= fits
			}
		}
	}
}

// parses reports whether the events of a batch can be read to its end, if
// those of a type have n arguments.
func parses(b []byte, off, end int, typ Type, n int) bool {
	for off < end {
		args := int(argCounts[b[off]])
		if Type(b[off]) == typ {
			args = n
		} else if args == notTimed {
			return false
		}
		off++
		for range args + 1 {
			_, k := uvarint(b[off:])
			if k == 0 {
				return false
			}
			off += k
		}
	}
	return off == end
}
