package otlp

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Numbers are a quarter of the bytes of a span in JSON, stacks apart. What is
// here writes them in place, several digits at a time.

const (
	hexDigits = "0123456789abcdef"
	maxDigits = 20 // of a uint64
)

// decimalPairs are the two digits of each number below 100, the first in the low
// byte.
var decimalPairs = func() (t [100]uint16) {
	for i := range uint16(100) {
		t[i] = '0' + i/10 | ('0'+i%10)<<8
	}
	return t
}()

// appendHex appends an id in hex. Its length is a multiple of four.
func appendHex(b, id []byte) []byte {
	n := len(b)
	b = slices.Grow(b, 2*len(id))[:n+2*len(id)]
	to := b[n:]
	for ; len(id) >= 4; id, to = id[4:], to[8:] {
		binary.LittleEndian.PutUint64(to, hex8(binary.LittleEndian.Uint32(id)))
	}
	return b
}

// hex8 returns the eight hex digits of four bytes, the first in the low byte.
func hex8(v uint32) uint64 {
	const ones = 0x0101010101010101
	x := uint64(v)
	x = (x | x<<16) & 0x0000ffff_0000ffff
	x = (x | x<<8) & 0x00ff00ff_00ff00ff // a byte to each two
	x = (x>>4 | x<<8) & (0x0f * ones)    // its upper half comes first
	letters := (x + 6*ones) >> 4 & ones  // those above 9
	return x + '0'*ones + letters*('a'-'0'-10)
}

// appendInt appends a decimal number.
func appendInt(b []byte, v int64) []byte {
	if v < 0 {
		return appendUint(append(b, '-'), -uint64(v))
	}
	return appendUint(b, uint64(v))
}

// appendUint appends a decimal number.
func appendUint(b []byte, v uint64) []byte {
	n := len(b)
	b = slices.Grow(b, maxDigits)[:n+decimals(v)]
	to := b[n:]
	for v > 1<<32-1 {
		putPair(to[len(to)-2:], uint32(v%100))
		to, v = to[:len(to)-2], v/100
	}
	w := uint32(v) // divisions of 32 bits are cheaper
	for w >= 100 {
		putPair(to[len(to)-2:], w%100)
		to, w = to[:len(to)-2], w/100
	}
	if w >= 10 {
		putPair(to, w)
	} else {
		to[0] = byte('0' + w)
	}
	return b
}

// putPair writes two digits.
func putPair(b []byte, v uint32) { binary.LittleEndian.PutUint16(b, decimalPairs[v]) }

// decimals returns how many digits v has.
func decimals(v uint64) int {
	n := bits.Len64(v|1) * 1233 >> 12 // of 2 to the power of the length: log10(2) is 1233/4096
	if v >= powers[n] {
		n++
	}
	return n
}

// powers are those of ten, and 0 for the first.
var powers = func() (p [maxDigits]uint64) {
	for v, i := uint64(10), 1; i < len(p); v, i = v*10, i+1 {
		p[i] = v
	}
	return p
}()

// A jsonTime writes times, and remembers the seconds of the last: those of most
// spans are the same.
type jsonTime struct {
	second uint64
	text   []byte
}

const perSecond = 1_000_000_000

// append appends a time in nanoseconds.
func (t *jsonTime) append(b []byte, ns uint64) []byte {
	second := ns / perSecond
	if second == 0 {
		return appendUint(b, ns)
	}
	if second != t.second {
		t.second, t.text = second, appendUint(t.text[:0], second)
	}
	b = append(b, t.text...)
	n := len(b)
	b = slices.Grow(b, 9)[:n+9]
	put9((*[9]byte)(b[n:]), uint32(ns%perSecond))
	return b
}

// put9 writes nine digits.
func put9(b *[9]byte, v uint32) {
	high, low := v/10000, v%10000
	putPair(b[7:], low%100)
	putPair(b[5:], low/100)
	putPair(b[3:], high%100)
	high /= 100
	putPair(b[1:], high%100)
	b[0] = byte('0' + high/100)
}
