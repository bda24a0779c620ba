package perfetto

import (
	"strconv"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/index"
)

// threadTracks are those of the process "OS threads": one for each thread (M),
// with a slice for each time it ran a goroutine, named by its start function,
// and for each system call. A thread does one of these at a time. The trace
// has no names of threads but their ids.
//
// They are no threads of Perfetto's: those are the goroutines, and the ids of
// both may be the same.
type threadTracks struct {
	process *process
	byID    *index.Index[convert.ThreadID, osThread]
}

type osThread struct {
	track uint64
	busy  bool
	kind  convert.Kind // of what it does, while busy,
	g     convert.GoID // and for whom
}

func (s *Sink) startThreads() {
	if s.o.NoThreads {
		return
	}
	s.threads.process = s.newProcess("OS threads")
	s.threads.byID = index.New[convert.ThreadID, osThread]()
}

// onThread shows the Begin or End of a running state, or of a system call, on
// the thread that it took. g is r's goroutine.
func (s *Sink) onThread(r *convert.Record, g *goroutine) {
	if s.o.NoThreads || r.M == convert.NoThread || r.Phase == convert.Instant {
		return
	}
	th := s.threads.byID.Get(r.M)
	if th == nil {
		th = &osThread{track: s.newTrack()}
		s.threads.byID.Set(r.M, th)
		s.w.describeLane(th.track, &lanes{name: "M " + strconv.FormatInt(int64(r.M), 10), parent: s.threads.process.track})
	}
	if r.Phase == convert.End {
		if th.busy && th.kind == r.Kind && th.g == r.G {
			s.endOnThread(th, r.Time, r.Flags)
		}
		return
	}
	if th.busy {
		// The trace contradicts itself: an end was lost.
		s.endOnThread(th, r.Time, 0)
	}
	e := event{typ: typeBegin, track: th.track, category: catThread, name: "syscall", flags: r.Flags}
	if r.Kind != convert.KindSyscall {
		e.name = g.function()
	}
	e.goroutineArg(argGoroutine, r.G)
	if r.P != convert.NoProc {
		e.arg(argProc, int64(r.P))
	}
	s.w.event(r.Time, &e)
	th.busy, th.kind, th.g = true, r.Kind, r.G
}

func (s *Sink) endOnThread(th *osThread, t convert.Time, flags convert.Flags) {
	s.w.end(t, th.track, flags&convert.OpenEnd)
	th.busy = false
}
