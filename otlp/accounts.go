package otlp

import (
	"cmp"
	"slices"

	"github.com/trace2otel/trace2otel/internal/account"
)

// maxReasons bounds the reasons of waits that a span tells apart.
const maxReasons = 12

// life adds all parts of a goroutine's time, or of several.
func (s *span) life(t *account.Totals) {
	s.int(attrRunning, int64(t.Running))
	s.some(attrAssist, int64(t.Assist))
	s.int(attrRunnable, int64(t.Runnable))
	s.some(attrStopped, int64(t.Stopped))
	s.int(attrWaiting, int64(t.Waiting()))
	s.int(attrSyscall, int64(t.Syscall))
	s.int(attrSyscallBlocked, int64(t.SyscallBlocked))
	s.waits(t)
}

// own adds the parts of the own time of a task, or of the time of a region,
// that there are.
func (s *span) own(t *account.Totals) {
	s.some(attrRunning, int64(t.Running))
	s.some(attrAssist, int64(t.Assist))
	s.some(attrRunnable, int64(t.Runnable))
	s.some(attrStopped, int64(t.Stopped))
	s.some(attrWaiting, int64(t.Waiting()))
	s.some(attrSyscall, int64(t.Syscall))
	s.some(attrSyscallBlocked, int64(t.SyscallBlocked))
	s.waits(t)
}

// inclusive adds the time of a task and of its subtasks.
func (s *span) inclusive(t *account.Totals) {
	s.some(attrAllRunning, int64(t.Running))
	s.some(attrAllAssist, int64(t.Assist))
	s.some(attrAllRunnable, int64(t.Runnable))
	s.some(attrAllStopped, int64(t.Stopped))
	s.some(attrAllWaiting, int64(t.Waiting()))
	s.some(attrAllSyscall, int64(t.Syscall))
	s.some(attrAllSyscallBlocked, int64(t.SyscallBlocked))
}

// waits adds the waits by reason, in the order of the reasons' names; of too
// many, the shortest together.
func (s *span) waits(t *account.Totals) {
	waits := slices.DeleteFunc(slices.Clone(t.Waits), func(w account.Wait) bool { return w.Time == 0 })
	if len(waits) > maxReasons {
		slices.SortStableFunc(waits, func(a, b account.Wait) int { return cmp.Compare(b.Time, a.Time) })
		rest := account.Totals{Waits: waits[maxReasons-1:]}
		waits = append(waits[:maxReasons-1:maxReasons-1], account.Wait{Reason: account.OtherReasons, Time: rest.Waiting()})
	}
	for i := range waits {
		waits[i].Reason = waitAttr(waits[i].Reason)
	}
	slices.SortFunc(waits, func(a, b account.Wait) int { return cmp.Compare(a.Reason, b.Reason) })
	for i, w := range waits {
		if i > 0 && waits[i-1].Reason == w.Reason {
			s.attrs[len(s.attrs)-1].num += int64(w.Time) // of odd reasons that read alike
		} else {
			s.int(w.Reason, int64(w.Time))
		}
	}
}
