package gotrace

import (
	"bytes"
	"errors"
	"io"
)

// salvage reads the next generation as next does, but takes from the input all
// that it has: of a generation that is cut, the whole events that are there,
// and what follows after bytes that are no batch.
func (s *splitter) salvage() (g *generation, after, err error) {
	s.release()
	s.misdated += s.gen.bound.misdated
	s.gen.reset()
	g = &s.gen
	g.offset = s.offset()
	s.before = batch{}
	for {
		h, err := s.head()
		switch {
		case err == io.EOF && g.num == 0:
			return nil, nil, io.EOF
		case err == io.EOF && len(g.lanes) == 0 && len(g.samples) == 0 && s.version >= go126:
			// The program was killed: of its last moments, nothing but the
			// clock was written.
			return nil, nil, io.EOF
		case err == io.EOF:
			s.complete(false)
			s.damage = s.offset()
			if g.cut {
				after = errNoEnd
			}
			return g, after, nil
		case err == errNotBatch || err == errBatchSize || err == nil && h.gen == 0 && h.typ != evEndOfGeneration:
			if err = s.resync(); err == nil {
				continue
			}
		case err == nil:
			if s.offset()+int64(h.size+h.data)-g.offset > s.limit {
				err = errLimit
				s.damage = s.offset()
			}
		case g.num != 0 && h.size > 0 && h.gen != g.num:
			s.complete(false)
			return g, nil, nil // and what there is of the next one later
		default:
			s.addCut(h)
		}
		if err != nil {
			if g.num == 0 {
				return nil, nil, err
			}
			s.complete(err != errNotBatch)
			return g, err, nil
		}
		switch {
		case h.typ == evEndOfGeneration:
			s.pos += h.size
			if g.num != 0 {
				s.complete(true)
				return g, nil, nil
			}
			continue
		case g.num != 0 && h.gen != g.num:
			next, ok := s.following(h)
			switch {
			case !ok && h.gen == g.num+1 && h.time > g.minTime:
				// The first of the next generation, with text behind it, say.
				g.bound.next = h.time
				s.complete(false)
				return g, nil, nil
			case !ok:
				if err := s.resync(); err != nil {
					s.complete(false)
					return g, err, nil
				}
			case h.gen > g.num && next != g.num:
				g.bound.next = h.time
				s.complete(false)
				return g, nil, nil
			default: // it came too late, or its head is damaged
				s.lost += int64(h.size + h.data)
				s.pos += h.size + h.data
			}
			continue
		}
		g.num = h.gen
		if err := s.add(h); err != nil {
			s.spoilt++
		}
	}
}

var (
	errNoEnd = errors.New("the trace ends within a generation")
	errLimit = errors.New("the generation has too many bytes")
)

// defaultFrequency is what the runtime has where it takes its times from
// nanotime, cut off to 64 ns (runtime/tracetime.go).
const defaultFrequency = 1e9 / 64

// complete looks whether the generation is whole, and makes up for what is
// missing. ended says that its end has been seen, or that it was not reached.
func (s *splitter) complete(ended bool) {
	g := &s.gen
	g.chunks = s.chunks
	switch {
	case s.version >= go126:
		g.cut = !ended || g.cut
	case s.version >= go125:
		g.cut = g.cut || len(g.strings.items) == 0 && g.gaveReasons()
	default:
		g.cut = g.cut || g.clock.freq == 0
	}
	if g.cut {
		s.cuts++
	}
	if g.clock.freq == 0 || g.clock.freq > maxTick {
		g.bound.guessed = g.clock.freq != 0
		if s.frequency == 0 {
			s.frequency = defaultFrequency
		}
		g.clock.setFrequency(s.frequency)
	}
	s.frequency = uint64(1e9/g.clock.freq + .5)
}

// gaveReasons reports whether a goroutine stopped for a reason: it is among the
// strings that the runtime writes at the end of the generation.
func (g *generation) gaveReasons() bool {
	g.bound.off = true // whatever the times are
	for _, l := range g.lanes {
		for _, b := range l.batches {
			c := cursor{gen: g, rest: []batch{b}}
			for s := c.next(); s == atEvent || s == atBatch; s = c.next() {
				if c.typ == EvGoBlock || c.typ == EvGoStop {
					return true
				}
				c.all()
			}
		}
	}
	return false
}

// addCut takes what there is of the last batch.
func (s *splitter) addCut(h batchHead) {
	g := &s.gen
	g.cut = true
	s.damage = s.offset()
	there := s.end - s.pos
	if h.size == 0 || h.gen != g.num && g.num != 0 || h.gen == 0 || there < h.size {
		s.pos = s.end
		return
	}
	g.num = h.gen
	h.data = there - h.size
	if h.data > 0 && argCounts[s.chunks[s.last()][s.pos+h.size]] != notTimed {
		s.damage = s.offset() + int64(h.size+h.data) // but see skip
	}
	s.add(h) // up to where it is cut
}

// following returns the generation of the batch that follows on h; h's own if
// there is none, or it does not say. It reports false if something else
// follows.
func (s *splitter) following(h batchHead) (gen uint64, ok bool) {
	n := h.size + h.data
	b := s.fill(n + headSize)
	if len(b) <= n {
		return h.gen, true
	}
	next, err := parseHead(b[n:])
	switch {
	case err == errCut || err == nil && next.typ == evEndOfGeneration:
		return h.gen, true
	case err != nil || next.gen == 0:
		return 0, false
	}
	return next.gen, true
}

// resync skips bytes that are no batch. It returns errNotBatch, and skips
// none, if no batch follows that could be of this trace.
func (s *splitter) resync() error {
	b := s.fill(headSize)
	s.damage = s.offset()
	before, first := s.lost, s.last()
	var skipped skipped
	for ; len(b) > 0; b = s.fill(headSize) {
		if first+1 < s.last() {
			first++
			s.drop(first) // nothing in it was a batch
		}
		if bytes.HasPrefix(b, []byte("go 1.")) {
			break // a trace of its own
		}
		if s.resumes(b, &skipped) {
			s.noteText(&skipped)
			return nil
		}
		skipped.add(b[0])
		s.pos++
		s.lost++
	}
	s.noteText(&skipped)
	s.lost = before // that is not within the trace
	return errNotBatch
}

// resumes reports whether the trace goes on with b, what comes next, after bytes
// were skipped.
func (s *splitter) resumes(b []byte, skipped *skipped) bool {
	switch {
	case b[0] == byte(evEventBatch):
		h, err := s.head()
		return err == nil && s.plausible(h)
	case b[0] != byte(evEndOfGeneration) || s.version < go126 || s.gen.num == 0 || !skipped.isLine():
		return false // a digit of text, or anything
	case len(b) == 1:
		return s.err == io.EOF
	}
	next, err := parseHead(b[1:])
	return err == nil && next.gen == s.gen.num+1
}

// plausible reports whether h, after bytes that were none, is the head of a
// batch of this trace: another one or its end has to follow. Batches come in no
// order of their times, but those are large numbers, close to one another.
func (s *splitter) plausible(h batchHead) bool {
	g := &s.gen
	if h.gen == 0 || h.data == 0 || g.num != 0 && h.gen-g.num > 1 || h.time < g.minTime-g.minTime/8 {
		return false
	}
	gen, ok := s.following(h)
	return ok && gen-h.gen <= 1
}
