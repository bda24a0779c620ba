package gotrace

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestArguments reads arguments of all lengths by eight bytes at a time and one
// by one.
func TestArguments(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	types := [maxArgs + 1]Type{1: EvGoLabel, 2: EvGoBlock, 3: EvGoUnblock, 4: EvUserLog}
	b := new(chunk)
	for range 50_000 {
		for i := range 100 {
			b[i], b[chunkSize-1-i] = byte(rnd.Uint32()), byte(rnd.Uint32())
		}
		n := 1 + rnd.IntN(maxArgs)
		var numbers []byte
		for range n {
			numbers = binary.AppendUvarint(numbers, rnd.Uint64()>>rnd.IntN(64))
		}
		if rnd.IntN(10) == 0 {
			numbers[rnd.IntN(len(numbers))] |= 0x80 // perhaps too long
		}
		at := rnd.IntN(50)
		if rnd.IntN(2) == 0 {
			at = chunkSize - len(numbers) // at the very end
		}
		copy(b[at:], numbers)
		c := cursor{chunk: b, typ: types[n], arg: at, end: chunkSize + padding}
		wantOK := c.all()
		want, end := c.args, c.off
		var got [maxArgs]uint64
		var ok bool
		c.off, c.args = at, got
		switch n {
		case 1:
			got[0], ok = c.one()
		case 2:
			got[0], got[1], ok = c.two()
		case 3:
			got[0], got[1], got[2], ok = c.three()
		case 4:
			got[0], got[1], got[2], got[3], ok = c.four()
		}
		if ok != wantOK || ok && (got != want || c.off != end) {
			t.Fatalf("%x: %x (%v) up to %d, want %x (%v) up to %d", numbers, got, ok, c.off-at, want, wantOK, end-at)
		}
	}
}

// TestNumberTooLong has an event in the middle of a batch whose argument does not
// fit into 64 bits: the rest of the batch is lost, and said to be.
func TestNumberTooLong(t *testing.T) {
	batch := func(data ...byte) []byte {
		b := []byte{byte(evEventBatch), 1, 7, 1} // generation, thread, time
		return append(binary.AppendUvarint(b, uint64(len(data))), data...)
	}
	events := []byte{byte(EvProcStatus), 1, 0, byte(procRunning)}
	for range 20 {
		events = append(events, byte(EvHeapAlloc), 1, 5)
	}
	good := len(events)
	events = append(events, byte(EvGoUnblock), 1)
	events = append(events, bytes.Repeat([]byte{0x80}, 10)...)
	events = append(events, 1, 1, 0)
	for range 40 {
		events = append(events, byte(EvHeapAlloc), 1, 5)
	}
	data := append([]byte("go 1.22 trace\x00\x00\x00"), batch(events...)...)
	data = append(data, batch(append([]byte{byte(evFrequency)}, binary.AppendUvarint(nil, 1e9)...)...)...)

	read := func(strict bool) (allocs int, report Report, err error) {
		r, err := NewReader(bytes.NewReader(data), Options{Strict: strict})
		for err == nil {
			var evs []Event
			evs, err = r.Next()
			for _, e := range evs {
				if e.Type == EvHeapAlloc {
					allocs++
				}
			}
		}
		return allocs, r.Report(), err
	}
	allocs, report, err := read(false)
	if allocs != 20 || report.Lost != int64(len(events)-good) || report.Repaired+report.Dropped != 0 || err != io.EOF {
		t.Errorf("%d events, %+v, %v; want 20, and %d bytes lost", allocs, report, err, len(events)-good)
	}
	if _, _, err := read(true); err == nil || !strings.Contains(err.Error(), "is no event") {
		t.Errorf("strict: %v", err)
	}
}

// TestRules has a rule for every type of event, and for no other.
func TestRules(t *testing.T) {
	for typ := range rules {
		if timed := argCounts[typ] != notTimed; timed != (rules[typ] != nil) {
			t.Errorf("type %d: an event: %v; has a rule: %v", typ, timed, rules[typ] != nil)
		}
	}
}
