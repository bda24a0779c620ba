package perfetto

import "github.com/trace2otel/trace2otel/convert"

// A namedTrack is a track of slices that are named after the start functions of
// goroutines. Those of goroutines whose name has not come yet wait for it, and all
// that follow on the track wait with them: slices of one track that meet at one
// time must come in their order.
type namedTrack struct {
	track uint64
	queue lateQueue
}

// A lateSlice is one that waits. The last in a queue may be open.
type lateSlice struct {
	begin, end convert.Time
	open       bool
	flags      convert.Flags // of the end
	event      event         // of the begin
	name       *lateName     // nil: event has it
}

// A lateName is the start function of a goroutine that slices wait for; empty
// while it is not known.
type lateName struct{ function string }

// maxLate bounds how many slices of a track wait. Of more, the first does without.
const maxLate = 1024

// beginNamed begins a slice on t. It is named by e, or after the start function of
// g if g is not nil.
func (s *Sink) beginNamed(t *namedTrack, now convert.Time, e *event, g *goroutine) {
	e.typ, e.track = typeBegin, t.track
	var late *lateName
	if g != nil {
		if e.name = g.function(); !g.declared() {
			if g.late == nil {
				g.late = new(lateName)
			}
			late = g.late
		}
	}
	if s.catchUp(t); late == nil && len(t.queue.waiting()) == 0 {
		s.w.event(now, e)
		return
	}
	t.queue.push(lateSlice{begin: now, open: true, event: *e, name: late})
}

// endNamed ends the slice of t that is open.
func (s *Sink) endNamed(t *namedTrack, now convert.Time, flags convert.Flags) {
	if waiting := t.queue.waiting(); len(waiting) > 0 {
		last := &waiting[len(waiting)-1]
		last.end, last.flags, last.open = now, flags, false
		s.catchUp(t)
		return
	}
	s.w.end(now, t.track, flags)
}

// catchUp writes the slices of t that need not wait any more.
func (s *Sink) catchUp(t *namedTrack) {
	if len(t.queue.slices) == 0 {
		return
	}
	waiting := t.queue.waiting()
	done := 0
	for i := range waiting {
		l := &waiting[i]
		if l.name != nil && l.name.function != "" {
			l.event.name = l.name.function
		} else if l.name != nil && len(waiting)-i <= maxLate {
			break
		}
		s.w.event(l.begin, &l.event)
		if !l.open {
			s.w.end(l.end, t.track, l.flags)
		}
		done++
	}
	t.queue.pop(done)
}

// A lateQueue has the slices that wait, oldest first. In a generation that is cut
// a full queue gives up one for each that comes, so none of the others moves then:
// they move once the queue has given up as many as wait.
type lateQueue struct {
	slices []lateSlice
	gone   int // of slices
}

// waiting returns the slices that wait. They are valid until the next push or
// pop.
func (q *lateQueue) waiting() []lateSlice { return q.slices[q.gone:] }

func (q *lateQueue) push(l lateSlice) { q.slices = append(q.slices, l) }

// pop takes out the first n.
func (q *lateQueue) pop(n int) {
	if q.gone += n; n > 0 && q.gone >= len(q.slices)-q.gone {
		q.slices = append(q.slices[:0], q.slices[q.gone:]...)
		q.gone = 0
	}
}

// nameLate tells slices that wait for it the start function of g.
func (g *goroutine) nameLate(function string) {
	if g.late != nil {
		g.late.function = function
		g.late = nil
	}
}
