package gotrace

import "slices"

// noTask is what the runtime has for no task at all; 0 is the one that
// everything belongs to.
const noTask = ^uint64(0)

// taskBegin begins a task. Ids may come again, but not of tasks under way.
func (o *ordering) taskBegin(c *cursor, t *thread) verdict {
	if _, ok := o.tasks[c.args[0]]; ok {
		return taskExists
	}
	name, ok := o.text(c.args[2])
	if !ok {
		return stringUnknown
	}
	if v := inGoroutine(t); v != accepted {
		return v
	}
	stack, ok := o.stack(c.args[3])
	if !ok {
		return stackUnknown
	}
	parent := c.args[1]
	if parent == noTask {
		parent = 0
	}
	o.tasks[c.args[0]] = task{parent: parent, name: name}
	e := o.put(c, t)
	e.ID = int64(c.args[0])
	e.B = parent
	e.Name = name.slot
	e.Stack = stack
	return accepted
}

// taskEnd ends a task, which may have begun before the trace, or have ended
// already.
func (o *ordering) taskEnd(c *cursor, t *thread) verdict {
	if v := inGoroutine(t); v != accepted {
		return v
	}
	stack, ok := o.stack(c.args[1])
	if !ok {
		return stackUnknown
	}
	e := o.put(c, t)
	e.ID = int64(c.args[0])
	e.Stack = stack
	if tk, ok := o.tasks[c.args[0]]; ok {
		e.B = tk.parent
		e.Name = o.slotOf(tk.name)
		delete(o.tasks, c.args[0])
	}
	return accepted
}

// region begins or ends a region. Those that end before any that is known
// began before the trace.
func (o *ordering) region(c *cursor, t *thread) verdict {
	if v := inGoroutine(t); v != accepted {
		return v
	}
	name, ok := o.text(c.args[1])
	if !ok {
		return stringUnknown
	}
	stack, ok := o.stack(c.args[2])
	if !ok {
		return stackUnknown
	}
	g := o.running(t)
	if g == nil {
		return goroutineUnknown
	}
	r := region{task: c.args[0], name: name.s}
	if c.typ == EvUserRegionBegin {
		x := o.goroutines.more.of(g)
		x.regions = append(x.regions, r)
	} else if g.more != 0 {
		x := o.goroutines.more.of(g)
		last := len(x.regions) - 1
		switch {
		case last < 0:
		case x.regions[last] == r:
			x.regions = x.regions[:last]
		case !o.lenient:
			return regionMisnested
		default:
			o.report.Misnested++
			if i := slices.Index(x.regions, r); i >= 0 {
				x.regions = slices.Delete(x.regions, i, i+1)
			}
		}
	}
	e := o.put(c, t)
	e.ID = int64(c.args[0])
	e.Name = name.slot
	e.Stack = stack
	return accepted
}

func (o *ordering) log(c *cursor, t *thread) verdict {
	if v := inGoroutine(t); v != accepted {
		return v
	}
	category, ok := o.name(c.args[1])
	if !ok {
		return stringUnknown
	}
	message, ok := o.name(c.args[2])
	if !ok {
		return stringUnknown
	}
	stack, ok := o.stack(c.args[3])
	if !ok {
		return stackUnknown
	}
	e := o.put(c, t)
	e.ID = int64(c.args[0])
	e.Name = category
	e.B = uint64(message)
	e.Stack = stack
	return accepted
}

func (o *ordering) label(c *cursor, t *thread) verdict {
	if v := inGoroutine(t); v != accepted {
		return v
	}
	name, ok := o.name(c.args[0])
	if !ok {
		return stringUnknown
	}
	e := o.put(c, t)
	e.ID = t.g
	e.Name = name
	return accepted
}
