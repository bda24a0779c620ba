package gotrace

import (
	"errors"
	"fmt"
	"io"
)

// A version is the NN of a trace's header "go 1.NN".
type version int

// Versions that changed the frame of the format. Go 1.23 only added events.
const (
	go122 version = 22
	go125 version = 25 // clock readings, in a batch at the beginning
	go126 version = 26 // an explicit end of each generation

	newest = go126
)

// headSize is the most bytes before the data of a batch.
const headSize = 2 + 4*10

// A batchHead is what precedes the data of a batch.
type batchHead struct {
	typ        Type
	experiment bool
	gen        uint64
	thread     int64
	time       uint64
	size       int // of the head
	data       int // of what follows
}

var (
	errCut       = errors.New("the trace is cut off within a batch")
	errNotBatch  = errors.New("no batch where one is expected")
	errBatchSize = fmt.Errorf("a batch is larger than %d bytes", maxBatchSize)
)

// parseHead reads the head of a batch from the start of b, which must be
// complete. It returns errCut if b ends too early.
func parseHead(b []byte) (h batchHead, err error) {
	h.typ = Type(b[0])
	off := 1
	switch h.typ {
	case evEndOfGeneration:
		h.size = 1
		return h, nil
	case evEventBatch:
	case evExperimentalBatch:
		h.experiment = true
		off = 2
		if len(b) < 2 {
			return h, errCut
		}
	default:
		return h, errNotBatch
	}
	var v [4]uint64
	for i := range v {
		x, n := uvarint(b[off:])
		if n == 0 {
			if len(b) < off+10 {
				return h, errCut
			}
			return h, errNotBatch
		}
		v[i] = x
		off += n
	}
	if v[3] > maxBatchSize {
		return h, errBatchSize
	}
	h.gen, h.thread, h.time, h.data = v[0], int64(v[1]), v[2], int(v[3])
	h.size = off
	return h, nil
}

// A splitter takes the generations out of a trace.
type splitter struct {
	*input
	version version
	state   *state // for its threads
	gen     generation
	limit   int64 // bytes of a generation

	damage    int64  // where in the input what ended the reading begins
	frequency uint64 // of the last generation
	cuts      int64
	lost      int64 // bytes
	spoilt    int64 // batches of tables, and ids
	misdated  int64 // events of generations before

	before batch  // the last one of the generation
	text   string // the first that was found where data should be
}

// next reads the next generation. It returns io.EOF if the trace ends, and for
// a generation that is whole, but followed by something that is none, that
// error together with a generation: after is to be reported later.
func (s *splitter) next() (g *generation, after, err error) {
	s.release()
	s.misdated += s.gen.bound.misdated
	s.gen.reset()
	g = &s.gen
	g.offset = s.offset()
	s.damage = g.offset
	for {
		h, err := s.head()
		switch {
		case err == io.EOF && s.version >= go126:
			if len(g.lanes) > 0 {
				return nil, nil, errors.New("the last generation has no end")
			}
			return nil, nil, io.EOF
		case err == io.EOF && g.num == 0 && g.offset > headerSize:
			return nil, nil, io.EOF
		case err == io.EOF:
			return g, nil, s.check()
		case err != nil && g.num != 0 && s.version < go126:
			// There is no mark at the end: this may be of the next one.
			s.damage = s.offset()
			return g, err, s.check()
		case err != nil:
			return nil, nil, err
		}
		if h.typ == evEndOfGeneration && s.version >= go126 {
			s.pos += h.size
			return g, nil, s.check()
		}
		if h.gen == 0 {
			return nil, nil, errors.New("generation number 0")
		}
		if g.num == 0 {
			g.num = h.gen
		}
		if h.gen == g.num+1 && s.version < go126 {
			g.bound.next = h.time
			return g, nil, s.check()
		}
		if h.gen != g.num {
			return nil, nil, fmt.Errorf("generation %d within generation %d", h.gen, g.num)
		}
		if err := s.add(h); err != nil {
			return nil, nil, err
		}
		if s.offset()-g.offset > s.limit {
			return nil, nil, fmt.Errorf("generation %d has more than %d bytes", g.num, s.limit)
		}
	}
}

// head returns the head of the next batch, whose data has been read, but does
// not take it.
func (s *splitter) head() (batchHead, error) {
	b := s.fill(headSize)
	if len(b) == 0 {
		return batchHead{}, s.err
	}
	h, err := parseHead(b)
	switch {
	case err == nil && len(s.fill(h.size+h.data)) < h.size+h.data:
		err = errCut
	case err == nil:
		return h, nil
	}
	if err == errCut && s.err != nil && s.err != io.EOF {
		err = s.err
	}
	return h, err
}

// add takes a batch into the generation.
func (s *splitter) add(h batchHead) error {
	g := &s.gen
	if g.minTime == 0 || h.time < g.minTime {
		g.minTime = h.time
	}
	chunk, off := s.last(), s.pos+h.size
	data := s.chunks[chunk][off : off+h.data]
	s.pos += h.size + h.data
	s.before = batch{chunk: uint32(chunk), off: uint32(off), size: uint32(h.data)}
	if h.experiment {
		s.before = batch{}
		return nil // in a format of its own
	}
	var first Type
	if len(data) > 0 {
		first = Type(data[0])
	}
	switch {
	case first == evStrings:
		g.bound.written = max(g.bound.written, h.time)
		return g.addStrings(data, chunk, off)
	case first == evStacks:
		g.bound.written = max(g.bound.written, h.time)
		return g.addStacks(data, chunk, off)
	case first == evCPUSamples:
		return g.addSamples(data)
	case first == evFrequency && s.version < go125, first == evSyncBatch && s.version >= go125:
		return g.setClock(data, h.time, s.version)
	}
	l := g.lane(s.state.thread(h.thread))
	if len(data) > 0 {
		l.batches = append(l.batches, batch{time: h.time, chunk: uint32(chunk), off: uint32(off), size: uint32(h.data)})
	}
	return nil
}

// check looks at a complete generation as the oracle does.
func (s *splitter) check() error {
	g := &s.gen
	switch {
	case g.clock.freq == 0:
		return errors.New("a generation has no clock frequency")
	case s.version >= go125 && !g.clock.snap:
		return errors.New("a generation has no clock reading")
	}
	return nil
}
