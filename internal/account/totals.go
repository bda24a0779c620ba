package account

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// Totals divide the time of a goroutine: each nanosecond counts once. The zero
// value is no time at all.
type Totals struct {
	Running        time.Duration // on a P, but not in a mark assist
	Assist         time.Duration // on a P, in a mark assist
	Runnable       time.Duration // ready for a P, with the world not stopped
	Stopped        time.Duration // ready for a P, with the world stopped or stopping
	Syscall        time.Duration // in a system call, with its P
	SyscallBlocked time.Duration // in a system call, without a P
	Waits          []Wait        // blocked: by reason, in the order of first occurrence
}

// A Wait is the time a goroutine was blocked for one reason.
type Wait struct {
	Reason string // see convert.Record.Reason
	Time   time.Duration
}

// Waiting returns the time blocked, for any reason.
func (t *Totals) Waiting() time.Duration {
	var sum time.Duration
	for i := range t.Waits {
		Plus(&sum, t.Waits[i].Time)
	}
	return sum
}

// Sum returns all of the time.
func (t *Totals) Sum() time.Duration {
	sum := t.Waiting()
	for _, d := range [...]time.Duration{t.Running, t.Assist, t.Runnable, t.Stopped, t.Syscall, t.SyscallBlocked} {
		Plus(&sum, d)
	}
	return sum
}

// Reset makes t no time at all, and keeps its memory.
func (t *Totals) Reset() { *t = Totals{Waits: t.Waits[:0]} }

// Set makes t a copy of u that shares nothing with it.
func (t *Totals) Set(u *Totals) {
	waits := append(t.Waits[:0], u.Waits...)
	*t = *u
	t.Waits = waits
}

// Add adds u to t.
func (t *Totals) Add(u *Totals) { t.add(u, 1) }

// Remove takes u from t, of which it is a part, whatever their order of reasons.
// If t holds all the time there is (see [Plus]), some of it can be missing.
func (t *Totals) Remove(u *Totals) {
	t.add(u, -1)
	for _, d := range [...]*time.Duration{&t.Running, &t.Assist, &t.Runnable, &t.Stopped, &t.Syscall, &t.SyscallBlocked} {
		*d = max(0, *d)
	}
}

func (t *Totals) add(u *Totals, sign time.Duration) {
	Plus(&t.Running, sign*u.Running)
	Plus(&t.Assist, sign*u.Assist)
	Plus(&t.Runnable, sign*u.Runnable)
	Plus(&t.Stopped, sign*u.Stopped)
	Plus(&t.Syscall, sign*u.Syscall)
	Plus(&t.SyscallBlocked, sign*u.SyscallBlocked)
	for i := range u.Waits {
		t.wait(u.Waits[i].Reason, sign*u.Waits[i].Time)
	}
}

// AddBetween adds to t what lies between two totals of one goroutine.
func (t *Totals) AddBetween(earlier, later *Totals) {
	Plus(&t.Running, later.Running-earlier.Running)
	Plus(&t.Assist, later.Assist-earlier.Assist)
	Plus(&t.Runnable, later.Runnable-earlier.Runnable)
	Plus(&t.Stopped, later.Stopped-earlier.Stopped)
	Plus(&t.Syscall, later.Syscall-earlier.Syscall)
	Plus(&t.SyscallBlocked, later.SyscallBlocked-earlier.SyscallBlocked)
	for i := range later.Waits {
		w := &later.Waits[i]
		if d := w.Time - earlier.waited(i, w.Reason); d != 0 {
			t.wait(w.Reason, d)
		}
	}
}

// Sub takes u from t: an earlier total of the same goroutine. Reasons of which
// nothing is left remain.
func (t *Totals) Sub(u *Totals) {
	t.Running -= u.Running
	t.Assist -= u.Assist
	t.Runnable -= u.Runnable
	t.Stopped -= u.Stopped
	t.Syscall -= u.Syscall
	t.SyscallBlocked -= u.SyscallBlocked
	for i := range t.Waits {
		w := &t.Waits[i]
		w.Time -= u.waited(i, w.Reason)
	}
}

// waited returns the time blocked for a reason. The totals of one goroutine
// have their reasons in one order, so that it is the one at i, or none.
func (t *Totals) waited(i int, reason string) time.Duration {
	if i < len(t.Waits) && t.Waits[i].Reason == reason {
		return t.Waits[i].Time
	}
	return 0
}

// maxReasons is how many reasons are told apart, well above the number that
// the runtime has: hostile traces may have as many as they like.
const maxReasons = 64

// OtherReasons stands for all reasons beyond the first 63 of a total.
const OtherReasons = "other reasons"

// wait adds d to a reason. Goroutines block for few reasons each, so looking
// at all of them beats a map.
func (t *Totals) wait(reason string, d time.Duration) {
	for i := range t.Waits {
		if t.Waits[i].Reason == reason {
			Plus(&t.Waits[i].Time, d)
			return
		}
	}
	if len(t.Waits) == maxReasons-1 {
		t.Waits = append(t.Waits, Wait{OtherReasons, d})
		return
	}
	if len(t.Waits) == maxReasons {
		Plus(&t.Waits[maxReasons-1].Time, d)
		return
	}
	if t.Waits == nil {
		t.Waits = make([]Wait, 0, 4) // few block for more reasons
	}
	t.Waits = append(t.Waits, Wait{reason, d})
}

// state adds a state of length d, of which special passed in a mark assist, if
// it ran, or with the world stopped, if it was runnable.
func (t *Totals) state(s convert.State, reason string, d, special time.Duration) {
	switch s {
	case convert.StateRunning:
		t.Running += d - special
		t.Assist += special
	case convert.StateRunnable:
		t.Runnable += d - special
		t.Stopped += special
	case convert.StateSyscall:
		t.Syscall += d
	case convert.StateSyscallBlocked:
		t.SyscallBlocked += d
	case convert.StateWaiting:
		t.wait(reason, d)
	}
}
