package otlp

import (
	"cmp"
	"slices"
	"time"

	"github.com/trace2otel/trace2otel/internal/account"
)

// maxReasons bounds the reasons for waiting that a span tells apart.
const maxReasons = 12

// otherReasons stands for the reasons beyond maxReasons.
const otherReasons = "other reasons"

// A namedTime is the attribute of a reason, and the time waited for it.
type namedTime struct {
	name string
	time time.Duration
}

// times adds the parts of t that are not zero to the span being built.
func (s *Sink) times(n *timeNames, t *account.Totals) {
	some := func(name string, d time.Duration) { s.span.some(name, int64(d)) }
	some(n.running, t.Running)
	some(n.assist, t.Assist)
	some(n.runnable, t.Runnable)
	some(n.stopped, t.Stopped)
	some(n.waiting, t.Waiting())
	some(n.syscall, t.Syscall)
	some(n.syscallBlocked, t.SyscallBlocked)
	for _, w := range s.waitsByName(n, t.Waits) {
		s.span.int(w.name, int64(w.time))
	}
}

// waitsByName returns the waits by the names of their attributes: the longest,
// and the sum of all others.
func (s *Sink) waitsByName(n *timeNames, waits []account.Wait) []namedTime {
	list := s.waits[:0]
	for _, w := range waits {
		if w.Time == 0 {
			continue
		}
		name := n.of(w.Reason)
		if i := slices.IndexFunc(list, func(t namedTime) bool { return t.name == name }); i >= 0 {
			account.Plus(&list[i].time, w.Time) // two reasons, one name
		} else {
			list = append(list, namedTime{name, w.Time})
		}
	}
	if len(list) > maxReasons {
		slices.SortFunc(list, func(a, b namedTime) int {
			return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(a.name, b.name))
		})
		other := n.of(otherReasons)
		rest := list[maxReasons-1:]
		list = list[:maxReasons-1]
		sum := namedTime{name: other}
		for _, t := range rest {
			account.Plus(&sum.time, t.time)
		}
		list = slices.DeleteFunc(list, func(t namedTime) bool {
			if t.name == other {
				account.Plus(&sum.time, t.time)
			}
			return t.name == other
		})
		list = append(list, sum)
	}
	if len(list) > 1 {
		slices.SortFunc(list, func(a, b namedTime) int { return cmp.Compare(a.name, b.name) })
	}
	s.waits = list
	return list
}
