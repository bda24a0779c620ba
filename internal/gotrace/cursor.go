package gotrace

// maxEventSize is the most bytes that an event has.
const maxEventSize = 1 + 10*(1+maxArgs)

// A cursor goes through the events of a thread.
type cursor struct {
	thread *thread
	gen    *generation
	chunk  *chunk // where the current batch lies
	off    int    // of the event after the current one, when its arguments have been read
	end    int    // of the batch
	base   int64  // time of the current event
	limit  int64  // that no event of the batch can have: see bound
	rest   []batch

	// The current event: its type, and where it and its arguments begin.
	typ   Type
	start int
	arg   int
	args  [maxArgs]uint64 // see all
}

// A place where a cursor comes to.
type stop uint8

const (
	atEvent stop = iota
	atBatch      // the first event of a batch
	atEnd
	atMalformed // what comes is no event; start is where it begins
)

// next goes to the next event.
func (c *cursor) next() stop {
	if c.off == c.end {
		return c.nextBatch()
	}
	off := c.off
	c.start = off
	w := c.chunk.eight(off)
	typ := Type(w)
	dt, _, n := take(w >> 8)
	if n > quick || c.end-off < maxEventSize || argCounts[typ] == notTimed {
		return c.nextSlow()
	}
	c.typ = typ
	c.arg = off + 1 + n
	c.off = c.arg
	c.base += c.gen.clock.nanoseconds(dt)
	return atEvent
}

// quick is how many bytes the time of an event has, since the one before it, if
// that need not be looked at: less than a fifth of a second. The slower path is
// fast enough for those that wait so long.
const quick = 3

// nextSlow is next for an event near to the end of its batch, or that is none,
// or of long numbers.
func (c *cursor) nextSlow() stop {
	typ := Type(c.chunk[c.off])
	if argCounts[typ] == notTimed {
		return atMalformed
	}
	var numbers [1 + maxArgs]uint64
	arg := c.numbers(c.off+1, numbers[:1])
	if arg > c.end || c.numbers(arg, numbers[1:][:argCounts[typ]]) > c.end {
		return atMalformed
	}
	c.typ = typ
	c.arg = arg
	c.off = arg
	return c.pass(c.gen.clock.nanoseconds(numbers[0]))
}

// nextBatch goes to the first event of the next batch.
func (c *cursor) nextBatch() stop {
	if len(c.rest) == 0 {
		return atEnd
	}
	b := &c.rest[0]
	c.rest = c.rest[1:]
	c.chunk, c.off, c.end = c.gen.chunks[b.chunk], int(b.off), int(b.off+b.size)
	c.start = c.off
	if !c.enter(b) || c.nextSlow() == atMalformed {
		return atMalformed
	}
	return atBatch
}
