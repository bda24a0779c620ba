package gotrace

// noTask is what the runtime has for no task at all; 0 is the one that
// everything belongs to.
const noTask = ^uint64(0)

// taskBegin begins a task. Ids may come again, but not of tasks under way.
func (o *ordering) taskBegin(c *cursor, t *thread) verdict {
	id, parent, nameID, stackID, ok := c.four()
	if !ok {
		return notAnEvent
	}
	if _, ok := o.tasks[id]; ok {
		return taskExists
	}
	name, ok := o.text(nameID)
	if !ok {
		return stringUnknown
	}
	if v := inGoroutine(t); v != accepted {
		return v
	}
	stack, ok := o.stack(stackID)
	if !ok {
		return stackUnknown
	}
	if parent == noTask {
		parent = 0
	}
	o.tasks[id] = task{parent: parent, name: name}
	e := o.put(c, t)
	e.ID = int64(id)
	e.B = parent
	e.Name = name.slot
	e.Stack = stack
	return accepted
}

// taskEnd ends a task, which may have begun before the trace, or have ended
// already.
func (o *ordering) taskEnd(c *cursor, t *thread) verdict {
	id, stackID, ok := c.two()
	if !ok {
		return notAnEvent
	}
	if v := inGoroutine(t); v != accepted {
		return v
	}
	stack, ok := o.stack(stackID)
	if !ok {
		return stackUnknown
	}
	e := o.put(c, t)
	e.ID = int64(id)
	e.Stack = stack
	if tk, ok := o.tasks[id]; ok {
		e.B = tk.parent
		e.Name = o.slotOf(tk.name)
		delete(o.tasks, id)
	}
	return accepted
}

// region begins or ends a region, in whatever order the program does so. How
// ends belong to begins, the engine works out: to pair them here would only
// refuse what programs do.
func (o *ordering) region(c *cursor, t *thread) verdict {
	task, nameID, stackID, ok := c.three()
	if !ok {
		return notAnEvent
	}
	if v := inGoroutine(t); v != accepted {
		return v
	}
	name, ok := o.text(nameID)
	if !ok {
		return stringUnknown
	}
	stack, ok := o.stack(stackID)
	if !ok {
		return stackUnknown
	}
	if o.running(t) == nil {
		return goroutineUnknown
	}
	e := o.put(c, t)
	e.ID = int64(task)
	e.Name = name.slot
	e.Stack = stack
	return accepted
}

func (o *ordering) log(c *cursor, t *thread) verdict {
	task, categoryID, messageID, stackID, ok := c.four()
	if !ok {
		return notAnEvent
	}
	if v := inGoroutine(t); v != accepted {
		return v
	}
	category, ok := o.name(categoryID)
	if !ok {
		return stringUnknown
	}
	message, ok := o.name(messageID)
	if !ok {
		return stringUnknown
	}
	stack, ok := o.stack(stackID)
	if !ok {
		return stackUnknown
	}
	e := o.put(c, t)
	e.ID = int64(task)
	e.Name = category
	e.B = uint64(message)
	e.Stack = stack
	return accepted
}

func (o *ordering) label(c *cursor, t *thread) verdict {
	nameID, ok := c.one()
	if !ok {
		return notAnEvent
	}
	if v := inGoroutine(t); v != accepted {
		return v
	}
	name, ok := o.name(nameID)
	if !ok {
		return stringUnknown
	}
	e := o.put(c, t)
	e.ID = t.g
	e.Name = name
	return accepted
}
