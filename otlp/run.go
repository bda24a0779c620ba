package otlp

import (
	"maps"
	"slices"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// A run is the execution trace as a whole: a root span, which links to those of
// the other OpenTelemetry traces.
type run struct {
	node
	trace convert.Trace

	// Links to roots. Tasks can be any number, and most end before others do:
	// their links fill what those of the others leave.
	maxLinks int
	parts    []link
	tasks    []link

	spans, traces int64  // written
	foldedBelow   folded // on other spans
	times         account.Totals
	counts        counts
}

const (
	// maxRootLinks bounds the links to roots, and with it the span's size.
	maxRootLinks = 1000

	// runBytes is room set aside for the span without its links.
	runBytes = 4000
)

func (s *Sink) beginRun(t *convert.Trace) {
	s.run.trace = *t
	s.root(&s.run.node, s.ids.root(idRun, ""), t.Start, s.limits.room())
	s.run.maxLinks = min(maxRootLinks, s.limits.bytes/8/linkSize)
	s.run.space.bytes -= s.run.reserved()
}

// reserved returns how many bytes are set aside for the run's span.
func (r *run) reserved() int { return runBytes + r.maxLinks*linkSize }

// linkRoot links the run to a root.
func (s *Sink) linkRoot(n *node) {
	links := &s.run.parts
	if n.tree {
		links = &s.run.tasks
	}
	if len(*links) < s.run.maxLinks {
		*links = append(*links, link{n.ref, linkPart})
	} else {
		s.run.folded.links++
	}
}

func (s *Sink) finishRun(sum *convert.Summary) {
	n := &s.run.node
	s.compose(n, "go execution trace", kindRun, sum.End)
	s.span.text(attrFormat, sum.Version)
	if sum.Name != "" {
		s.span.text(attrInput, sum.Name)
	}
	if part := sum.Window(); part != "" {
		s.span.word(attrWindow, part)
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
	if sum.Repairs.Any() {
		s.span.text(attrRepairs, sum.Repairs.String())
	}
	if steps := sum.ClockSteps.String(); steps != "" {
		s.span.text(attrClockSteps, steps)
	}
	s.span.some(attrFactor, sum.Factor)
	if sum.Regions.Any() {
		s.span.text(attrNesting, sum.Regions.String())
	}
	if sum.Unstopped {
		s.span.yes(attrUnstopped)
	}
	tasks := min(len(s.run.tasks), s.run.maxLinks-len(s.run.parts))
	n.folded.links += int64(len(s.run.tasks) - tasks)
	s.span.links = append(append(s.span.links, s.run.parts...), s.run.tasks[:tasks]...)
	s.times(&s.own, &s.run.times)
	s.run.counts.attrs(&s.span)
	s.span.int(attrSpans, s.run.spans+1)
	s.span.int(attrTraces, s.run.traces)
	all := s.run.foldedBelow
	all.add(&n.folded)
	s.span.some(attrAllFolded, all.spans)
	s.span.some(attrAllFoldTime, all.ns)
	s.span.some(attrAllLogs, all.logs)
	s.span.some(attrAllLinks, all.links)
	n.room.bytes += s.run.reserved()
	s.finish(n)
}

// A proc sums up what a proc did.
type proc struct {
	node
	kept        bool // there is room for it
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
		p.kept = s.o.Detail < DetailTasks && p.begin(&s.run.node, s.ids.span(idProc, uint64(id)), since)
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
		account.Plus(&p.running, ns)
	} else {
		account.Plus(&p.idle, ns)
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
		if !p.kept {
			s.run.folded.span(int64(p.last - p.first))
			continue
		}
		s.compose(&p.node, "proc", kindProc, p.last)
		s.span.int(attrProc, int64(id))
		s.span.int(attrProcBusy, max(0, p.running-p.syscall))
		s.span.int(attrProcIdle, p.idle)
		s.span.int(attrProcSyscall, p.syscall)
		s.span.int(attrLongestIdle, p.longestIdle)
		s.span.flags(p.flags)
		s.finish(&p.node)
	}
}
