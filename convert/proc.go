package convert

import "slices"

// procs is the state machine of the procs: each runs on a thread, or idles. A
// proc in a syscall runs until it stops or is stolen.
type procs struct {
	out      *emitter
	byID     procTable[proc]
	nrunning int
}

type proc struct {
	id ProcID
	mark
	state State
	m     ThreadID
}

func newProcs(out *emitter) *procs {
	return &procs{out: out}
}

// transition takes one transition of a proc.
func (ps *procs) transition(ev *event) {
	id := ProcID(ev.id)
	p := ps.byID.of(id)
	state := ev.to.state()
	m := ev.m
	if state == StateIdle {
		m = NoThread
	}
	switch {
	case state == StateNone:
		if p != nil {
			ps.end(p, ev.time, 0)
			ps.byID.set(id, nil)
		}
	case p == nil:
		p = &proc{id: id, mark: mark{start: ev.time}}
		if ev.from == undetermined {
			p.flags = OpenStart
		}
		ps.byID.set(id, p)
		ps.begin(p, p.mark, state, m)
	case p.state == state:
		// ProcStatus re-announces procs each generation; a proc whose
		// goroutine went away in a syscall (ProcSyscallAbandoned) is idle
		// before it is stolen.
	default:
		ps.end(p, ev.time, 0)
		ps.begin(p, mark{start: ev.time}, state, m)
	}
}

func (ps *procs) begin(p *proc, since mark, s State, m ThreadID) {
	prev := p.state
	p.mark, p.state, p.m = since, s, m
	if s == StateRunning {
		ps.nrunning++
	}
	r := ps.out.add(KindProc, Begin, since.start)
	p.fill(r)
	r.Prev = prev
	p.order = ps.out.order
}

func (ps *procs) end(p *proc, t Time, flags Flags) {
	if p.state == StateRunning {
		ps.nrunning--
	}
	r := ps.out.add(KindProc, End, t)
	p.fill(r)
	r.Flags |= flags
}

func (p *proc) fill(r *Record) {
	r.Start = p.start
	r.Flags |= p.flags
	r.P, r.M, r.State = p.id, p.m, p.state
}

// alone reports whether p is the only proc that runs.
func (ps *procs) alone(p ProcID) bool {
	running := ps.byID.of(p)
	return running != nil && running.state == StateRunning && ps.nrunning == 1
}

// finish closes all procs at the end of the trace, in the order of their ids.
func (ps *procs) finish(t Time) {
	ids := ps.byID.ids()
	slices.Sort(ids)
	for _, id := range ids {
		ps.end(ps.byID.of(id), t, OpenEnd)
	}
}
