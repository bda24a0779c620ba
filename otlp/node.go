package otlp

import "github.com/trace2otel/trace2otel/convert"

// A node is a span that has begun, and may get children and logs.
type node struct {
	ref
	room   *room
	parent spanID // zero: a root
	set    int    // bytes set aside
	tree   bool   // in the trace of a task
	done   bool   // written
	start  convert.Time
	logs   []event
	logged int // bytes of the logs, which have taken room
	folded folded

	space room // of a root, or of what has a share for itself
}

// begin makes n a node below parent, or reports false if there is no room for
// it.
func (n *node) begin(parent *node, id spanID, start convert.Time) bool {
	if !parent.room.open(barePromise) {
		return false
	}
	*n = node{
		ref: ref{parent.trace, id}, parent: parent.span, start: start,
		room: parent.room, set: barePromise, tree: parent.tree,
	}
	return true
}

// root makes n the root of an OpenTelemetry trace of its own, which has the
// bounds' room, or what is left of it for the root.
func (s *Sink) root(n *node, at ref, start convert.Time, r room) {
	s.run.traces++
	*n = node{ref: at, start: start, space: r, set: wholePromise}
	n.room = &n.space
	n.room.insist(n.set)
}

// share makes n a node below parent that there must be, with room for itself
// and what lies below it.
func (n *node) share(parent *node, id spanID, start convert.Time, r room) {
	*n = node{ref: ref{parent.trace, id}, parent: parent.span, start: start, space: r, set: wholePromise}
	n.room = &n.space
	n.room.insist(n.set)
}

// compose begins the span of n, for the caller to add attributes to.
func (s *Sink) compose(n *node, name, kind string, end convert.Time) {
	s.span.begin(n.ref, n.parent, name)
	s.span.word(attrKind, kind)
	s.span.events = n.logs
	s.date(n.start, end)
}

// finish writes the span of n, which compose began. A span that is larger than
// what room there is left is trimmed, and if need be stripped.
func (s *Sink) finish(n *node) {
	if n != &s.run.node && n.parent == (spanID{}) {
		s.span.link(s.run.ref, linkRun)
		s.linkRoot(n)
	}
	n.room.bytes += n.logged
	size := s.span.size()
	if !n.room.fits(size+foldedSize, n.set) {
		s.span.trim(&n.folded)
		size = s.span.size()
	}
	if !n.room.fits(size+foldedSize, n.set) && n != &s.run.node {
		s.span.strip(&n.folded)
		size = s.span.size()
	}
	if n.folded != (folded{}) {
		s.span.folded(&n.folded)
		size = s.span.size()
	}
	if n != &s.run.node {
		s.run.foldedBelow.add(&n.folded)
	}
	n.room.close(size, n.set)
	s.write()
	n.done = true
	s.spare.takeLogs(n)
}

// leaf begins a span below parent that has ended already, for finishLeaf to
// write. It reports false, and folds the span, if there is no room for it.
func (s *Sink) leaf(parent *node, id spanID, r *convert.Record, name, kind string) bool {
	if parent.room.spans < 1 || parent.room.bytes < spanOverhead {
		s.fold(parent, r)
		return false
	}
	s.span.begin(ref{parent.trace, id}, parent.span, name)
	s.span.word(attrKind, kind)
	s.date(r.Start, r.Time)
	return true
}

// finishLeaf writes the span that leaf began, without its stack if that is too
// large, or folds it.
func (s *Sink) finishLeaf(parent *node, r *convert.Record) {
	if !parent.room.take(1, s.span.size()) {
		var f folded
		s.span.trim(&f)
		if !parent.room.take(1, s.span.size()) {
			s.fold(parent, r)
			return
		}
		s.foldAll(parent, &f)
	}
	s.write()
}

// fold counts an interval that has no span on the one that would have been its
// parent; on the run, if that is written already.
func (s *Sink) fold(parent *node, r *convert.Record) {
	if parent.done {
		parent = &s.run.node
	}
	parent.folded.span(int64(r.Duration()))
}

// foldAll counts several intervals that have no span.
func (s *Sink) foldAll(parent *node, f *folded) {
	if parent.done {
		parent = &s.run.node
	}
	parent.folded.add(f)
}

// addLog adds a log to n, or counts it if there is no room. As states do, the
// logs of a tree of tasks leave half of it for subtasks and regions.
func (s *Sink) addLog(n *node, e event) {
	if n.done {
		n = &s.run.node
	}
	size := e.size()
	if n.tree && n.room.bytes <= s.limits.bytes/2 || !n.room.take(0, size) {
		n.folded.logs++
		return
	}
	if n.logs == nil {
		n.logs = s.spare.logsOf()
	}
	n.logs = append(n.logs, e)
	n.logged += size
}

// write encodes the span that was built.
func (s *Sink) write() {
	s.run.spans++
	s.out.span(&s.span)
}
