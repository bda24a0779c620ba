package wire

import (
	"bytes"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// TestFields reads every kind of field back with protowire.
func TestFields(t *testing.T) {
	for _, v := range []uint64{0, 1, 127, 128, 16383, 16384, 1 << 32, math.MaxUint64} {
		for _, field := range []int{1, 15, 16, 133, 2047} {
			n := protowire.Number(field)
			want := protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
			equal(t, "Uint", Uint(nil, field, v), want)
			equal(t, "Int", Int(nil, field, int64(v)), want)
			want = protowire.AppendFixed64(protowire.AppendTag(nil, n, protowire.Fixed64Type), v)
			equal(t, "Fixed64", Fixed64(nil, field, v), want)
			equal(t, "Double", Double(nil, field, math.Float64frombits(v)), want)
			s := string(make([]byte, v%20000))
			want = protowire.AppendString(protowire.AppendTag(nil, n, protowire.BytesType), s)
			equal(t, "String", String(nil, field, s), want)
			equal(t, "Bytes", Bytes(nil, field, []byte(s)), want)
		}
	}
	equal(t, "Bool", Bool(Bool(nil, 1, true), 2, false), []byte{8, 1, 16, 0})
}

// TestNesting opens three messages in one another, with every length around
// those at which a length takes one byte more.
func TestNesting(t *testing.T) {
	for _, n := range []int{0, 1, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 16370, 16380, 16383, 16384, 1 << 21} {
		pay := bytes.Repeat([]byte{0xA5}, n)
		b := []byte("before")
		b, m1 := Open(b, 1)
		b, m2 := Open(b, 200)
		b = Uint(b, 3, 9)
		b, m3 := Open(b, 4)
		b = append(b, pay...)
		b = Close(b, m3)
		b = Close(b, m2)
		b = Uint(b, 5, 7)
		b = Close(b, m1)

		in := protowire.AppendTag(nil, 3, protowire.VarintType)
		in = protowire.AppendVarint(in, 9)
		in = protowire.AppendTag(in, 4, protowire.BytesType)
		in = protowire.AppendBytes(in, pay)
		mid := protowire.AppendTag(nil, 200, protowire.BytesType)
		mid = protowire.AppendBytes(mid, in)
		mid = protowire.AppendTag(mid, 5, protowire.VarintType)
		mid = protowire.AppendVarint(mid, 7)
		want := protowire.AppendTag([]byte("before"), 1, protowire.BytesType)
		want = protowire.AppendBytes(want, mid)
		if !bytes.Equal(b, want) {
			t.Fatalf("nested payload of %d bytes: encodings differ", n)
		}
	}
}

func equal(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got % x, want % x", what, got, want)
	}
}
