package otlp

import "github.com/trace2otel/trace2otel/internal/account"

// What a task has on the goroutine that began it counts only if it ends there,
// and until then nobody knows: its scope is pending. If a scope around it ends
// first, that one's task has a claim on what the pending one got so far. When the
// pending task ends on the goroutine, it keeps that; if it ends elsewhere, or the
// goroutine does, the claim is met. A task that has claims is written when all are
// decided.
//
// Pending scopes nest, and of those around one that fails, the innermost that does
// not has what it got.

// A claim is on what a pending scope had while another was around it: its time, or
// its states.
type claim struct {
	by   uint64 // ordinal of the scope that made it: those within have higher ones
	own  account.Totals
	held *heldStates // or nil
	to   *task       // whose they become; nil: the states go below at
	at   node        // of a region, which is written
}

// pending reports whether sc is of a task that may not end where it began.
func (sc *scope) pending() bool { return !sc.region && sc.task != nil && sc.task.begun == sc }

// claim makes the claims of sc, which ends. Those of scopes around it come after
// its own.
func (s *Sink) claim(sc *scope, now *account.Totals) {
	for i, in := 0, sc.inner; in != nil && in.pending() && i < maxScopes; i, in = i+1, in.inner {
		for i := range in.claims {
			if c := &in.claims[i]; c.by < sc.nth && c.held == nil {
				s.takeOver(c, sc)
			}
		}
		if own := in.claimTime(sc.nth, sc.task, now); own != nil && sc.task.root.early {
			sc.g.early.of(sc.task.root).Add(own)
		}
	}
	if sc.in != viewTask {
		return
	}
	for i, in := 0, sc.above; in != nil && in.pending() && i < maxScopes; i, in = i+1, in.above {
		if h := in.task.held; h != nil {
			in.task.held = nil
			in.claims = append(in.claims, claim{held: h})
		}
		for i := range in.claims {
			if c := &in.claims[i]; c.by < sc.nth && c.held != nil {
				s.takeOver(c, sc)
			}
		}
	}
}

// takeOver makes c a claim of sc.
func (s *Sink) takeOver(c *claim, sc *scope) {
	had := c.to
	c.by, c.to = sc.nth, nil
	if c.held != nil && sc.region {
		c.at = *sc.node
		c.at.done = true
	} else {
		c.to = sc.task
		c.to.waiting++
	}
	if had != nil {
		s.settled(had)
	}
}

// claimTime makes a claim of t on what sc, which is pending, got since the last
// claim on it, and returns that, or nil if it is nothing.
func (sc *scope) claimTime(by uint64, t *task, now *account.Totals) *account.Totals {
	if sc.inner == nil {
		sc.settle(now)
		sc.since.Set(now)
		sc.again = true
	}
	if sc.own.Sum() == 0 {
		return nil
	}
	c := claim{by: by, to: t}
	c.own.Set(&sc.own)
	sc.own.Reset()
	sc.claims = append(sc.claims, c)
	t.waiting++
	return &sc.claims[len(sc.claims)-1].own
}

// resolve meets the claims on sc, whose task ended elsewhere, or will never end
// here; or if it stays, undoes them.
func (s *Sink) resolve(sc *scope, stays bool) {
	t := sc.task
	for i := range sc.claims {
		c := &sc.claims[i]
		around := sc.outer
		if c.held != nil {
			around = sc.below
		}
		switch {
		case stays:
			t.own.Add(&c.own)
			s.hold(t, c.held)
		case around != nil && around.pending() && around.nth > c.by:
			around.claims = append(around.claims, *c)
			continue
		case c.to != nil:
			c.to.own.Add(&c.own)
			s.hold(c.to, c.held)
		default:
			s.writeHeld(&c.at, c.held)
		}
		if c.to != nil {
			s.settled(c.to)
		}
	}
	clear(sc.claims)
	sc.claims = sc.claims[:0]
}

// settled takes one of the claims that t waits for, and writes t if it has ended
// and was the last; and so the task above, which waits for t.
func (s *Sink) settled(t *task) {
	for t != nil {
		t.waiting--
		if !t.ended || t.waiting > 0 {
			return
		}
		s.writeTask(t, t.end)
		t = t.above
	}
}
