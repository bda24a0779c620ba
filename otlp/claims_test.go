package otlp

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert/sinktest"
)

// A play is a trace that a test makes up at random, and what it knows of it: for
// each goroutine and nanosecond, the state and the scopes.
type play struct {
	random  *rand.Rand
	records strings.Builder
	now     int
	actors  []*actor
	tasks   []*madeTask // by id, from 1
	regions int         // begun
}

type actor struct {
	id      int
	running bool
	scopes  []*madeScope // open, outermost first
	past    []moment     // by nanosecond
	gone    bool
}

// A moment is what a goroutine did in a nanosecond.
type moment struct {
	running bool
	scopes  []*madeScope
}

// A madeScope is a region, of a task or of none, or the task that it began.
type madeScope struct {
	task   *madeTask // or nil
	region int       // its number; 0: a task
}

type madeTask struct {
	id, parent int
	root       *madeTask
	began      *actor
	ended      *actor // nil: it was open when the trace ended
	end        int
}

func (p *play) say(format string, args ...any) {
	fmt.Fprintf(&p.records, "%d "+format+"\n", append([]any{p.now}, args...)...)
}

// pass lets time pass.
func (p *play) pass(ns int) {
	for range ns {
		for _, a := range p.actors {
			if !a.gone {
				a.past = append(a.past, moment{a.running, slices.Clone(a.scopes)})
			}
		}
		p.now++
	}
}

// step does something at random.
func (p *play) step() {
	a := p.actors[p.random.IntN(len(p.actors))]
	if a.gone {
		return
	}
	if !a.running {
		p.say("G%d end waiting", a.id)
		p.say("G%d begin running P%[1]d", a.id)
		a.running = true
		return
	}
	var open []*madeTask
	for _, t := range p.tasks {
		if t.end == 0 {
			open = append(open, t)
		}
	}
	some := func() *madeTask {
		if len(open) == 0 || p.random.IntN(4) == 0 {
			return nil
		}
		return open[p.random.IntN(len(open))]
	}
	switch n := p.random.IntN(20); {
	case n < 5:
		p.say("G%d end running", a.id)
		p.say("G%d begin waiting \"sleep\"", a.id)
		a.running = false
	case n < 10:
		t := &madeTask{id: len(p.tasks) + 1, began: a}
		t.root = t
		if parent := some(); parent != nil {
			t.parent, t.root = parent.id, parent.root
		}
		p.tasks = append(p.tasks, t)
		p.say("G%d begin task \"t\" id=%d parent=%d", a.id, t.id, t.parent)
		a.scopes = append(a.scopes, &madeScope{task: t})
	case n < 14:
		t := some()
		id := 0
		if t != nil {
			id = t.id
		}
		p.regions++
		p.say("G%d begin region \"r\" id=%d parent=%d", a.id, p.regions, id)
		a.scopes = append(a.scopes, &madeScope{t, p.regions})
	case n < 16:
		skip := p.random.IntN(8) - 4 // mostly, regions nest
		for i, sc := range slices.Backward(a.scopes) {
			if sc.region == 0 {
				continue
			}
			if skip--; skip < 0 {
				p.say("G%d end region id=%d", a.id, sc.region)
				a.scopes = slices.Delete(a.scopes, i, i+1)
				break
			}
		}
	case n < 19:
		t := some()
		if t == nil {
			break
		}
		if p.random.IntN(3) > 0 {
			a = t.began // mostly, who begins a task ends it
		}
		if a.gone {
			break
		}
		p.say("- end task id=%d by=G%d", t.id, a.id)
		t.ended, t.end = a, p.now
	case p.random.IntN(5) == 0:
		for _, sc := range a.scopes {
			if sc.region != 0 {
				p.say("G%d end region id=%d exited", a.id, sc.region)
			}
		}
		p.say("G%d end running", a.id)
		p.say("G%d end goroutine", a.id)
		a.gone = true
	}
}

// owns reports whether the time of a goroutine within a scope is its task's.
func (sc *madeScope) owns(a *actor, at int) bool {
	t := sc.task
	switch {
	case t == nil || t.end != 0 && at >= t.end:
		return false
	case sc.region != 0:
		return true
	case t.end == 0:
		return !a.gone // it ends with the trace, as its goroutine does
	}
	return t.ended == a
}

// times returns how long each task ran and waited by itself: in each nanosecond of
// a goroutine, the innermost task of a tree that owns it.
func (p *play) times() map[int][2]int64 {
	own := make(map[int][2]int64)
	for _, t := range p.tasks {
		own[t.id] = [2]int64{}
	}
	for _, a := range p.actors {
		for at, m := range a.past {
			had := make(map[*madeTask]bool)
			for _, sc := range slices.Backward(m.scopes) {
				if !sc.owns(a, at) || had[sc.task.root] {
					continue
				}
				had[sc.task.root] = true
				times := own[sc.task.id]
				if m.running {
					times[0]++
				} else {
					times[1]++
				}
				own[sc.task.id] = times
			}
		}
	}
	return own
}

// TestTimeOfTasksIsAsDefined holds the time of tasks, which is divided up before it
// is known where they end, against their definition.
func TestTimeOfTasksIsAsDefined(t *testing.T) {
	for seed := range uint64(500) {
		p := &play{random: rand.New(rand.NewPCG(seed, 1))}
		p.records.WriteString("trace wall=1000000000\n0 - sync id=1 clock=0/0/1000000000\n")
		for id := 1; id <= 3; id++ {
			a := &actor{id: id, running: true}
			p.actors = append(p.actors, a)
			p.say("G%d begin goroutine \"main.f\" open-start", a.id)
			p.say("G%d begin running P%[1]d open-start", a.id)
		}
		p.pass(1)
		for range 60 {
			p.step()
			p.pass(1 + p.random.IntN(5))
		}
		for _, a := range p.actors {
			if a.gone {
				continue
			}
			for _, sc := range a.scopes {
				if sc.region != 0 {
					p.say("G%d end region id=%d open-end", a.id, sc.region)
				}
			}
			if state := map[bool]string{true: "running", false: "waiting"}[a.running]; true {
				p.say("G%d end %s open-end", a.id, state)
			}
			p.say("G%d end goroutine open-end", a.id)
		}
		for _, task := range slices.Backward(p.tasks) {
			if task.end == 0 {
				p.say("- end task id=%d open-end", task.id)
			}
		}

		var file bytes.Buffer
		if err := sinktest.Story(t, p.records.String()).Replay(New(&file, Options{Format: Binary, MinWait: 1}), 100); err != nil {
			t.Fatal(err)
		}
		spans := allSpans(decode(t, file.Bytes()))
		checkSpans(t, spans, 5000, 4_000_000)
		got := make(map[int][2]int64)
		for _, s := range spans {
			if a := attrsOf(t, s.Attributes); a[attrKind] == kindTask {
				running, _ := a[attrRunning].(int64)
				waiting, _ := a[attrWaiting].(int64)
				got[int(a[attrTask].(int64))] = [2]int64{running, waiting}
			}
		}
		if want := p.times(); !maps.Equal(got, want) {
			t.Errorf("seed %d: tasks ran and waited for %v, want %v", seed, got, want)
			if len(p.records.String()) < 2500 {
				t.Log(p.records.String())
			}
		}
	}
}
