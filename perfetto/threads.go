package perfetto

import (
	"cmp"
	"slices"
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
	namedTrack
	busy  bool
	kind  convert.Kind // of what it does, while busy,
	g     convert.GoID // and for whom
	until convert.Time // the end of its last slice
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
		th = &osThread{namedTrack: namedTrack{track: s.newTrack()}, until: r.Time}
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
		s.endOnThread(th, max(r.Time, th.until), 0)
	}
	e := event{category: catThread, flags: r.Flags}
	if r.Kind == convert.KindSyscall {
		e.name, g = "syscall", nil
	}
	e.goroutineArg(argGoroutine, r.G)
	if r.P != convert.NoProc {
		e.arg(argProc, int64(r.P))
	}
	begin := r.Time
	if th.until > begin && r.Flags&convert.OpenStart != 0 {
		begin = th.until // it was busy with another before
	}
	s.beginNamed(&th.namedTrack, begin, &e, g)
	th.busy, th.kind, th.g, th.until = true, r.Kind, r.G, begin
}

func (s *Sink) endOnThread(th *osThread, t convert.Time, flags convert.Flags) {
	s.endNamed(&th.namedTrack, t, flags&convert.OpenEnd)
	th.busy, th.until = false, t
}

// finishThreads writes what still waits on threads.
func (s *Sink) finishThreads() {
	if s.o.NoThreads {
		return
	}
	var all []*osThread
	for th := range s.threads.byID.All() {
		all = append(all, th)
	}
	slices.SortFunc(all, func(a, b *osThread) int { return cmp.Compare(a.track, b.track) })
	for _, th := range all {
		s.catchUp(&th.namedTrack)
	}
}
