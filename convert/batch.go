package convert

import "sync/atomic"

// spareBatches is how many batches are kept for use again. No more are in use
// while the sinks keep up with one another.
const spareBatches = queueLength + 2

// An emitter gathers records into batches and hands every batch to all sinks.
// The slowest sink throttles the engine; a sink that failed just lets batches
// pass.
type emitter struct {
	size    int
	stacks  *stacks
	runners []*runner
	window  *window // nil: all of the trace
	batch   *sharedBatch
	records []Record // of batch, with those to come
	n       int      // how many there are
	ends    Flags    // of all Ends that are added
	free    chan *sharedBatch

	// Before the window, records go nowhere; see held.
	before bool
	order  uint64 // counts Begins and Instants
	unseen Record // for callers to fill in
}

func newEmitter(size int, stacks *stacks) *emitter {
	return &emitter{size: size, stacks: stacks, free: make(chan *sharedBatch, spareBatches)}
}

// A sharedBatch is free for use again when the last sink has consumed it.
type sharedBatch struct {
	Batch
	users atomic.Int32
}

// next returns the next record of the current batch, for the caller to set as a
// whole before the next call: it holds what is left of an earlier batch.
func (e *emitter) next() *Record {
	if e.n == len(e.records) {
		e.renew()
	}
	e.n++
	return &e.records[e.n-1]
}

// add returns the next record, blank but for the absent ids and e.ends, for the
// caller to fill in before the next call.
func (e *emitter) add(kind Kind, phase Phase, t Time) *Record {
	r := &e.unseen
	if e.before {
		e.order++
	} else {
		r = e.next()
	}
	r.blank(kind, phase, t)
	if phase == End {
		r.Flags = e.ends
	}
	return r
}

// blank empties r but for its kind, phase and time, and the absent ids.
func (r *Record) blank(kind Kind, phase Phase, t Time) {
	*r = Record{}
	r.Kind, r.Phase = kind, phase
	r.Time, r.Start = t, t
	r.G, r.By, r.P, r.M = NoGoroutine, NoGoroutine, NoProc, NoThread
}

// begin emits in, the Begin of an interval, which has just been set.
func (e *emitter) begin(in *Record) {
	if e.before {
		e.order++
		return
	}
	e.copyBegin(in)
}

// copyBegin adds a copy of in. It copies field by field: a processor that reads
// at once what was just written in parts waits for as long as the rest of the
// work on an event takes.
func (e *emitter) copyBegin(in *Record) {
	r := e.next()
	r.Time, r.Start = in.Time, in.Start
	r.G, r.By, r.P, r.M = in.G, in.By, in.P, in.M
	r.ID, r.Parent = in.ID, in.Parent
	r.Stack, r.ByStack, r.EndStack = in.Stack, in.ByStack, in.EndStack
	r.Kind, r.Phase, r.State, r.Prev, r.Flags = in.Kind, in.Phase, in.State, in.Prev, in.Flags
	r.Name, r.Text = in.Name, in.Text
}

// end returns the End, at t, of the interval of which begin is the Begin, for the
// caller to complete before the next call.
func (e *emitter) end(begin *Record, t Time) *Record {
	if e.before {
		return &e.unseen
	}
	return e.copyEnd(begin, t)
}

// copyEnd adds the End, at t, of the interval of which begin is the Begin.
func (e *emitter) copyEnd(begin *Record, t Time) *Record {
	r := e.next()
	*r = *begin
	r.Phase, r.Time = End, t
	r.Flags |= e.ends
	return r
}

// renew sends the current batch, and begins another.
func (e *emitter) renew() {
	e.flush()
	e.batch = e.spare()
	e.records = e.batch.Records[:e.size]
}

// spare returns a batch to fill, one that was used before if there is one.
func (e *emitter) spare() *sharedBatch {
	select {
	case b := <-e.free:
		return b
	default:
		return &sharedBatch{Batch: Batch{Records: make([]Record, e.size)}}
	}
}

// flush sends the current batch, with the stacks that it is the first to use.
// It may have to wait for a sink.
func (e *emitter) flush() {
	b := e.batch
	if b == nil {
		return
	}
	b.Records = e.records[:e.n]
	e.batch, e.records, e.n = nil, nil, 0
	if e.window != nil {
		e.window.clip(&b.Batch)
		if len(b.Records) == 0 {
			e.recycle(b)
			return
		}
	}
	b.Stacks = append(b.Stacks, e.stacks.fresh...)
	clear(e.stacks.fresh)
	e.stacks.fresh = e.stacks.fresh[:0]
	b.users.Store(int32(len(e.runners)))
	if len(e.runners) == 0 {
		e.recycle(b)
	}
	for _, r := range e.runners {
		r.take(b, e)
	}
}

// release gives b back after a sink has consumed it.
func (e *emitter) release(b *sharedBatch) {
	if b.users.Add(-1) == 0 {
		e.recycle(b)
	}
}

// recycle empties b for its next use. Its records are overwritten then.
func (e *emitter) recycle(b *sharedBatch) {
	clear(b.Stacks)
	b.Stacks = b.Stacks[:0]
	select {
	case e.free <- b:
	default:
	}
}
