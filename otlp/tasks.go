package otlp

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// A taskTable has the tasks that can have children.
type taskTable struct {
	open  map[uint64]*task
	first uint64 // the lowest id begun in the trace; 0 if none yet

	// Tasks that ended lately: their goroutines may still begin regions.
	ended map[uint64]*node
	queue []uint64 // the ids in ended, oldest first
}

// A task is one that is open.
type task struct {
	*node      // or, if it has no room, that of the task above that has
	kept  bool // has a node of its own
	early bool // begun before the trace: known by what refers to it

	above    *task      // in which it was begun
	beginner *goroutine // as long as it has the task on its stack
	own      account.Totals
	inner    account.Totals // of subtasks that ended before it
	subtasks int64          // that did
	source   string
	datadog  string // span id, in decimal
}

// keepEnded is how many ended tasks are remembered.
const keepEnded = 4096

func (t *taskTable) init() {
	t.open = make(map[uint64]*task)
	t.ended = make(map[uint64]*node)
}

// taskNode returns the node of a task, or nil if it ended so long ago that it
// was forgotten. A task that is not known, and has an id below all that were
// begun in the trace, began before it.
func (s *Sink) taskNode(id uint64) *node {
	ts := &s.tasks
	switch {
	case id == convert.NoTask:
		return nil
	case ts.open[id] != nil:
		return ts.open[id].node
	case ts.ended[id] != nil:
		return ts.ended[id]
	case ts.first != 0 && id >= ts.first:
		return nil
	}
	return s.earlyTask(id).node
}

func (s *Sink) earlyTask(id uint64) *task {
	t := &task{node: s.rootTask(id, s.run.trace.Start), kept: true, early: true}
	s.tasks.open[id] = t
	return t
}

// rootTask returns a node with an OpenTelemetry trace of its own.
func (s *Sink) rootTask(id uint64, start convert.Time) *node {
	return s.root(s.ids.trace(idTask, "", id, uint64(start)), s.ids.span(idTask, "", id, uint64(start)), start)
}

// task begins and ends a task.
func (s *Sink) task(r *convert.Record) {
	if r.Phase == convert.Begin {
		s.beginTask(r)
		return
	}
	t := s.tasks.open[r.ID]
	if t == nil {
		t = s.earlyTask(r.ID)
	}
	s.endTask(t, r)
}

func (s *Sink) beginTask(r *convert.Record) {
	ts := &s.tasks
	if ts.first == 0 || r.ID < ts.first {
		ts.first = r.ID
	}
	t := &task{kept: true}
	parent := s.taskNode(r.Parent)
	t.above = ts.open[r.Parent]
	if parent == nil {
		t.node = s.rootTask(r.ID, r.Start)
	} else if t.node = s.begin(parent, s.ids.span(idTask, "", r.ID, uint64(r.Start)), r.Start); t.node == nil {
		t.node, t.kept = parent, false
	}
	ts.open[r.ID] = t
	if s.stacks.calls(r.Stack, otelTaskFunction) {
		t.source = sourceOTel
	}
	if g := s.goroutines[r.G]; g != nil {
		s.pushTask(g, t, r.ID, r.Time)
	}
}

func (s *Sink) endTask(t *task, r *convert.Record) {
	s.popTask(t, r.By, r.Time)
	if up := t.above; up != nil {
		up.inner.Add(&t.own)
		up.inner.Add(&t.inner)
		up.subtasks += t.subtasks + 1
		t.above = nil
	}
	if !t.kept {
		s.fold(t.node, r)
	} else {
		s.compose(t.node, cmp.Or(r.Name, "task"), kindTask, r.Time)
		s.span.int(attrTask, int64(r.ID))
		if r.Parent != convert.NoTask {
			s.span.int(attrParent, int64(r.Parent))
		}
		if r.G != convert.NoGoroutine {
			s.span.int(attrGoroutine, int64(r.G))
		}
		if r.By != convert.NoGoroutine {
			s.span.int(attrEnder, int64(r.By))
		}
		s.span.own(&t.own)
		if t.subtasks > 0 {
			s.span.int(attrSubtasks, t.subtasks)
			t.inner.Add(&t.own)
			s.span.inclusive(&t.inner)
		}
		if t.source != "" {
			s.span.text(attrSource, t.source)
		}
		if t.datadog != "" {
			s.span.text(attrDatadog, t.datadog)
		}
		s.stacks.task(&s.span, r.Stack, t.source)
		s.span.flags(r.Flags)
		s.finish(t.node)
	}
	s.tasks.end(r.ID, t.node)
}

// end remembers an ended task for a while.
func (ts *taskTable) end(id uint64, n *node) {
	delete(ts.open, id)
	if ts.ended[id] == nil {
		ts.queue = append(ts.queue, id)
	}
	ts.ended[id] = n
	if len(ts.queue) > keepEnded {
		delete(ts.ended, ts.queue[0])
		ts.queue = ts.queue[1:]
	}
}

// finishTasks writes the tasks begun before the trace that did not end in it,
// in the order of their ids: the engine does not know of them.
func (s *Sink) finishTasks(sum *convert.Summary) {
	for _, id := range slices.Sorted(maps.Keys(s.tasks.open)) {
		r := convert.Record{
			Time: sum.End, Start: s.run.trace.Start, ID: id, Kind: convert.KindTask, Phase: convert.End,
			G: convert.NoGoroutine, By: convert.NoGoroutine, Flags: convert.OpenStart | convert.OpenEnd,
		}
		s.endTask(s.tasks.open[id], &r)
	}
}

// region begins and ends a region.
func (s *Sink) region(r *convert.Record) {
	g := s.goroutines[r.G]
	if g == nil {
		return
	}
	switch {
	case r.Phase == convert.Begin:
		o := owner{id: r.ID}
		if parent := s.around(g, r); parent != nil {
			o.node, o.kept = s.begin(parent, s.regionID(r), r.Start), true
			if o.node == nil {
				o.node, o.kept = parent, false
			}
		}
		if r.ID != convert.NoTask {
			o.task = s.tasks.open[r.ID]
		}
		s.pushRegion(g, o, r.Time)
	case r.Flags&convert.OpenStart != 0 && !g.inRegion():
		// Begun before the trace: around all that is open now.
		if parent := s.outside(g, r); parent == nil {
		} else if s.leaf(parent, s.regionID(r), r, cmp.Or(r.Name, "region"), kindRegion) {
			s.regionAttrs(r)
			s.finishLeaf(parent)
		}
	default:
		o, ok := s.popRegion(g, r.Time)
		switch {
		case !ok || o.node == nil:
		case !o.kept:
			s.fold(o.node, r)
		default:
			s.compose(o.node, cmp.Or(r.Name, "region"), kindRegion, r.Time)
			s.regionAttrs(r)
			s.scratch.Set(&g.mark)
			s.scratch.Sub(&o.before)
			s.span.own(&s.scratch)
			s.finish(o.node)
		}
	}
}

// inRegion reports whether a region of g is open.
func (g *goroutine) inRegion() bool {
	return slices.ContainsFunc(g.owners, func(o owner) bool { return o.region })
}

func (s *Sink) regionID(r *convert.Record) spanID {
	return s.ids.span(idRegion, "", uint64(r.G), uint64(r.Start), uint64(r.Seen))
}

func (s *Sink) regionAttrs(r *convert.Record) {
	if r.ID != convert.NoTask {
		s.span.int(attrTask, int64(r.ID))
	}
	s.span.int(attrGoroutine, int64(r.G))
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
}

// around returns the node of what a region or log of g lies in: its innermost
// region or task there, of the same task if it has one; else its task; else the
// goroutine, or nil if those have no spans.
func (s *Sink) around(g *goroutine, r *convert.Record) *node {
	for i := len(g.owners) - 1; i >= 0; i-- {
		if in := &g.owners[i]; (r.ID == convert.NoTask || r.ID == in.id) && in.node != nil {
			return in.node
		}
	}
	return s.outside(g, r)
}

// outside returns the node of r's task, or of its goroutine.
func (s *Sink) outside(g *goroutine, r *convert.Record) *node {
	if n := s.taskNode(r.ID); n != nil {
		return n
	}
	if s.o.Detail >= DetailTasks {
		return nil
	}
	return s.place(g)
}

// datadogLog is the category under which dd-trace-go logs the id of a task's
// span: 8 bytes, the lowest first (ddtrace/tracer/tracer.go).
const datadogLog = "datadog.uint64_span_id"

// log adds a log to the span in which it lies.
func (s *Sink) log(r *convert.Record) {
	n := s.run.node
	if g := s.goroutines[r.G]; g != nil {
		if in := s.around(g, r); in != nil {
			n = in
		}
	} else if t := s.taskNode(r.ID); t != nil {
		n = t
	}
	message := utf8Text(r.Text)
	if r.Name == datadogLog && len(r.Text) == 8 {
		message = strconv.FormatUint(binary.LittleEndian.Uint64([]byte(r.Text)), 10)
		if t := s.tasks.open[r.ID]; t != nil {
			t.source, t.datadog = sourceDatadog, message
		}
	}
	s.addLog(n, event{at: s.dated(r.Time), name: utf8Text(cmp.Or(r.Name, "log")), message: message, task: r.ID})
}
