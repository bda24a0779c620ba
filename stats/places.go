package stats

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// maxPlaces is how many are reported, and maxFrames how much of their stacks.
const (
	maxPlaces = 50
	maxFrames = 32
)

// networkReason is that of waits for the network poller
// (runtime/traceruntime.go: traceBlockNet).
const networkReason = "network"

// places gathers what happened at each stack.
type places struct {
	waits    []*place            // by stack; each the first of a list
	more     map[reasonAt]*place // of the waits, those after the first few of a list
	syscalls []*place            // by stack
}

// fewReasons is how far a list is searched. Goroutines wait for one reason at
// nearly every stack, but for many at the empty one.
const fewReasons = 8

// A reasonAt names a place.
type reasonAt struct {
	reason string
	stack  convert.StackID
}

// A place is a stack, and a reason for waiting there.
type place struct {
	reason string
	stack  convert.StackID
	time   time.Duration
	kept   time.Duration
	system bool // of the runtime's own goroutines; known at the end
	spread
	next *place // of the same stack, for another reason
}

// wait takes the end of a wait.
func (ps *places) wait(reason string, r *convert.Record, l *length) {
	p := ps.waitAt(reason, r.Stack)
	account.Plus(&p.time, r.Duration())
	p.add(l, moment{r.G, r.Start, 0})
}

// waitAt returns the place of a reason to wait at a stack.
func (ps *places) waitAt(reason string, stack convert.StackID) *place {
	at := slot(&ps.waits, stack)
	for range fewReasons {
		if *at == nil {
			*at = &place{reason: reason, stack: stack}
			return *at
		}
		if (*at).reason == reason {
			return *at
		}
		at = &(*at).next
	}
	key := reasonAt{reason, stack}
	p := ps.more[key]
	if p == nil {
		p = &place{reason: reason, stack: stack, next: *at}
		*at = p
		if ps.more == nil {
			ps.more = make(map[reasonAt]*place)
		}
		ps.more[key] = p
	}
	return p
}

// syscall takes the end of a system call.
func (ps *places) syscall(r *convert.Record) {
	at := slot(&ps.syscalls, r.Stack)
	if *at == nil {
		*at = &place{stack: r.Stack}
	}
	account.Plus(&(*at).time, r.Duration())
	account.Plus(&(*at).kept, time.Duration(r.ID))
	(*at).addRecord(r, 0)
}

// slot returns where the places of a stack are.
func slot(all *[]*place, id convert.StackID) **place {
	if n := int(id) + 1; n > len(*all) {
		*all = slices.Grow(*all, n-len(*all))[:n]
	}
	return &(*all)[id]
}

// report returns the places at which most time went.
func (s *Sink) reportPlaces(all []*place, which func(*place) bool) (out Places) {
	var chosen []*place
	for _, p := range all {
		for ; p != nil; p = p.next {
			if which(p) {
				p.system = s.system(p.stack)
				chosen = append(chosen, p)
			}
		}
	}
	slices.SortFunc(chosen, func(a, b *place) int {
		if a.system != b.system {
			if a.system {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(b.count, a.count),
			cmp.Compare(a.stack, b.stack), strings.Compare(a.reason, b.reason))
	})
	var each spread
	for i, p := range chosen {
		if !p.system {
			each.merge(&p.spread)
		}
		if i >= maxPlaces {
			out.Others++
			account.Plus(&out.Rest, p.time)
			continue
		}
		out.Top = append(out.Top, Place{
			Reason: p.reason, Stack: s.frames(p.stack), Time: p.time, Kept: p.kept, Each: p.report(s.start),
			System: p.system,
		})
	}
	out.Each = each.report(s.start)
	return out
}

// system reports whether a stack is one of the runtime's own goroutines. Its
// root is where the goroutine started.
func (s *Sink) system(id convert.StackID) bool {
	if int(id) >= len(s.stacks) || len(s.stacks[id]) == 0 {
		return false
	}
	frames := s.stacks[id]
	return isSystem(frames[len(frames)-1].Func)
}

// define keeps the stacks of a batch.
func (s *Sink) define(stacks []convert.Stack) {
	for _, st := range stacks {
		for len(s.stacks) <= int(st.ID) {
			s.stacks = append(s.stacks, nil)
		}
		s.stacks[st.ID] = st.Frames
	}
}

// frames returns a stack as it is reported.
func (s *Sink) frames(id convert.StackID) (frames []Frame) {
	if int(id) >= len(s.stacks) {
		return nil
	}
	for i, f := range s.stacks[id] {
		if i == maxFrames {
			break
		}
		frames = append(frames, Frame{f.Func, f.File, f.Line})
	}
	return frames
}
