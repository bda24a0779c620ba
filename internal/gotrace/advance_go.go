package gotrace

func (o *ordering) goStart(c *cursor, t *thread) verdict {
	id, rest, n := take(c.chunk.eight(c.arg))
	seq, _, k := take(rest)
	if !c.took(n + k) {
		var ok bool
		if id, seq, ok = c.two(); !ok {
			return notAnEvent
		}
	}
	g, slot := o.goroutines.first(int64(id))
	if g.id != int64(id) {
		g = o.goroutines.find(int64(id))
		slot = o.goroutines.found
	}
	if g == nil || g.status != goRunnable || !o.succeeds(seq, g) {
		// Its creation, status or wakening may be still to come.
		return blocked
	}
	if v := onProc(t); v != accepted {
		return v
	}
	if t.g != None {
		return wantsNoGoroutine
	}
	e := o.put(c, t)
	e.ID = int64(id)
	e.From, e.To = Runnable, Running
	g.status = goRunning
	g.seq = sequence(seq)
	t.g = int64(id)
	t.slot = slot
	return accepted
}

// goDestroy ends a goroutine that runs.
func (o *ordering) goDestroy(c *cursor, t *thread) verdict {
	g, v := o.actor(t, goRunning)
	if v != accepted {
		return v
	}
	e := o.put(c, t)
	e.ID = g.id
	e.From, e.To = Running, NotExist
	o.goroutines.remove(g)
	t.g = None
	return accepted
}

// goEnd ends the running of a goroutine that goes on later: it blocks, or
// yields.
func (o *ordering) goEnd(c *cursor, t *thread) verdict {
	reason, rest, n := take(c.chunk.eight(c.arg))
	stackID, _, k := take(rest)
	if !c.took(n + k) {
		var ok bool
		if reason, stackID, ok = c.two(); !ok {
			return notAnEvent
		}
	}
	g, v := o.actor(t, goRunning)
	if v != accepted {
		return v
	}
	name, ok := o.name(reason)
	if !ok {
		return stringUnknown
	}
	stack, ok := o.gen.numbered(stackID)
	if !ok {
		if stack, ok = o.findStack(stackID); !ok {
			return stackUnknown
		}
	}
	e := o.put(c, t)
	e.ID = g.id
	e.Name = name
	e.Stack = stack
	e.From = Running
	if c.typ == EvGoBlock {
		e.To = Waiting
		g.status = goWaiting
	} else {
		e.To = Runnable
		g.status = goRunnable
	}
	t.g = None
	return accepted
}

// goUnblock can happen in any context.
func (o *ordering) goUnblock(c *cursor, t *thread) verdict {
	id, rest, n := take(c.chunk.eight(c.arg))
	seq, rest, k := take(rest)
	stackID, _, l := take(rest)
	if !c.took(n + k + l) {
		var ok bool
		if id, seq, stackID, ok = c.three(); !ok {
			return notAnEvent
		}
	}
	g, _ := o.goroutines.first(int64(id))
	if g.id != int64(id) {
		g = o.goroutines.find(int64(id))
	}
	if g == nil || g.status != goWaiting || !o.succeeds(seq, g) {
		return blocked
	}
	stack, ok := o.gen.numbered(stackID)
	if !ok {
		if stack, ok = o.findStack(stackID); !ok {
			return stackUnknown
		}
	}
	e := o.put(c, t)
	e.ID = int64(id)
	e.Stack = stack
	e.From, e.To = Waiting, Runnable
	g.status = goRunnable
	g.seq = sequence(seq)
	return accepted
}

func (o *ordering) goCreate(c *cursor, t *thread) verdict {
	newID, ownID, stackID, ok := c.three()
	if !ok {
		return notAnEvent
	}
	if v := onProc(t); v != accepted {
		return v
	}
	if g := o.running(t); g != nil && g.status != goRunning {
		return goroutineNotRunning
	}
	id := int64(newID)
	if o.goroutines.find(id) != nil {
		return goroutineExists
	}
	own, ok := o.stack(ownID)
	if !ok {
		return stackUnknown
	}
	stack, ok := o.stack(stackID)
	if !ok {
		return stackUnknown
	}
	status := goRunnable
	if c.typ == EvGoCreateBlocked {
		status = goWaiting
	}
	o.goroutines.add(id, status, o.ordinal)
	e := o.put(c, t)
	e.ID = id
	e.B = uint64(own)
	e.Stack = stack
	e.From, e.To = NotExist, status.status()
	return accepted
}

// goCreateSyscall makes the goroutine of a call from C, which begins in a
// syscall.
func (o *ordering) goCreateSyscall(c *cursor, t *thread) verdict {
	newID, ok := c.one()
	switch {
	case !ok:
		return notAnEvent
	case t.id == None:
		return wantsThread
	case t.g != None:
		return wantsNoGoroutine
	}
	id := int64(newID)
	if o.goroutines.find(id) != nil {
		return goroutineExists
	}
	o.goroutines.add(id, goSyscall, o.ordinal)
	e := o.put(c, t)
	e.ID = id
	e.From, e.To = NotExist, Syscall
	t.g = id
	return accepted
}

// goDestroySyscall ends the goroutine of a call from C. Its thread may still
// have a proc, which is to be stolen later, or never; but the thread may be
// gone by then, and its id another's: it loses the proc now.
func (o *ordering) goDestroySyscall(c *cursor, t *thread) verdict {
	switch {
	case t.id == None:
		return wantsThread
	case t.g == None:
		return wantsGoroutine
	}
	g := o.running(t)
	switch {
	case g == nil:
		return goroutineUnknown
	case g.status != goSyscall:
		return goroutineNotInSyscall
	}
	if t.p != None {
		p := o.proc(t.p)
		switch {
		case p == nil:
			return procUnknown
		case p.status != procSyscall:
			return procNotInSyscall
		}
		p.status = procAbandoned
		e := o.put(c, t)
		e.Type = EvProcSteal
		e.ID = int64(p.id)
		e.From, e.To = Running, Idle
	}
	e := o.put(c, t)
	e.ID = g.id
	e.From, e.To = Syscall, NotExist
	o.goroutines.remove(g)
	t.g, t.p = None, None
	return accepted
}

// goSwitch hands the thread from one goroutine to another.
func (o *ordering) goSwitch(c *cursor, t *thread) verdict {
	nextID, seq, ok := c.two()
	if !ok {
		return notAnEvent
	}
	g, v := o.actor(t, goRunning)
	if v != accepted {
		return v
	}
	next := o.goroutines.find(int64(nextID))
	if next == nil || next.status != goWaiting || !o.succeeds(seq, next) {
		return blocked
	}
	e := o.put(c, t)
	e.ID = next.id
	e.From, e.To = Waiting, Runnable
	next.status = goRunning
	next.seq = sequence(seq)
	id := next.id

	e = o.put(c, t)
	e.ID = g.id
	e.From = Running
	if c.typ == EvGoSwitch {
		e.Type, e.To = EvGoBlock, Waiting
		g.status = goWaiting
	} else {
		e.Type, e.To = EvGoDestroy, NotExist
		o.goroutines.remove(g)
	}

	t.g = None
	e = o.put(c, t)
	e.Type = EvGoStart
	e.ID = id
	e.From, e.To = Runnable, Running
	t.g = id
	return accepted
}

func (o *ordering) syscallBegin(c *cursor, t *thread) verdict {
	seq, stackID, ok := c.two()
	if !ok {
		return notAnEvent
	}
	g, v := o.actor(t, goRunning)
	if v != accepted {
		return v
	}
	p := o.proc(t.p)
	switch {
	case p == nil && t.p != None:
		return procUnknown
	case p != nil && !o.follows(seq, p):
		// It tells which syscall a later steal is about. The proc runs: its
		// next number cannot be another thread's.
		return sequenceBroken
	}
	stack, ok := o.gen.numbered(stackID)
	if !ok {
		if stack, ok = o.findStack(stackID); !ok {
			return stackUnknown
		}
	}
	e := o.put(c, t)
	e.ID = g.id
	e.Stack = stack
	e.From, e.To = Running, Syscall
	g.status = goSyscall
	if p != nil {
		p.status = procSyscall
		p.seq = seq
		p.on = t
	}
	return accepted
}

// syscallEnd ends a syscall in which the thread kept its proc.
func (o *ordering) syscallEnd(c *cursor, t *thread) verdict {
	g, v := o.actor(t, goSyscall)
	if v != accepted {
		return v
	}
	p := o.proc(t.p)
	switch {
	case p == nil && t.p != None:
		return procUnknown
	case p != nil && p.status != procSyscall:
		return procNotInSyscall
	}
	e := o.put(c, t)
	e.ID = g.id
	e.From, e.To = Syscall, Running
	g.status = goRunning
	if p != nil {
		p.status = procRunning
	}
	return accepted
}

// syscallEndBlocked ends a syscall in which the thread lost its proc. It has
// to wait until that has been seen; by then the thread may have another one.
func (o *ordering) syscallEndBlocked(c *cursor, t *thread) verdict {
	if t.p != None {
		p := o.proc(t.p)
		switch {
		case p == nil:
			return procUnknown
		case p.status == procSyscall:
			return blocked
		}
	}
	switch {
	case t.id == None:
		return wantsThread
	case t.g == None:
		return wantsGoroutine
	}
	g := o.running(t)
	switch {
	case g == nil:
		return goroutineUnknown
	case g.status != goSyscall:
		return goroutineNotInSyscall
	}
	e := o.put(c, t)
	e.ID = g.id
	e.From, e.To = Syscall, Runnable
	g.status = goRunnable
	t.g = None
	return accepted
}

// goStatus announces the state of a goroutine, once in each generation, before
// any other event of it. Those that do nothing for a whole generation are
// announced at its end, by nobody.
func (o *ordering) goStatus(c *cursor, t *thread) verdict {
	if !c.all() {
		return notAnEvent
	}
	id, m := int64(c.args[0]), int64(c.args[1])
	status := goStatus(c.args[2])
	if c.args[2] == 0 || c.args[2] >= uint64(goStatuses) {
		return goroutineStatusInvalid
	}
	g := o.goroutines.find(id)
	switch {
	case g != nil && g.status != status:
		return goroutineStatusDiffers
	case g == nil && !o.first:
		return goroutineIsNew
	}
	var stack uint32
	if c.typ == EvGoStatusStack {
		var ok bool
		if stack, ok = o.stack(c.args[3]); !ok {
			return stackUnknown
		}
	}
	actor, actorG := t.id, t.g
	if status == goSyscall {
		switch {
		case m == None:
			return wantsThread
		case m == t.id:
			if !o.first && t.g != id {
				return goroutineOnOtherThread
			}
		default:
			// It has been in the syscall all the time, on a thread that has
			// done nothing else: without a proc, since all procs are taken
			// back when a generation begins.
			other := o.thread(m)
			if other.known && other.g != id {
				return goroutineOnOtherThread
			}
			if other.known {
				actorG = id
			} else {
				other.known = true
				other.g = id
			}
			actor = m
		}
	}
	from := status.status()
	if g == nil {
		g = o.goroutines.add(id, status, o.ordinal)
		from = Undetermined
	}
	g.seq, g.gen = 0, o.ordinal
	e := o.put(c, t)
	e.G, e.M = actorG, actor
	e.ID = id
	e.Stack = stack
	e.From, e.To = from, status.status()
	if t.id == None {
		o.late(e)
	}
	if t.id != None && (status == goRunning || status == goSyscall && m == t.id) {
		t.g = id
	}
	return accepted
}
