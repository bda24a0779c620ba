package convert

import (
	"fmt"
	"strings"
	"time"
)

// A ClockStep is a change of the wall clock that is no drift: it was set, or
// the machine was asleep, and the trace's clock with it.
type ClockStep struct {
	After  time.Duration // it came after the reading that long after the trace's start
	Before time.Duration // and before this one
	By     time.Duration // how far the wall clock went; back if negative
}

// String returns what happened, and when: "set back by 1h0m0s between 1.2s and
// 2.2s of the trace".
func (s ClockStep) String() string {
	way := "ahead"
	if s.By < 0 {
		way = "back"
	}
	return fmt.Sprintf("set %s by %v between %v and %v of the trace",
		way, time.Duration(abs(int64(s.By))).Round(time.Millisecond), s.After.Round(time.Microsecond), s.Before.Round(time.Microsecond))
}

// ClockSteps are the steps of the wall clock in a trace, in order of time. No
// date follows them: all are by the wall clock as it was at the start.
type ClockSteps struct {
	Count int64       // all there were
	List  []ClockStep // the first of them, maxSteps at most
}

// maxSteps bounds what is kept of traces in which every generation has a step.
const maxSteps = 16

func (s *ClockSteps) add(step ClockStep) {
	s.Count++
	if len(s.List) < maxSteps {
		s.List = append(s.List, step)
	}
}

// String returns all steps that are listed in one sentence. It is empty if there
// were none.
func (s *ClockSteps) String() string {
	if s.Count == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("the wall clock was ")
	for i, step := range s.List {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(step.String())
	}
	if more := s.Count - int64(len(s.List)); more > 0 {
		fmt.Fprintf(&b, ", and %d times more", more)
	}
	b.WriteString("; dates follow the clock as it was at the start")
	return b.String()
}
