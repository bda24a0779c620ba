package gotrace

import "encoding/binary"

// eight returns the eight bytes at off, the first one lowest.
func (b *chunk) eight(off int) uint64 {
	off &= chunkSize - 1 // as it is; but the compiler does not know
	return binary.LittleEndian.Uint64(b[off : off+8])
}

// take takes a number from the low end of w. It returns what follows on it, and
// how many bytes it has: nine if they are more than three.
func take(w uint64) (v, rest uint64, size int) {
	switch {
	case w&0x80 == 0:
		return w & 0x7f, w >> 8, 1
	case w&0x8000 == 0:
		return w&0x7f | w>>1&0x3f80, w >> 16, 2
	case w&0x80_0000 == 0:
		return w&0x7f | w>>1&0x3f80 | w>>2&0x1f_c000, w >> 24, 3
	}
	return 0, 0, 9
}

// The arguments of an event are read when it is its turn, so that they need not
// be stored: one, two, three and four take them from eight bytes, if they fit
// in, and leave them to all otherwise. Those functions report false if an
// argument is not a number. For the events that most traces have most of, it is
// worth not to call them.

// took moves c after arguments of so many bytes, if they were within the eight.
func (c *cursor) took(size int) bool {
	if size > 8 {
		return false
	}
	c.off = c.arg + size
	return true
}

// one reads the argument of an event that has one.
func (c *cursor) one() (v uint64, ok bool) {
	v, _, n := take(c.chunk.eight(c.arg))
	if c.took(n) {
		return v, true
	}
	ok = c.all()
	return c.args[0], ok
}

// two reads the arguments of an event that has two.
func (c *cursor) two() (v0, v1 uint64, ok bool) {
	v0, w, n := take(c.chunk.eight(c.arg))
	v1, _, k := take(w)
	if c.took(n + k) {
		return v0, v1, true
	}
	ok = c.all()
	return c.args[0], c.args[1], ok
}

// three reads the arguments of an event that has three.
func (c *cursor) three() (v0, v1, v2 uint64, ok bool) {
	v0, w, n := take(c.chunk.eight(c.arg))
	v1, w, k := take(w)
	v2, _, l := take(w)
	if c.took(n + k + l) {
		return v0, v1, v2, true
	}
	ok = c.all()
	return c.args[0], c.args[1], c.args[2], ok
}

// four reads the arguments of an event that has four.
func (c *cursor) four() (v0, v1, v2, v3 uint64, ok bool) {
	v0, w, n := take(c.chunk.eight(c.arg))
	v1, w, k := take(w)
	v2, w, l := take(w)
	v3, _, m := take(w)
	if c.took(n + k + l + m) {
		return v0, v1, v2, v3, true
	}
	ok = c.all()
	return c.args[0], c.args[1], c.args[2], c.args[3], ok
}

// all reads all arguments into args. It reports false if one is not a number.
func (c *cursor) all() (ok bool) {
	end := c.numbers(c.arg, c.args[:argCounts[c.typ]])
	if end > c.end {
		return false
	}
	c.off = end
	return true
}

// numbers reads as many numbers at off as there is room for in to. It returns
// where they end, which is after the end of the chunk if one of them does not
// fit into 64 bits.
func (c *cursor) numbers(off int, to []uint64) int {
	for i := range to {
		v, n := uvarint(c.chunk[off:])
		if n == 0 {
			return len(c.chunk)
		}
		to[i] = v
		off += n
	}
	return off
}
