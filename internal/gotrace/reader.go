package gotrace

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// Options say how to read a trace.
type Options struct {
	// Strict refuses what contradicts the format or the scheduler's rules,
	// as golang.org/x/exp/trace does. Otherwise it is repaired.
	Strict bool

	// Squeeze moves every event that is not later than the one before it to
	// 1 ns after that, as golang.org/x/exp/trace does. It costs the truth
	// where statuses come late, at the end of the generation at whose beginning
	// they hold: under load, up to a fifth of all events is moved, by up to a
	// second.
	Squeeze bool

	// MaxGeneration is the most bytes that a generation may have,
	// DefaultMaxGeneration if 0. The reader holds one at a time.
	MaxGeneration int64
}

// DefaultMaxGeneration is larger than what any program writes in a second.
const DefaultMaxGeneration = 2 << 30

// headerSize is the length of "go 1.NN trace\x00\x00\x00".
const headerSize = 16

// A Reader reads the events of a trace.
type Reader struct {
	split splitter
	order ordering

	cursors  []cursor
	frontier frontier
	samples  []sample // of the generation, still to come

	patience   patience // of the generation
	doomed     spot     // the event where it has to end, if it has to
	tries      int64    // of resolve, up to maxTries
	hastyTries int64    // and up to maxHastyTries
	copied     int64    // bytes, by foresee

	learner learner
	prelude prelude // of the generation, if it was asked for

	number  uint64 // of the generation
	inside  bool   // events of it are still to come
	pending error  // to be returned after it
	synced  bool   // the Sync before that has been returned
	current bool   // the last events put out are of it
	moved   int64
	factor  int64 // of times: see rescale
}

// NewReader reads the header of a trace. Traces of other formats than v2 (Go
// 1.22 and later) are an error.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	in := newInput(r)
	head := in.fill(headerSize)
	head = head[:min(len(head), headerSize)]
	num, ok := bytes.CutPrefix(head, []byte("go 1."))
	num, ok2 := bytes.CutSuffix(num, []byte(" trace\x00\x00\x00"))
	minor, err := strconv.Atoi(string(num))
	switch {
	case len(head) < headerSize && in.err != io.EOF:
		return nil, in.err
	case !ok || !ok2 || err != nil:
		return nil, fmt.Errorf("not a trace: it begins with %q", head)
	case version(minor) < go122 || minor == 24:
		return nil, fmt.Errorf("trace format go 1.%d cannot be read", minor)
	case version(minor) > newest && o.Strict:
		return nil, fmt.Errorf("trace format go 1.%d is too new", minor)
	}
	in.pos = headerSize
	if o.MaxGeneration == 0 {
		o.MaxGeneration = DefaultMaxGeneration
	}
	rd := &Reader{
		split: splitter{input: in, version: version(minor), limit: o.MaxGeneration},
		order: ordering{
			state:   newState(),
			version: version(minor),
			lenient: !o.Strict,
			guessed: make(map[uint64]uint32),
			stacks:  newInterner(),
			squeeze: o.Squeeze,
		},
	}
	rd.split.state = &rd.order.state
	rd.learner.init()
	return rd, nil
}

// maxEvents is how many events Next returns at most, or two more. As many pay
// for a call; more would fall out of the processor's nearest cache.
const maxEvents = 512

// Next returns the next events, all of one generation, which a Sync begins.
// They are valid until the next call. After the Sync that ends the trace it
// returns io.EOF, or what is wrong with the rest of it.
func (r *Reader) Next() ([]Event, error) {
	r.order.n = 0
	for r.order.n == 0 {
		if !r.inside {
			if err := r.install(); err != nil {
				return nil, err
			}
		}
		if r.inside {
			r.merge()
		}
	}
	return r.events(), nil
}

// events returns what has been put out, with the times that it shall have.
func (r *Reader) events() []Event {
	o := &r.order
	out := o.out[:o.n]
	if o.allFlags != 0 {
		o.report.Salvaged += int64(len(out))
	}
	if r.current && o.gen.bound.guessed {
		r.split.misdated += int64(len(out))
		if out[0].Type == EvSync {
			r.split.misdated--
		}
	}
	if !o.squeeze {
		return out
	}
	latest := o.latest
	for i := range out {
		e := &out[i]
		if e.Time > latest {
			latest = e.Time
		} else {
			latest++
			e.Time = latest
			r.moved++
		}
	}
	o.latest = latest
	return out
}

// install reads the next generation and puts out its Sync. If there is none,
// it puts out the Sync that ends the trace, and returns the error at the next
// call.
func (r *Reader) install() error {
	r.current = false
	r.order.allFlags = 0
	if r.pending != nil {
		if r.synced {
			return r.pending
		}
		r.synced = true
		r.putSync(r.order.latest + 1)
		return nil
	}
	next := r.split.next
	if r.order.lenient {
		next = r.split.salvage
	}
	g, after, err := next()
	if err == nil {
		err = r.load(g)
	}
	if err != nil {
		r.pending, r.synced = err, true
		r.putSync(r.order.latest + 1)
		return nil
	}
	r.pending = after
	return r.begin()
}

// load makes g the current generation.
func (r *Reader) load(g *generation) error {
	o := &r.order
	g.chunks = r.split.chunks
	g.strings.build()
	r.rescale(g)
	g.setBound(r.bounds())
	g.build()
	o.stacks.begin(g.strings.slots())
	o.gen = g
	o.allFlags = 0
	if g.cut {
		o.allFlags = Salvaged
	}
	o.flags = o.allFlags
	r.prelude.looked = false
	r.patience, r.doomed = untried, spot{}
	switch {
	case !o.lenient:
		r.patience = patient
	case g.cut:
		r.patience = hasty
	}
	if o.lenient {
		clear(o.guessed)
		clear(r.learner.asked[:])
		o.rememberStrings()
		r.split.spoilt += int64(g.strings.twice + g.stacks.twice)
	} else if err := o.validateTables(); err != nil {
		return err
	} else if g.bound.misdated > 0 {
		return errClock
	}
	if g.num != r.number || o.ordinal == 0 {
		r.number = g.num
		o.ordinal++
	}
	o.first = o.ordinal == 1
	r.samples = g.samples
	return nil
}

// begin brings the threads of the generation to their first events, and puts
// out its Sync.
func (r *Reader) begin() error {
	o := &r.order
	g := o.gen
	r.frontier = r.frontier[:0]
	r.cursors = r.cursors[:0]
	for _, l := range g.lanes {
		if len(l.batches) == 0 {
			continue
		}
		r.cursors = append(r.cursors, cursor{thread: l.thread, gen: g, rest: l.batches})
		c := &r.cursors[len(r.cursors)-1]
		s := c.next()
		for s == atMalformed && o.lenient {
			r.skip(c)
			s = c.next()
		}
		switch s {
		case atMalformed:
			return g.noEvent(l.thread)
		case atEvent, atBatch:
			r.frontier.push(head{c.base, int32(len(r.cursors) - 1)})
		}
	}
	o.sync = g.clock.nanoseconds(g.minTime)
	r.putSync(o.sync)
	r.current, r.inside = true, true
	return nil
}

// putSync puts out a Sync.
func (r *Reader) putSync(t int64) {
	o := &r.order
	o.generations++
	e := &o.out[o.n]
	o.n++
	*e = Event{Time: t, G: None, M: None, P: None, ID: int64(o.generations), Type: EvSync}
	o.noteTime(t)
}

// Current reports whether the events of the last call of Next are of a
// generation. Otherwise they are the Sync that ends the trace.
func (r *Reader) Current() bool { return r.current }

// Offset returns where in the input that begins which ended the reading, and
// is not part of any event told.
func (r *Reader) Offset() int64 { return r.split.damage }

// Clock returns the clock reading of the current generation: at a time on the
// trace's clock, in ns, the monotonic clock and the wall clock, since the Unix
// epoch. Traces before Go 1.25 have none.
func (r *Reader) Clock() (trace, mono, wall int64, ok bool) {
	if !r.current || !r.order.gen.clock.snap {
		return 0, 0, 0, false
	}
	c := &r.order.gen.clock
	return c.nanoseconds(c.trace), int64(c.mono), int64(c.sec)*1e9 + int64(c.ns), true
}

// String returns the string that an event of the last call of Next has.
func (r *Reader) String(n uint32) string {
	if n == 0 {
		return ""
	}
	return r.order.string(n)
}

// AppendFrames appends the frames of a stack that an event has, leaf first.
func (r *Reader) AppendFrames(to []Frame, stack uint32) []Frame {
	return r.order.stacks.appendFrames(to, stack)
}

// Root returns the function at the root of a stack, "" if it has none.
func (r *Reader) Root(stack uint32) string {
	if stack == 0 {
		return ""
	}
	return r.order.stacks.root(stack)
}

// Moved returns how many events were moved by Options.Squeeze.
func (r *Reader) Moved() int64 { return r.moved }
