package pprofout

// A lack is why a key is on hold. Keys on hold are reviewed only when the missing
// fact may have arrived: a goroutine can have any number of them, and any number of
// ends of regions.
type lack int

const (
	lacksRegion lack = iota // the region is not known
	lacksListed             // it is, but not whether the filter lets another around it through
	lacks
)

// lacks returns why k is on hold.
func (k *key) lacks() lack {
	if k.region == 0 {
		return lacksRegion
	}
	return lacksListed
}

// loosePieces are pieces of a stretch whose stack is not known yet. The End of a
// region begun before the trace gives a region to all pieces that have none. If the
// filter accepts that region, it accepts all pieces.
type loosePieces struct {
	pieces  []piece
	settled int // how many are in a region for sure
	listed  int // how many the filter lets through in any case
}

func (ps *loosePieces) clear() { *ps = loosePieces{pieces: ps.pieces[:0]} }

// settle has the pieces be in a region of before, where they are in none.
func (ps *loosePieces) settle(around *place) {
	for i := ps.settled; i < len(ps.pieces); i++ {
		ps.pieces[i].place.settle(around)
	}
	ps.settled = len(ps.pieces)
	if around.listedRegion {
		ps.listed = len(ps.pieces)
	}
}
