package gotrace

import "math"

// A thread is what must be known of an OS thread.
type thread struct {
	id    int64
	g     int64  // the goroutine it runs, or None
	slot  uint32 // where that lay in goroutines
	p     int32  // the proc it has, or None
	lane  int    // its number in the generation, if it has one
	known bool   // an event of it was looked at, or another named it
	lost  bool   // if p is None, it may have one all the same
}

// A proc is what must be known of a proc.
type proc struct {
	id       int32
	status   procStatus
	sweeping bool
	seq      uint64
	gen      uint32
	on       *thread // that had it last
}

// procStatus is a proc's status as on the wire.
type procStatus uint8

const (
	procRunning procStatus = 1 + iota
	procIdle
	procSyscall

	// procAbandoned is a proc in a syscall of which the thread is not known
	// any more: it is about to be stolen, and idle for all who look at it.
	procAbandoned
	procStatuses
)

// status returns what events call s.
func (s procStatus) status() Status {
	return [...]Status{Undetermined, Running, Idle, Running, Idle}[s]
}

// gcState is the state of the garbage collector's mark phase.
type gcState uint8

const (
	gcUndetermined gcState = iota
	gcOff
	gcOn
)

// A state is the scheduler's state between two events.
type state struct {
	goroutines goroutines
	procs      []*proc         // by id
	farProcs   map[int32]*proc // of large ids
	threads    map[int64]*thread
	nobody     thread // of events that no thread wrote
	tasks      map[uint64]task
	gcSeq      uint64
	gc         gcState
}

// A task is a task that has begun.
type task struct {
	parent uint64
	name   text
}

func newState() state {
	return state{
		goroutines: newGoroutines(),
		farProcs:   make(map[int32]*proc),
		threads:    make(map[int64]*thread),
		nobody:     thread{id: None, g: None, p: None},
		tasks:      make(map[uint64]task),
	}
}

// thread returns the state of a thread, made up if need be.
func (s *state) thread(id int64) *thread {
	if id == None {
		return &s.nobody
	}
	t := s.threads[id]
	if t == nil {
		t = &thread{id: id, g: None, p: None}
		s.threads[id] = t
	}
	return t
}

// maxNear is the number of procs that are found by index: more than any
// machine has.
const maxNear = 1 << 12

// proc returns the state of a proc, nil if it is not known.
func (s *state) proc(id int32) *proc {
	if uint(id) < uint(len(s.procs)) {
		return s.procs[id]
	}
	if id < maxNear {
		return nil
	}
	return s.farProcs[id]
}

func (s *state) addProc(id int32) *proc {
	p := &proc{id: id}
	if id >= maxNear {
		s.farProcs[id] = p
		return p
	}
	for int(id) >= len(s.procs) {
		s.procs = append(s.procs, nil)
	}
	s.procs[id] = p
	return p
}

// eachProc calls f for every proc that is known.
func (s *state) eachProc(f func(p *proc)) {
	for _, p := range s.procs {
		if p != nil {
			f(p)
		}
	}
	for _, p := range s.farProcs {
		f(p)
	}
}

// running returns the goroutine that t runs, nil if there is none or it is not
// known.
func (s *state) running(t *thread) *goroutine {
	if g := s.goroutines.at(t.slot); g.id == t.g && g.status != 0 {
		return g
	}
	return s.findRunning(t)
}

func (s *state) findRunning(t *thread) *goroutine {
	if t.g == None {
		return nil
	}
	g := s.goroutines.find(t.g)
	if g != nil {
		t.slot = s.goroutines.found
	}
	return g
}

// procID returns a proc's id, and whether it is one.
func procID(arg uint64) (int32, bool) { return int32(arg), arg <= math.MaxInt32 }
