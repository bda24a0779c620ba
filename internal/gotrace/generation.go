package gotrace

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// A generation is what lies in the chunks of one generation.
type generation struct {
	num     uint64
	offset  int64 // of its first batch in the input
	minTime uint64
	lanes   []lane // of events, in the order of their first batches
	strings table
	stacks  table
	samples []sample
	clock   ticks
	cut     bool     // it is not complete
	chunks  []*chunk // where it lies
	bound   bound    // of its times

	texts []string // by slot of strings, and more; see text
	known []bool   // which texts are set
	stack []uint32 // by slot of stacks: number, or 0 if not known yet

	direct []uint32 // stack, if slots are ids
}

// A lane is a thread's stream of events.
type lane struct {
	thread  *thread
	batches []batch
}

// A batch is where the events of a batch lie.
type batch struct {
	time  uint64 // ticks
	chunk uint32
	off   uint32
	size  uint32
}

// A sample is a CPU sample.
type sample struct {
	time  int64 // ticks, then ns
	m     int64
	g     int64
	stack uint64
	p     int32
}

// ticks is the clock of a generation.
type ticks struct {
	freq    float64 // ns per tick; 0 if not known
	whole   uint64  // the same, if it is a whole number, for
	limit   uint64  // less than so many ticks; 0 if it is not
	snap    bool    // there is a reading
	trace   uint64  // ticks
	mono    uint64
	sec, ns uint64
}

// exact is the most ticks that, times whole, are exact in a float64 as well.
const exact = 1 << 40

// nanoseconds converts ticks as Go does (a float64 product, cut off).
func (c *ticks) nanoseconds(t uint64) int64 {
	if t < c.limit {
		return int64(t * c.whole)
	}
	return int64(float64(t) * c.freq)
}

func (c *ticks) setFrequency(perSecond uint64) {
	c.freq = 1 / (float64(perSecond) / 1e9)
	c.whole, c.limit = 0, 0
	if w := uint64(c.freq); c.freq >= 1 && c.freq <= 1<<12 && float64(w) == c.freq {
		c.whole, c.limit = w, exact
	}
}

func (g *generation) reset() {
	g.num, g.minTime, g.cut = 0, 0, false
	g.bound = bound{}
	g.lanes = g.lanes[:0]
	g.strings.reset()
	g.stacks.reset()
	g.samples = g.samples[:0]
	g.clock = ticks{}
}

// lane returns the lane of a thread.
func (g *generation) lane(t *thread) *lane {
	if t.lane < len(g.lanes) && g.lanes[t.lane].thread == t {
		return &g.lanes[t.lane]
	}
	t.lane = len(g.lanes)
	if t.lane < cap(g.lanes) {
		g.lanes = g.lanes[:t.lane+1] // with the room of an earlier generation's
	} else {
		g.lanes = append(g.lanes, lane{})
	}
	l := &g.lanes[t.lane]
	l.thread, l.batches = t, l.batches[:0]
	return l
}

// A scan reads varints one after the other. After an error, they are 0.
type scan struct {
	b   []byte
	off int
	err error
}

var errVarint = errors.New("malformed number")

func (s *scan) uvarint() uint64 {
	if s.off < len(s.b) && s.b[s.off] < 0x80 {
		s.off++
		return uint64(s.b[s.off-1])
	}
	return s.uvarintSlow()
}

func (s *scan) uvarintSlow() uint64 {
	if b := s.b[s.off:]; len(b) >= 3 && b[1] < 0x80 {
		s.off += 2
		return uint64(b[0]&0x7f) | uint64(b[1])<<7
	}
	v, n := uvarint(s.b[s.off:])
	if n == 0 {
		if s.err == nil {
			s.err = errVarint
		}
		s.off = len(s.b)
		return 0
	}
	s.off += n
	return v
}

// tops are the top bits of eight bytes: that of a varint's last byte is clear.
const tops = 0x8080808080808080

// skip passes over n varints, whatever they are, eight bytes at a time where it
// can.
func (s *scan) skip(n int) {
	run := 0 // bytes of the current one so far
	for n >= 8 && len(s.b)-s.off >= 8 {
		ends := ^binary.LittleEndian.Uint64(s.b[s.off:]) & tops
		if ends == 0 || run+bits.TrailingZeros64(ends)>>3 >= 9 {
			break // it may be too long
		}
		run = bits.LeadingZeros64(ends) >> 3
		n -= bits.OnesCount64(ends)
		s.off += 8
	}
	s.off -= run
	for ; n > 0 && s.err == nil; n-- {
		s.uvarint()
	}
}

func (s *scan) more() bool { return s.err == nil && s.off < len(s.b) }

// is reads a byte, which has to be t.
func (s *scan) is(t Type) {
	if Type(s.b[s.off]) != t && s.err == nil {
		s.err = fmt.Errorf("type %d where %d is expected", s.b[s.off], t)
	}
	s.off++
}

// addStrings adds the strings of a batch, whose data lies at off in a chunk.
func (g *generation) addStrings(data []byte, chunk, off int) error {
	s := scan{b: data, off: 1}
	for s.more() {
		s.is(evString)
		id := s.uvarint()
		at := newPlace(chunk, off+s.off)
		size := s.uvarint()
		switch {
		case s.err != nil:
		case size > maxStringSize:
			s.err = fmt.Errorf("string %d is %d bytes long", id, size)
		case size > uint64(len(data)-s.off):
			s.err = fmt.Errorf("string %d is cut", id)
		default:
			s.off += int(size)
			g.strings.add(id, at)
		}
	}
	return inBatch("strings", s.err)
}

// addStacks adds the stacks of a batch.
func (g *generation) addStacks(data []byte, chunk, off int) error {
	s := scan{b: data, off: 1}
	for s.more() {
		s.is(evStack)
		id := s.uvarint()
		at := newPlace(chunk, off+s.off)
		frames := s.uvarint()
		if frames > maxFrames {
			s.err = fmt.Errorf("stack %d has %d frames", id, frames)
		}
		s.skip(4 * int(min(frames, maxFrames)))
		if s.err == nil {
			g.stacks.add(id, at)
		}
	}
	return inBatch("stacks", s.err)
}

// addSamples adds the CPU samples of a batch.
func (g *generation) addSamples(data []byte) error {
	s := scan{b: data, off: 1}
	for s.more() {
		s.is(EvCPUSample)
		sm := sample{time: int64(s.uvarint()), m: int64(s.uvarint())}
		p := int64(s.uvarint())
		sm.g = int64(s.uvarint())
		sm.stack = s.uvarint()
		if sm.p = int32(p); int64(sm.p) != p {
			sm.p = None
		}
		if sm.g == 0 {
			sm.g = None
		}
		if s.err == nil {
			g.samples = append(g.samples, sm)
		}
	}
	return inBatch("CPU samples", s.err)
}

// setClock reads a sync batch, which begins at base.
func (g *generation) setClock(data []byte, base uint64, v version) error {
	s := scan{b: data}
	if v >= go125 {
		s.is(evSyncBatch)
	}
	for s.more() {
		switch t := Type(data[s.off]); {
		case t == evFrequency:
			s.off++
			f := s.uvarint()
			switch {
			case s.err != nil:
			case g.clock.freq != 0:
				s.err = errors.New("two frequencies")
			default:
				g.clock.setFrequency(f)
			}
		case t == evClockSnapshot && v >= go125:
			s.off++
			c := g.clock
			c.trace = base + s.uvarint()
			c.mono, c.sec, c.ns = s.uvarint(), s.uvarint(), s.uvarint()
			switch {
			case s.err != nil:
			case c.snap:
				s.err = errors.New("two clock readings")
			default:
				base = c.trace
				c.snap = true
				g.clock = c
			}
		default:
			s.err = fmt.Errorf("type %d is neither frequency nor clock reading", t)
		}
	}
	return inBatch("clock", s.err)
}

func inBatch(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("in a batch of the generation's %s: %w", what, err)
}

// build makes the generation ready for its events. Its strings are built already.
func (g *generation) build() {
	g.stacks.build()
	n := g.strings.slots()
	clear(g.texts) // lets go of the strings of the generation before
	g.texts = slices.Grow(g.texts[:0], n)[:n]
	g.known = slices.Grow(g.known[:0], n)[:n]
	clear(g.known)
	g.known[0] = true
	n = g.stacks.slots()
	g.stack = slices.Grow(g.stack[:0], n)[:n]
	clear(g.stack)
	if g.direct = g.stack; g.stacks.sparse {
		g.direct = nil
	}
	for i := range g.samples {
		s := &g.samples[i]
		s.time = g.clock.nanoseconds(uint64(s.time))
	}
	g.boundSamples()
	// Not a stable sort, lest equal times come in another order than the
	// oracle's.
	slices.SortFunc(g.samples, func(a, b sample) int { return cmp.Compare(a.time, b.time) })
}
