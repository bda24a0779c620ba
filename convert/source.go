package convert

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A source is the seam to the decoders: it gives plain events, whichever of
// them reads the trace, and tells what is lost.
type source struct {
	header  header
	runKey  [32]byte
	framing *framing
	decoder decoder
	name    string // of the decoder, and how it decodes

	events      int64 // read so far
	syncs       int64 // of them
	generations int64
	inside      bool // a generation
	last        Time // of the last event
	adjusted    int64
}

// A decoder reads the events of a trace.
type decoder interface {
	// read reads the next event into ev. The Sync that ends the trace is an
	// evEnd; after it, read returns io.EOF, or what is wrong with the rest.
	read(ev *event) error

	// prelude appends events that announce what was there when the generation
	// began whose Sync was read last, if it is the first: at that time, whatever
	// theirs. Procs come first, then goroutines, both in the order of their ids,
	// then ranges. What they announce may be announced again later.
	prelude(to []event) []event

	// repairs returns what was wrong so far and could be told all the same.
	repairs() Repairs

	// factor returns what times were multiplied by, 0 if they were not: see
	// Trace.Factor.
	factor() int64

	// damage returns where in the input that begins which ended the reading,
	// if it is known more closely than by generation.
	damage() (offset int64, ok bool)
}

// runKeySize is how much of a trace identifies the run: more than any trace
// has before its first clock reading and pseudo-random times.
const runKeySize = 64 << 10

// newSource reads the head of a trace; of a v1 trace (before Go 1.22), all.
func newSource(r io.Reader, o *Options, stacks *stacks) (*source, error) {
	br := bufio.NewReaderSize(r, runKeySize)
	head, err := br.Peek(runKeySize)
	if err != nil && err != io.EOF {
		if len(head) < headerSize {
			return nil, &InputError{Err: fmt.Errorf("reading the input: %w", err)}
		}
		// The error comes up again when the decoder gets there.
	}
	lenient := o.Decoder.own() && !o.StrictDecode && !o.AsGo
	h, err := parseHeader(head, lenient)
	if err != nil {
		return nil, err
	}
	s := &source{
		header:  h,
		runKey:  sha256.Sum256(head),
		framing: newFraming(br, h),
	}
	if o.Decoder.own() && h.generational() {
		s.decoder, err = newOwnDecoder(s.framing, h, o, stacks)
		if s.name = "own"; !lenient {
			s.name = "own, strict"
		}
	} else {
		var x *xDecoder
		in := newInterner(stacks)
		x, err = newXDecoder(s.framing, h, in)
		s.decoder = newAhead(x, in)
		s.name = "x"
	}
	if err != nil {
		return nil, s.undecodable(err)
	}
	return s, nil
}

// behind returns the loss of what follows a trace that is whole, if something does:
// see [Run].
func (s *source) behind() *Loss {
	err := s.framing.err
	if err == nil || !isTrailing(err) {
		return nil
	}
	return &Loss{Err: err, Offset: s.framing.off}
}

// undecodable says why the decoder can make nothing of the trace, given its error.
func (s *source) undecodable(err error) error {
	f := s.framing
	text := firstLine(err)
	is := func(phrase string) bool { return strings.Contains(text, phrase) }
	switch {
	case f.err != nil && !isTrailing(f.err):
		text = firstLine(f.err)
	case f.v2:
	case f.legacy.within() && (is("EOF") || is("varint")):
		return &InputError{Err: fmt.Errorf("this %v trace is cut off within an event, and cannot be decoded without its end", s.header), hint: cutHint}
	case !f.legacy.stopped && (is("no EvFrequency event") || is("no consistent ordering")):
		return &InputError{Err: fmt.Errorf("this %v trace has no end, without which it cannot be decoded", s.header), hint: stopHint}
	}
	return &InputError{
		Err:  fmt.Errorf("this %v trace cannot be decoded: %s", s.header, text),
		hint: "traces before Go 1.22 can only be read whole: is this one complete?",
	}
}

// read reads the next event into ev. It returns io.EOF after the Sync that
// ends the trace, which it reports as evEnd.
func (s *source) read(ev *event) error {
	if err := s.decoder.read(ev); err != nil {
		return err
	}
	if uint64(ev.time) > maxTime {
		return errTime
	}
	if ev.kind == evSync || ev.kind == evEnd {
		s.syncs++
		if s.inside = ev.kind == evSync; s.inside {
			s.generations++
		}
	}
	if ev.moved {
		s.adjusted++
	}
	s.events++
	s.last = ev.time
	return nil
}

// skip passes events that come next on to gs, if they are transitions before
// until that the decoder can pass on by itself. It uses ev.
func (s *source) skip(gs *goroutines, until Time, ev *event) {
	if d, ok := s.decoder.(*ownDecoder); ok {
		s.events += int64(d.skip(gs, until, ev))
		s.last = d.last
	}
}

// maxTime is later than any time that a clock shows, in ns: 146 years after it
// was started. Decoders that take times as they are can come to later ones, and
// past the largest number to negative ones.
const maxTime = 1 << 62

var errTime = errors.New("an event has a time that cannot be")

// loss turns the error that ended the reading into what the user needs to
// know. It reads the rest of the input. start is when the trace began.
func (s *source) loss(err error, start Time) *Loss {
	n := int(s.generations) // the generation that the loss begins with
	if !s.inside {
		n++
	}
	offset, begun := s.framing.start(n) // which the rest may have forgotten
	s.framing.rest()
	if !begun {
		if offset, begun = s.framing.start(n); !begun {
			offset = s.framing.end()
		}
	}
	what, hint := s.framing.tail()
	l := &Loss{Broken: s.inside}
	switch {
	case s.inside:
		l.Err = fmt.Errorf("after event %d (t=%v, generation %d): %s",
			s.events, s.last.Sub(start), n, firstLine(err))
	case what != "":
		l.Err, l.Hint = errors.New(what), hint
	default:
		l.Err = fmt.Errorf("generation %d cannot be decoded: %s", n, firstLine(err))
	}
	if at, ok := s.decoder.damage(); ok {
		l.Offset = at
		l.Bytes = s.framing.off - at
	} else if s.header.generational() {
		l.Offset = offset
		l.Bytes = s.framing.off - l.Offset
	}
	return l
}

// firstLine returns the text of a decoder's error without the dump of its
// state that may follow.
func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimSuffix(strings.TrimSpace(text), ":")
}
