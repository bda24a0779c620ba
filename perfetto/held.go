package perfetto

import "github.com/trace2otel/trace2otel/convert"

// A change of one role.
type change struct {
	at       convert.Time
	from, to role
}

// heldChanges keeps changes in four bytes each: how much later one is than the
// one before, and the two roles. A long time takes eight bytes more.
type heldChanges struct {
	chunks [][]uint32
	start  convert.Time // of the first
	last   convert.Time // of the last
}

const (
	roleBits = 3
	farLater = 1<<(32-2*roleBits) - 1 // the time is in the two numbers behind

	// heldChunk is how many numbers are held in one piece. In one growing
	// slice they would be copied again and again.
	heldChunk = 16 << 10
)

func (h *heldChanges) add(ch change) {
	n := len(h.chunks)
	if n == 0 {
		h.start, h.last = ch.at, ch.at
	}
	if n == 0 || len(h.chunks[n-1]) > heldChunk-3 {
		h.chunks = append(h.chunks, make([]uint32, 0, heldChunk))
		n++
	}
	later := uint64(ch.at - h.last)
	h.last = ch.at
	c, roles := &h.chunks[n-1], uint32(ch.from)<<roleBits|uint32(ch.to)
	if later < farLater {
		*c = append(*c, uint32(later)<<(2*roleBits)|roles)
	} else {
		*c = append(*c, farLater<<(2*roleBits)|roles, uint32(later>>32), uint32(later))
	}
}

// all yields the changes.
func (h *heldChanges) all(yield func(change) bool) {
	at := h.start
	for _, c := range h.chunks {
		for len(c) > 0 {
			v, later := c[0], uint64(c[0]>>(2*roleBits))
			c = c[1:]
			if later == farLater {
				later, c = uint64(c[0])<<32|uint64(c[1]), c[2:]
			}
			at += convert.Time(later)
			if !yield(change{at: at, from: role(v >> roleBits & (1<<roleBits - 1)), to: role(v & (1<<roleBits - 1))}) {
				return
			}
		}
	}
}
