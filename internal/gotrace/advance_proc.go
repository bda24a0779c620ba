package gotrace

func (o *ordering) procStart(c *cursor, t *thread) verdict {
	arg, seq, ok := c.two()
	if !ok {
		return notAnEvent
	}
	id, ok := procID(arg)
	if !ok {
		return procInvalid
	}
	p := o.proc(id)
	if p == nil || p.status != procIdle || !o.follows(seq, p) || t.p != None {
		// Its status may be still to come, or the events before; or t is in a
		// syscall, and has not yet been seen to lose its proc.
		return blocked
	}
	if t.id == None {
		return wantsThread
	}
	e := o.put(c, t)
	e.ID = int64(id)
	e.From, e.To = Idle, Running
	p.status = procRunning
	p.seq = seq
	p.on = t
	t.p, t.lost = id, false
	return accepted
}

// late gives a status that was written at the end of its generation the time at
// which it holds.
func (o *ordering) late(e *Event) {
	e.Flags |= Late
	if !o.squeeze {
		o.noteTime(e.Time)
		e.Time = o.sync
	}
}

// follows reports whether an event with a sequence number follows directly on
// the proc's last one.
func (o *ordering) follows(seq uint64, p *proc) bool {
	return p.gen == o.ordinal && seq == p.seq+1
}

// procStop needs no sequence number: it comes from the thread that has the
// proc.
func (o *ordering) procStop(c *cursor, t *thread) verdict {
	if v := onProc(t); v != accepted {
		return v
	}
	p := o.proc(t.p)
	if p == nil {
		return procUnknown
	}
	if p.status != procRunning && p.status != procSyscall {
		return procNotRunning
	}
	e := o.put(c, t)
	e.ID = int64(p.id)
	e.From, e.To = Running, Idle
	p.status = procIdle
	t.p = None
	return accepted
}

// procSteal takes a proc away from a thread that is in a syscall.
func (o *ordering) procSteal(c *cursor, t *thread) verdict {
	arg, seq, m, ok := c.three()
	if !ok {
		return notAnEvent
	}
	id, ok := procID(arg)
	if !ok {
		return procInvalid
	}
	p := o.proc(id)
	if p == nil || p.status != procSyscall && p.status != procAbandoned || !o.follows(seq, p) {
		return blocked
	}
	if t.id == None {
		return wantsThread
	}
	var victim *thread // has to know that it has no proc any more
	if p.status == procSyscall {
		victim = p.on
		if victim == nil || victim.id != int64(m) {
			victim = o.threads[int64(m)]
		}
		switch {
		case victim == nil || !victim.known:
			return threadUnknown
		case victim.p != id:
			return procOnOtherThread
		}
	}
	e := o.put(c, t)
	e.ID = int64(id)
	e.From, e.To = p.status.status(), Idle
	p.status = procIdle
	p.seq = seq
	if victim != nil {
		victim.p = None
	}
	return accepted
}

// procStatus announces the state of a proc, once in each generation, before
// any other event of it.
func (o *ordering) procStatus(c *cursor, t *thread) verdict {
	if !c.all() {
		return notAnEvent
	}
	id, ok := procID(c.args[0])
	if !ok {
		return procInvalid
	}
	status := procStatus(c.args[1])
	if c.args[1] == 0 || c.args[1] >= uint64(procStatuses) {
		return procStatusInvalid
	}
	p := o.proc(id)
	from, by := status.status(), t
	switch {
	case p == nil:
		p = o.addProc(id)
		p.status = status
		from = NotExist
		if o.first {
			from = Undetermined
		}
	case status == procAbandoned && p.status == procSyscall:
		// Nothing is lost: it is known which thread has the proc. Whoever
		// tells of it is not that thread.
		if p.on == nil || p.on.p != id {
			return procOnOtherThread
		}
		by = p.on
		status, from = procSyscall, Running
	case p.status != status:
		return procStatusDiffers
	}
	p.seq, p.gen = 0, o.ordinal
	e := o.put(c, t)
	e.G, e.P, e.M = by.g, by.p, by.id
	e.ID = int64(id)
	e.From, e.To = from, status.status()
	if t.id == None {
		o.late(e)
	}
	if by == t && (status == procRunning || status == procSyscall) && t.id != None {
		t.p, t.lost = id, false
		p.on = t
	}
	return accepted
}
