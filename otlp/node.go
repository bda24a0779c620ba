package otlp

import (
	"slices"

	"github.com/trace2otel/trace2otel/convert"
)

// A node is a span that has begun, and may get children and logs.
type node struct {
	ref    ref
	parent spanID // zero: a root
	start  convert.Time
	logs   []event
	links  []link
	logged int // bytes of the logs and links, counted in the trace's
	folded folded
	done   bool // written
}

// begin returns a node below parent, or nil if there is no room for it.
func (s *Sink) begin(parent *node, id spanID, start convert.Time) *node {
	t := parent.ref.trace
	if !s.limits.open(t) {
		return nil
	}
	return &node{ref: ref{t, id}, parent: parent.ref.id, start: start}
}

// root returns the root node of an OpenTelemetry trace of its own.
func (s *Sink) root(trace traceID, id spanID, start convert.Time) *node {
	t := &otelTrace{id: trace}
	s.limits.insist(t)
	return &node{ref: ref{t, id}, start: start}
}

// compose begins the span of n, for the caller to add attributes to.
func (s *Sink) compose(n *node, name, kind string, end convert.Time) {
	s.span.begin(n.ref, n.parent, name)
	s.span.text(attrKind, kind)
	s.span.events = n.logs
	if n.parent == (spanID{}) && n != s.run.node {
		s.span.link(s.run.ref, linkRun)
	}
	s.date(n.start, end)
}

// finish writes the span of n, which compose began.
func (s *Sink) finish(n *node) {
	s.span.folded(&n.folded)
	s.span.links = append(s.span.links, n.links...)
	s.run.folded.spans += n.folded.spans
	s.run.folded.logs += n.folded.logs
	n.ref.trace.bytes -= n.logged
	s.write(n.ref.trace)
	n.logs, n.links, n.done = nil, nil, true
}

// leaf begins a span below parent that has ended already, for finishLeaf to
// write. It reports false, and folds the span, if there is no room for it.
func (s *Sink) leaf(parent *node, id spanID, r *convert.Record, name, kind string) bool {
	if !s.limits.open(parent.ref.trace) {
		s.fold(parent, r)
		return false
	}
	s.span.begin(ref{parent.ref.trace, id}, parent.ref.id, name)
	s.span.text(attrKind, kind)
	s.date(r.Start, r.Time)
	return true
}

// finishLeaf writes the span that leaf began.
func (s *Sink) finishLeaf(parent *node) { s.write(parent.ref.trace) }

// fold counts an interval that has no span on the one that would have been its
// parent; on the run, if that is written already.
func (s *Sink) fold(parent *node, r *convert.Record) {
	if parent.done {
		parent = s.run.node
	}
	parent.folded.span(int64(r.Duration()))
}

// maxLinks bounds the links that are added to a span bit by bit.
const maxLinks = 500

// addLink makes n point at another span, once, while there is room.
func (s *Sink) addLink(n *node, to ref, kind string) {
	l := link{to.trace.id, to.id, kind}
	if n.done || len(n.links) == maxLinks || !s.limits.room(n.ref.trace, linkOverhead) || slices.Contains(n.links, l) {
		return
	}
	n.links = append(n.links, l)
	n.logged += linkOverhead
	n.ref.trace.bytes += linkOverhead
}

// log adds a log to n, or counts it if there is no room.
func (s *Sink) addLog(n *node, e event) {
	if n.done {
		n = s.run.node
	}
	size := e.size()
	if !s.limits.room(n.ref.trace, size) {
		n.folded.logs++
		return
	}
	n.logs = append(n.logs, e)
	n.logged += size
	n.ref.trace.bytes += size
}
