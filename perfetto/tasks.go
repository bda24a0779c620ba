package perfetto

import (
	"slices"
	"unicode/utf8"

	"github.com/trace2otel/trace2otel/convert"
)

// taskTracks are those of the process "Tasks": lanes for each type of task,
// and below each lane the lanes of the subtasks begun in it.
type taskTracks struct {
	root   lane
	before lanes // of tasks whose Begin is not in the trace

	start convert.Time
	first uint64          // the lowest id begun in the trace; 0 if none yet
	ended map[uint64]bool // of tasks begun before it
}

// Bounds on how many types get lanes of their own within one lane, and on how
// deep lanes go: programs make up types, and a task may be the subtask of one
// that is long over.
const (
	maxTaskTypes = 256
	maxTaskDepth = 16
)

func (s *Sink) startTasks(t *convert.Trace) {
	s.tasks.root.track = s.newProcess("Tasks").track
	s.tasks.start, s.tasks.first, s.tasks.ended = t.Start, t.FirstTask, make(map[uint64]bool)
	s.tasks.before = lanes{name: "begun before the trace", parent: s.tasks.root.track, apart: true, depth: 1}
}

// task shows a task on a track of its own, below its parent's while that is
// open. Its id is its correlation id, and that of what belongs to it elsewhere.
// Who ended it is said if that was not who began it.
func (s *Sink) task(r *convert.Record) {
	begin := event{category: catTask, name: r.TaskType(), stack: r.Stack, correlation: r.ID}
	if r.Parent != convert.NoTask {
		begin.arg(argParent, int64(r.Parent))
	}
	begin.goroutineArg(argGoroutine, r.G)
	end := event{stack: r.ByStack}
	if r.By != r.G {
		end.goroutineArg(argEnder, r.By)
	}
	l := &s.tasks.before
	if r.Phase == convert.Begin {
		s.beginTask(r)
		l = s.taskLanes(r, begin.name)
	} else if s.tasks.isEarly(r.ID) {
		s.tasks.ended[r.ID] = true
	}
	s.span(r, r.ID, l, &begin, &end)
}

// beginTask makes ready for a task that begins.
func (s *Sink) beginTask(r *convert.Record) {
	t := &s.tasks
	if t.first == 0 || r.ID < t.first {
		t.first = r.ID
	}
	if s.runtime.open[spanKey{convert.KindTask, r.ID}] != nil {
		s.endEarly(r.ID, r.Time) // what was told of it before told of another
	}
	s.reveal(r.Parent)
}

// isEarly reports whether a task began before the trace: one counter gives out
// the ids.
func (t *taskTracks) isEarly(id uint64) bool {
	return id != convert.NoTask && (t.first == 0 || id < t.first)
}

// reveal shows a task begun before the trace of which nothing but its id is
// told, by what is part of it.
func (s *Sink) reveal(id uint64) {
	t := &s.tasks
	if !t.isEarly(id) || t.ended[id] || s.runtime.open[spanKey{convert.KindTask, id}] != nil {
		return
	}
	begin := event{category: catTask, name: convert.TaskUnknown, correlation: id}
	r := convert.Record{Kind: convert.KindTask, Phase: convert.Begin, Time: t.start, Flags: convert.OpenStart}
	s.span(&r, id, &t.before, &begin, nil)
}

// endEarly ends the slice of a task of which the end was not seen.
func (s *Sink) endEarly(id uint64, at convert.Time) {
	r := convert.Record{Kind: convert.KindTask, Phase: convert.End, Time: at, Flags: convert.OpenStart | convert.OpenEnd}
	s.span(&r, id, nil, nil, &event{})
}

// finishTasks ends the tasks begun before the trace that did not end in it, of
// which the engine does not know.
func (s *Sink) finishTasks(end convert.Time) {
	var ids []uint64
	for key := range s.runtime.open {
		if key.kind == convert.KindTask {
			ids = append(ids, key.id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		s.endEarly(id, end)
	}
}

// taskLanes returns the lanes for a task that begins.
func (s *Sink) taskLanes(r *convert.Record, typ string) *lanes {
	in := &s.tasks.root
	if r.Parent != convert.NoTask {
		if ln := s.runtime.open[spanKey{convert.KindTask, r.Parent}]; ln != nil && ln.depth() < maxTaskDepth {
			in = ln
		}
	}
	l := in.inner[typ]
	if l == nil && len(in.inner) >= maxTaskTypes {
		typ = "other tasks"
		l = in.inner[typ]
	}
	if l == nil {
		l = &lanes{name: typ, parent: in.track, apart: true, depth: in.depth() + 1}
		if in.inner == nil {
			in.inner = make(map[string]*lanes)
		}
		in.inner[typ] = l
	}
	return l
}

func (ln *lane) depth() int {
	if ln.group == nil {
		return 0
	}
	return ln.group.depth
}

// log shows a log as an instant on its goroutine's track, named by its
// category, and on its task's, while that is open, named by category and message.
// There, the slice that it lies on has the task's id; the rest is on the
// goroutine's, or if that does not show here, too.
func (s *Sink) log(r *convert.Record) {
	s.reveal(r.ID)
	alone := !s.o.Only.shows(r.G)
	if !alone {
		g := s.goroutine(r.G)
		e := event{typ: typeInstant, track: g.track, category: catLog, name: orElse(r.Name, "log"), stack: r.Stack}
		e.message, e.hasMessage = r.Text, true
		if r.ID != convert.NoTask {
			e.correlation = r.ID
		}
		s.w.event(r.Time, &e)
	}
	if ln := s.runtime.open[spanKey{convert.KindTask, r.ID}]; ln != nil {
		e := event{typ: typeInstant, track: ln.track, category: catTaskLog, rare: true}
		e.prefix, e.name = taskLog(r)
		if alone {
			e.stack, e.message, e.hasMessage = r.Stack, r.Text, true
			e.goroutineArg(argGoroutine, r.G)
		}
		s.w.event(r.Time, &e)
	}
}

// taskLog names a log on its task's track: "category: message".
func taskLog(r *convert.Record) (prefix, name string) {
	if r.Text == "" {
		return "", orElse(r.Name, "log")
	}
	return r.Name, start(r.Text)
}

// start returns the beginning of a message, to name an instant.
func start(message string) string {
	const most = 100
	if len(message) <= most {
		return message
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(message[n]) {
		n--
	}
	return message[:n] + "…"
}
