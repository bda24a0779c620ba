// Package wire appends protocol buffer fields to byte slices.
//
// The wire format, in short (protobuf.dev/programming-guides/encoding): a
// message is a run of fields; a field is a key, the number shifted left by
// three bits and the type of what follows, and a value:
//
//	0  varint: bool, int32, int64, uint32, uint64, enum (negative: ten bytes)
//	1  eight bytes, little endian: fixed64, sfixed64, double
//	2  a length as varint, then that many bytes: string, bytes, message, packed
//	5  four bytes, little endian: fixed32, float
//
// Functions append a field to b and return the longer slice, like append. They
// write what they are given: leaving out a zero value is the caller's choice.
// A nested message is appended in place between [Open] and [Close], which
// fills in the length.
package wire

import (
	"encoding/binary"
	"math"
)

const (
	typeVarint  = 0
	typeFixed64 = 1
	typeBytes   = TypeBytes
)

// TypeBytes is the type of messages, for who appends a key of constant bytes:
// field<<3 for varints, field<<3|TypeBytes for messages, of fields below 16.
const TypeBytes = 2

// key appends the key of a field whose value the caller appends. Fields end at
// [MaxField], so that where the field is a constant so are the bytes.
func key(b []byte, field, typ int) []byte {
	if field < 1<<4 {
		return append(b, byte(field<<3|typ))
	}
	return append(b, byte(field<<3|typ)|0x80, byte(field>>4))
}

// MaxField is the highest number of a field: what a key of two bytes can hold.
const MaxField = 1<<11 - 1

// Varint appends v without a key, as within a packed field.
func Varint(b []byte, v uint64) []byte {
	if v < 1<<7 {
		return append(b, byte(v))
	}
	return longVarint(b, v)
}

// longVarint is Varint for two bytes and more, apart so that Varint is inlined.
//
//go:noinline
func longVarint(b []byte, v uint64) []byte {
	if v < 1<<14 {
		return append(b, byte(v)|0x80, byte(v>>7))
	}
	if v < 1<<21 {
		return append(b, byte(v)|0x80, byte(v>>7)|0x80, byte(v>>14))
	}
	for v >= 1<<7 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// Uint appends a uint32, uint64, or enum field.
func Uint(b []byte, field int, v uint64) []byte {
	if field < 1<<4 && v < 1<<7 {
		return append(b, byte(field<<3), byte(v)) // of typeVarint
	}
	return longUint(b, field, v)
}

// longUint is Uint for three bytes and more, apart so that Uint is inlined.
//
//go:noinline
func longUint(b []byte, field int, v uint64) []byte {
	return Varint(key(b, field, typeVarint), v)
}

// Int appends an int32 or int64 field.
func Int(b []byte, field int, v int64) []byte {
	return Uint(b, field, uint64(v))
}

// Bool appends a bool field.
func Bool(b []byte, field int, v bool) []byte {
	if v {
		return Uint(b, field, 1)
	}
	return Uint(b, field, 0)
}

// Fixed64 appends a fixed64 field.
func Fixed64(b []byte, field int, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(key(b, field, typeFixed64), v)
}

// Double appends a double field.
func Double(b []byte, field int, v float64) []byte {
	return Fixed64(b, field, math.Float64bits(v))
}

// String appends a string field. It must be valid UTF-8.
func String(b []byte, field int, s string) []byte {
	return append(BytesHead(b, field, len(s)), s...)
}

// Bytes appends a bytes field, or a message that is already encoded.
func Bytes(b []byte, field int, v []byte) []byte {
	return append(BytesHead(b, field, len(v)), v...)
}

// BytesHead appends the key and the length of a bytes field, or of a message,
// whose n bytes the caller puts behind.
func BytesHead(b []byte, field, n int) []byte {
	return Varint(key(b, field, typeBytes), uint64(n))
}

// Open begins a nested message and returns where it begins, for [Close].
// Messages close in the reverse order of opening.
func Open(b []byte, field int) ([]byte, int) {
	b = append(key(b, field, typeBytes), 0)
	return b, len(b)
}

// Close ends the message that began at mark. One byte is set aside for its
// length, enough for most messages; a longer one is moved to make room.
func Close(b []byte, mark int) []byte {
	b[mark-1] = byte(len(b) - mark)
	if len(b)-mark < 1<<7 {
		return b
	}
	return closeLong(b, mark)
}

// closeLong is Close for longer messages, apart so that Close is inlined.
//
//go:noinline
func closeLong(b []byte, mark int) []byte {
	n := len(b) - mark
	var room [binary.MaxVarintLen64]byte
	extra := len(Varint(room[:0], uint64(n))) - 1
	b = append(b, room[:extra]...)
	copy(b[mark+extra:], b[mark:mark+n])
	Varint(b[:mark-1], uint64(n))
	return b
}
