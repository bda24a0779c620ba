package sinktest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// maxViolations keeps a broken engine's messages readable.
const maxViolations = 20

// A Checker is a sink that holds records to the contract of package convert:
//
//   - a Sync comes first, and Syncs are numbered from 1;
//   - times are in order, and within the trace;
//   - every Begin has one End, which repeats it; only tasks and regions have
//     Ends alone;
//   - the states of a goroutine tile its life, each naming the one before it,
//     and its system calls are its syscall states;
//   - an End with OpenEnd tells nothing that came later: no waker, no ender, no
//     stack, no exit;
//   - no goroutine wakes itself;
//   - labels are those of live goroutines;
//   - stacks are dense and defined before they are used.
//
// Finish returns all violations, but not more than 20. The zero value is
// ready.
type Checker struct {
	trace   convert.Trace
	now     convert.Time // of the latest record
	n       int          // records seen
	syncs   uint64
	clock   convert.Clock   // of the last sync that had one
	regions uint64          // the highest number up to now
	stacks  convert.StackID // last defined
	open    intervals
	lives   map[convert.GoID]*life
	errs    []error
}

// A life is what a Checker knows of a live goroutine.
type life struct {
	state  convert.State
	until  convert.Time // where its states have come to
	inside bool         // a state is open

	kept, lost       time.Duration // in syscalls: with a P, without
	callKept, callIn time.Duration // the same by KindSyscall: with a P, all
}

// CheckInvariants holds a recording to the contract. See [Checker].
func CheckInvariants(tb testing.TB, r *Recorder) {
	tb.Helper()
	if err := r.Replay(new(Checker), convert.DefaultBatchSize); err != nil {
		tb.Error(err)
	}
}

// Begin resets c.
func (c *Checker) Begin(t *convert.Trace) error {
	*c = Checker{trace: *t, now: t.Start, lives: make(map[convert.GoID]*life)}
	return nil
}

// Consume checks the records of b.
func (c *Checker) Consume(b *convert.Batch) error {
	for i := range b.Stacks {
		if b.Stacks[i].ID != c.stacks+1 {
			c.fail(nil, "stack %d defined after %d", b.Stacks[i].ID, c.stacks)
		}
		if len(b.Stacks[i].Frames) == 0 {
			c.fail(nil, "stack %d has no frames", b.Stacks[i].ID)
		}
		c.stacks = b.Stacks[i].ID
	}
	for i := range b.Records {
		c.record(&b.Records[i])
	}
	return nil
}

// Finish returns what is wrong.
func (c *Checker) Finish(s *convert.Summary) error {
	for _, r := range c.open.begun() {
		c.fail(&r, "never ends")
	}
	if c.now > s.End {
		c.fail(nil, "records go on to %d, the trace ends at %d", c.now, s.End)
	}
	if c.n == 0 {
		c.fail(nil, "no records")
	}
	return errors.Join(c.errs...)
}

// fail notes a violation by r, which may be nil.
func (c *Checker) fail(r *convert.Record, format string, args ...any) {
	if len(c.errs) == maxViolations {
		return
	}
	err := fmt.Errorf(format, args...)
	if r != nil {
		line := appendRecord(nil, r)
		err = fmt.Errorf("record %d: %s: %w", c.n, line[:len(line)-1], err)
	}
	c.errs = append(c.errs, err)
}

func (c *Checker) record(r *convert.Record) {
	c.n++
	if c.n == 1 && r.Kind != convert.KindSync {
		c.fail(r, "the first record is to be a sync")
	}
	if int(r.Kind) >= len(kinds) || kinds[r.Kind].word == "" {
		c.fail(r, "no such kind")
		return
	}
	for _, id := range []convert.StackID{r.Stack, r.ByStack, r.EndStack} {
		if id > c.stacks {
			c.fail(r, "stack %d is not defined", id)
		}
	}
	if r.Kind == convert.KindSync {
		c.syncs++
		if r.ID != c.syncs {
			c.fail(r, "should be sync %d", c.syncs)
		}
		c.dates(r)
	}
	c.times(r)
	c.flags(r)
	if r.Kind == convert.KindState && r.By == r.G && r.By != convert.NoGoroutine {
		c.fail(r, "woken by itself")
	}
	switch r.Phase {
	case convert.Begin:
		c.begin(r)
	case convert.End:
		c.end(r)
		if r.Flags&convert.OpenEnd != 0 {
			c.openEnd(r)
		}
	case convert.Instant:
		if r.Kind == convert.KindLabel && c.lives[r.G] == nil {
			c.fail(r, "a label of a goroutine that does not live")
		}
	default:
		c.fail(r, "no such phase: %d", r.Phase)
	}
}

// dates holds the clock of a sync to go on where the one before ends.
func (c *Checker) dates(r *convert.Record) {
	clock, ok := r.Clock()
	if !ok {
		return
	}
	if max(clock.Rate, -clock.Rate) > 10_000_000 {
		c.fail(r, "a clock gains %d ns a second", clock.Rate)
	}
	if !c.clock.IsZero() && c.clock.At(r.Time) != clock.At(r.Time) {
		c.fail(r, "the date jumps from %d to %d", c.clock.At(r.Time), clock.At(r.Time))
	}
	c.clock = clock
}

func (c *Checker) times(r *convert.Record) {
	if r.Time < c.trace.Start {
		c.fail(r, "before the trace's start at %d", c.trace.Start)
	}
	if r.Time < c.now {
		c.fail(r, "comes after a record at %d", c.now)
	}
	c.now = max(c.now, r.Time)
	if r.Phase == convert.Instant {
		return
	}
	if r.Phase == convert.Begin && r.Start != r.Time {
		c.fail(r, "begins at another time than its start")
	}
	if r.Start > r.Time {
		c.fail(r, "ends before its start")
	}
}

func (c *Checker) flags(r *convert.Record) {
	if r.Flags&convert.OpenEnd != 0 && r.Phase != convert.End {
		c.fail(r, "only ends are open ends")
	}
	if r.Flags&convert.Repaired != 0 && r.Phase != convert.End {
		c.fail(r, "only an End can be repaired")
	}
	if r.Flags&convert.Stopped != 0 && (r.Phase != convert.End || r.Kind != convert.KindSTW) {
		c.fail(r, "only ends of stops of the world can tell that they stopped it")
	}
	if r.Flags&convert.Exited != 0 && (r.Phase != convert.End || r.Kind != convert.KindRegion) {
		c.fail(r, "only ends of regions can be by exit")
	}
}

// openEnd checks that an End tells nothing that came after the trace or the
// window.
func (c *Checker) openEnd(r *convert.Record) {
	ended := r.Kind == convert.KindTask || r.Kind == convert.KindState && r.State == convert.StateWaiting
	if ended && (r.By != convert.NoGoroutine || r.ByStack != 0) || r.EndStack != 0 || r.Flags&convert.Exited != 0 {
		c.fail(r, "its end is open, but told")
	}
}

func (c *Checker) begin(r *convert.Record) {
	if c.open.depth(r) > 0 {
		c.fail(r, "begins twice")
	}
	c.open.apply(r)
	switch r.Kind {
	case convert.KindRegion:
		if r.ID <= c.regions {
			c.fail(r, "comes after region %d", c.regions)
		}
		c.regions = r.ID
	case convert.KindGoroutine:
		c.lives[r.G] = &life{until: r.Time}
	case convert.KindState:
		c.beginState(r)
	}
}

func (c *Checker) beginState(r *convert.Record) {
	l := c.lives[r.G]
	if l == nil {
		c.fail(r, "outside of the goroutine's life")
		return
	}
	if r.State == convert.StateNone || r.State == convert.StateIdle {
		c.fail(r, "not a goroutine's state")
	}
	if r.Time != l.until {
		c.fail(r, "does not follow on what ended at %d", l.until)
	}
	if r.Prev != l.state {
		c.fail(r, "comes after %s", stateOf(l.state))
	}
	l.state, l.inside = r.State, true
}

func (c *Checker) end(r *convert.Record) {
	begin := c.open.apply(r)
	if begin == nil {
		if r.Kind != convert.KindTask && r.Kind != convert.KindRegion {
			c.fail(r, "never began")
		} else if r.Flags&convert.OpenStart == 0 {
			c.fail(r, "began before the trace, but does not say so")
		}
		if r.Kind == convert.KindRegion {
			c.regions = max(c.regions, r.ID)
		}
		return
	}
	c.repeats(r, begin)
	l := c.lives[r.G]
	if l == nil {
		return
	}
	switch r.Kind {
	case convert.KindState:
		l.until, l.inside = r.Time, false
		switch r.State {
		case convert.StateSyscall:
			l.kept += r.Duration()
		case convert.StateSyscallBlocked:
			l.lost += r.Duration()
		}
	case convert.KindSyscall:
		l.callKept += time.Duration(r.ID)
		l.callIn += r.Duration()
	case convert.KindGoroutine:
		c.endLife(r, l)
		delete(c.lives, r.G)
	}
}

func (c *Checker) endLife(r *convert.Record, l *life) {
	if l.inside {
		c.fail(r, "%s has not ended", stateOf(l.state))
	}
	if l.state == convert.StateNone && r.Flags&convert.OpenEnd == 0 {
		c.fail(r, "had no state")
	}
	if l.until != r.Time {
		c.fail(r, "its states end at %d", l.until)
	}
	if l.callIn != l.kept+l.lost || l.callKept != l.kept {
		c.fail(r, "its syscall states last %v and %v, its calls %v and %v",
			l.kept, l.lost, l.callKept, l.callIn-l.callKept)
	}
}

// repeats checks that an End has what its Begin had.
func (c *Checker) repeats(end, begin *convert.Record) {
	want := *begin
	// What an End may add or change.
	want.Time, want.Phase, want.EndStack = end.Time, convert.End, end.EndStack
	want.Flags |= end.Flags & (convert.OpenEnd | convert.Exited | convert.Repaired)
	switch end.Kind {
	case convert.KindState:
		if end.State == convert.StateWaiting {
			want.By, want.ByStack = end.By, end.ByStack
		}
	case convert.KindTask, convert.KindRegion:
		want.By, want.ByStack = end.By, end.ByStack
	case convert.KindSyscall:
		want.ID = end.ID
	case convert.KindSTW:
		want.ID = end.ID
		want.Flags |= end.Flags & convert.Stopped
		if d := time.Duration(end.ID); d > end.Duration() {
			c.fail(end, "takes longer to stop than it lasts")
		}
	case convert.KindSweep:
		want.ID, want.Parent = end.ID, end.Parent
	case convert.KindGoroutine:
		if begin.Name == "" {
			want.Name = end.Name
		}
	}
	if end.Prev == convert.StateNone {
		want.Prev = convert.StateNone
	}
	if want != *end {
		line := appendRecord(nil, begin)
		c.fail(end, "does not repeat its begin: %s", line[:len(line)-1])
	}
}
