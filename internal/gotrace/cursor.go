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
	rest   []batch
	begin  int   // of the batch
	before int64 // the latest time of the batches before it

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
	atEnd
	atMalformed // what comes is no event; start is where it begins
)

// next goes to the next event.
func (c *cursor) next() stop {
	if c.off == c.end && !c.nextBatch() {
		return atEnd
	}
	off := c.off
	c.start = off
	w := c.chunk.eight(off)
	typ := Type(w)
	dt, _, n := take(w >> 8)
	if n > 7 || c.end-off < maxEventSize || argCounts[typ] == notTimed {
		return c.nextSlow()
	}
	c.typ = typ
	c.arg = off + 1 + n
	c.off = c.arg
	c.base += c.gen.clock.nanoseconds(dt)
	return atEvent
}

// latest returns the latest time of all events, at the end.
func (c *cursor) latest() int64 { return max(c.before, c.base) }

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
	c.base += c.gen.clock.nanoseconds(numbers[0])
	return atEvent
}

func (c *cursor) nextBatch() bool {
	if len(c.rest) == 0 {
		return false
	}
	c.before = max(c.before, c.base)
	b := &c.rest[0]
	c.rest = c.rest[1:]
	c.chunk, c.off, c.end = c.gen.chunks[b.chunk], int(b.off), int(b.off+b.size)
	c.begin = c.off
	c.base = c.gen.clock.nanoseconds(b.time)
	return true
}
