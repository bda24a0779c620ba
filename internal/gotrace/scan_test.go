package gotrace

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestSkip passes over varints, some of them malformed or cut, as reading them
// one by one does.
func TestSkip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b []byte
		for range rnd.IntN(40) {
			switch rnd.IntN(20) {
			case 0:
				for range 8 + rnd.IntN(4) { // perhaps too long
					b = append(b, 0x80|byte(rnd.Uint32()))
				}
			default:
				b = binary.AppendUvarint(b, rnd.Uint64()>>rnd.IntN(64))
			}
		}
		n := rnd.IntN(50)
		fast, slow := scan{b: b}, scan{b: b}
		fast.skip(n)
		for range n {
			slow.uvarint()
		}
		if fast.off != slow.off || fast.err != slow.err {
			t.Fatalf("%d of %x: at %d (%v), want %d (%v)", n, b, fast.off, fast.err, slow.off, slow.err)
		}
	}
}

// TestFirst holds first against the reading of one number after the other: it
// may pass, but not differ.
func TestFirst(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	took := 0
	for range 20_000 {
		var b []byte
		for range 1 + rnd.IntN(12) {
			b = binary.AppendUvarint(b, rnd.Uint64()>>(24+rnd.IntN(40)))
		}
		n := rnd.IntN(6)
		fast, slow := scan{b: b}, scan{b: b}
		got, ok := fast.first(n)
		if !ok {
			continue
		}
		took++
		want := slow.uvarint()
		slow.skip(n)
		if got != want || fast.off != slow.off || slow.err != nil {
			t.Fatalf("%x: %d, then %d others, ends at %d; want %d, %d (%v)", b, got, n, fast.off, want, slow.off, slow.err)
		}
	}
	if took < 2000 {
		t.Errorf("only %d were read at once", took)
	}
}
