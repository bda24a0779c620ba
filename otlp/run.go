package otlp

import (
	"maps"
	"slices"

	"github.com/trace2otel/trace2otel/convert"
)

// A run is the execution trace as a whole.
type run struct {
	*node
	trace  convert.Trace
	folded folded // in all traces
}

func (s *Sink) beginRun(t *convert.Trace) {
	s.run.trace = *t
	s.run.node = s.root(s.ids.trace(idRun, ""), s.ids.span(idRun, ""), t.Start)
}

func (s *Sink) finishRun(sum *convert.Summary) {
	s.compose(s.run.node, "go execution trace", kindRun, sum.End)
	s.span.text(attrFormat, sum.Version)
	if sum.Name != "" {
		s.span.text(attrInput, sum.Name)
	}
	s.span.int(attrDuration, int64(sum.End.Sub(sum.Start)))
	s.span.int(attrEvents, sum.Events)
	s.span.int(attrGenerations, sum.Generations)
	s.span.int(attrGoroutines, sum.Goroutines)
	s.span.some(attrAdjusted, sum.Adjusted)
	if l := sum.Loss; l != nil {
		s.span.text(attrLoss, l.Err.Error())
		s.span.some(attrLossBytes, l.Bytes)
	}
	all := s.run.folded
	s.span.some(attrAllFolded, all.spans+s.run.node.folded.spans)
	s.span.some(attrAllLogs, all.logs+s.run.node.folded.logs)
	s.finish(s.run.node)
}

// A proc sums up what a proc did.
type proc struct {
	first, last convert.Time
	flags       convert.Flags
	running     int64 // ns
	idle        int64
	syscall     int64 // of running
	longestIdle int64
}

func (s *Sink) procOf(id convert.ProcID, since convert.Time) *proc {
	p := s.procs[id]
	if p == nil {
		p = &proc{first: since, last: since}
		s.procs[id] = p
	}
	return p
}

func (s *Sink) proc(r *convert.Record) {
	p := s.procOf(r.P, r.Start)
	if r.Phase != convert.End {
		return
	}
	ns := int64(r.Duration())
	p.last = max(p.last, r.Time)
	p.flags |= r.Flags & (convert.OpenStart | convert.OpenEnd)
	if r.State == convert.StateRunning {
		p.running += ns
	} else {
		p.idle += ns
		p.longestIdle = max(p.longestIdle, ns)
	}
}

// finishProcs writes the procs, in the order of their ids.
func (s *Sink) finishProcs() {
	if s.o.Detail >= DetailTasks {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(s.procs)) {
		p := s.procs[id]
		r := convert.Record{Start: p.first, Time: p.last, Phase: convert.End}
		if !s.leaf(s.run.node, s.ids.span(idProc, "", uint64(id)), &r, "proc", kindProc) {
			continue
		}
		s.span.int(attrProc, int64(id))
		s.span.int(attrProcRunning, p.running)
		s.span.int(attrProcIdle, p.idle)
		s.span.int(attrProcSyscall, p.syscall)
		s.span.int(attrLongestIdle, p.longestIdle)
		s.span.flags(p.flags)
		s.finishLeaf(s.run.node)
	}
}

// stopTheWorld writes a stop: the garbage collector's below its cycle, others
// below the run.
func (s *Sink) stopTheWorld(r *convert.Record) {
	s.world.Add(r)
	if r.Phase != convert.End {
		s.gc.stops = isGC(r.Name)
		return
	}
	if s.o.Detail >= DetailTasks {
		return
	}
	parent := s.run.node
	if c := s.gc.cycle; c != nil && isGC(r.Name) {
		parent = c.node
	}
	id := s.ids.span(idSTW, "", uint64(r.G), uint64(r.Start), uint64(r.Seen))
	if !s.leaf(parent, id, r, "stop the world", kindSTW) {
		return
	}
	s.span.text(attrReason, r.Name)
	s.span.int(attrGoroutine, int64(r.G))
	if r.Flags&convert.Stopped != 0 {
		s.span.int(attrStopping, int64(r.ID))
		s.span.int(attrStood, int64(r.Duration())-int64(r.ID))
	}
	s.stacks.stack(&s.span, r.Stack)
	s.span.flags(r.Flags)
	s.finishLeaf(parent)
}
