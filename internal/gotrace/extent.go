package gotrace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// Extent returns the times of the first and the last Sync of a trace of so many
// bytes, in ns, as a Reader has them unless its times are squeezed. It decodes
// nothing in between: it looks at the heads of batches, and in each generation at
// the clock, the CPU samples and the last batch of each thread, whose events are
// the thread's last. A trace that is not whole is an error, also where a Reader
// would make up for it.
func Extent(r io.ReaderAt, size int64) (first, last int64, err error) {
	x := extent{r: io.NewSectionReader(r, 0, size), size: size, lanes: make(map[int64]span)}
	if err := x.header(); err != nil {
		return 0, 0, err
	}
	for {
		switch err := x.batch(); {
		case err == io.EOF:
			if !x.noted {
				return 0, 0, errors.New("no generation")
			}
			return x.first, x.last + 1, nil
		case err != nil:
			return 0, 0, err
		}
	}
}

// An extent goes from batch to batch.
type extent struct {
	r       io.ReaderAt
	off     int64
	size    int64
	version version

	gen   generation     // its clock and samples
	lanes map[int64]span // the last batch of each thread
	buf   [maxBatchSize]byte

	noted       bool
	first, last int64
}

// A span is where the events of a batch lie.
type span struct {
	time uint64 // ticks
	off  int64
	size int
}

func (x *extent) header() error {
	var head [headerSize]byte
	if n, err := x.r.ReadAt(head[:], 0); n < len(head) {
		return err // not nil: io.ReaderAt
	}
	if _, err := fmt.Sscanf(string(head[:]), "go 1.%d trace\x00\x00\x00", &x.version); err != nil {
		return err
	}
	if x.version < go122 || x.version > newest {
		return errors.New("not a format to look at the batches of")
	}
	x.off = headerSize
	return nil
}

// batch looks at the next batch. It returns io.EOF where the trace may end.
func (x *extent) batch() error {
	if x.off == x.size {
		if x.gen.num != 0 {
			switch {
			case x.version < go126:
				return x.finishAnd(io.EOF)
			case len(x.lanes) > 0 || len(x.gen.samples) > 0:
				return errCut
			}
			// The program was killed: see splitter.salvage.
		}
		return io.EOF
	}
	var buf [headSize + 1]byte
	head := buf[:min(headSize+1, x.size-x.off)]
	if n, err := x.r.ReadAt(head, x.off); n < len(head) {
		return err
	}
	h, err := parseHead(head)
	switch {
	case err != nil:
		return err
	case h.typ == evEndOfGeneration && x.version >= go126:
		x.off += int64(h.size)
		return x.finishAnd(nil)
	case h.gen == 0:
		return errNotBatch
	case h.gen != x.gen.num && x.gen.num != 0:
		if h.gen != x.gen.num+1 || x.version >= go126 {
			return errNotBatch
		}
		x.gen.bound.next = h.time
		if err := x.finish(); err != nil {
			return err
		}
	}
	g := &x.gen
	g.num = h.gen
	if g.minTime == 0 || h.time < g.minTime {
		g.minTime = h.time
	}
	at := span{h.time, x.off + int64(h.size), h.data}
	if x.off = at.off + int64(h.data); x.off > x.size {
		return errCut
	}
	if h.experiment || h.data == 0 {
		return nil
	}
	switch first := Type(head[h.size]); {
	case first == evStrings || first == evStacks:
		g.bound.written = max(g.bound.written, h.time)
		return nil
	case first == evCPUSamples:
		data, err := x.data(at)
		if err != nil {
			return err
		}
		return g.addSamples(data)
	case first == evFrequency && x.version < go125, first == evSyncBatch && x.version >= go125:
		data, err := x.data(at)
		if err != nil {
			return err
		}
		return g.setClock(data, h.time, x.version)
	}
	if last, ok := x.lanes[h.thread]; ok && h.time < last.time {
		return errClock
	}
	x.lanes[h.thread] = at
	return nil
}

func (x *extent) data(at span) ([]byte, error) {
	b := x.buf[:at.size]
	if n, err := x.r.ReadAt(b, at.off); n < len(b) {
		return nil, err
	}
	return b, nil
}

// finishAnd ends the generation, and returns then if nothing is wrong with it.
func (x *extent) finishAnd(then error) error {
	if err := x.finish(); err != nil {
		return err
	}
	return then
}

// finish ends the generation.
func (x *extent) finish() error {
	g := &x.gen
	if g.clock.freq == 0 {
		return errors.New("a generation has no clock frequency")
	}
	if g.clock.freq > maxTick || x.version == go122 && g.clock.freq < undivided {
		return errClock
	}
	g.setBound(strict)
	x.note(g.clock.nanoseconds(g.minTime))
	for _, s := range g.samples {
		if err := x.pass(g.clock.nanoseconds(uint64(s.time))); err != nil {
			return err
		}
	}
	for _, at := range x.lanes {
		if err := x.events(at); err != nil {
			return err
		}
	}
	if g.bound.misdated > 0 {
		return errClock
	}
	g.reset()
	clear(x.lanes)
	return nil
}

// events notes when the last event of a batch happened.
func (x *extent) events(at span) error {
	data, err := x.data(at)
	if err != nil {
		return err
	}
	t := x.gen.clock.nanoseconds(at.time)
	s := scan{b: data}
	for s.more() {
		n := argCounts[data[s.off]]
		if n == notTimed {
			return errors.New("no event where one is expected")
		}
		s.off++
		d, ok := s.first(int(n))
		if !ok {
			d = s.uvarint()
			s.skip(int(n))
		}
		dt := x.gen.clock.nanoseconds(d)
		if t += dt; dt < 0 || t < 0 {
			return errClock
		}
	}
	if s.err != nil {
		return s.err
	}
	return x.pass(t)
}

// pass takes note of the last time of a thread, if it can be.
func (x *extent) pass(t int64) error {
	if t < 0 || t > x.gen.bound.limit {
		return errClock
	}
	x.note(t)
	return nil
}

// first reads a number and passes over n others, if all lie within eight bytes.
func (s *scan) first(n int) (v uint64, ok bool) {
	if len(s.b)-s.off < 8 {
		return 0, false
	}
	w := binary.LittleEndian.Uint64(s.b[s.off:])
	v, _, size := take(w)
	ends := ^w & tops
	for range n {
		ends &= ends - 1
	}
	if size > 3 || ends == 0 {
		return 0, false
	}
	s.off += bits.TrailingZeros64(ends)>>3 + 1
	return v, true
}

// note takes note of a time. The first is that of the first Sync.
func (x *extent) note(t int64) {
	if !x.noted {
		x.noted, x.first, x.last = true, t, t
	}
	x.last = max(x.last, t)
}
