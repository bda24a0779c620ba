package otlp

import "testing"

// TestEarlyTimesForgetTrees has a goroutine work for very many trees of tasks, of
// which some are known throughout: it remembers what these have, and few others.
func TestEarlyTimesForgetTrees(t *testing.T) {
	var e earlyTimes
	stay := make([]*task, 100)
	for i := range stay {
		stay[i] = &task{known: 1}
		e.of(stay[i]).Running = 1
	}
	longest := 0
	for range 10_000 {
		passing := &task{known: 1}
		e.of(passing).Running = 5
		if got := e.of(passing).Running; got != 5 {
			t.Fatalf("a tree has %d, want 5", got)
		}
		passing.known = 0
		longest = max(longest, len(e.list))
	}
	for i, root := range stay {
		if got := e.of(root).Running; got != 1 {
			t.Fatalf("tree %d has %d, want 1", i, got)
		}
	}
	if longest > 3*len(stay) {
		t.Errorf("%d trees are remembered, of which %d are known", longest, len(stay))
	}
}

// TestEarlyTreesAreForgotten has a goroutine work for more trees of tasks begun
// before the trace than are remembered.
func TestEarlyTreesAreForgotten(t *testing.T) {
	var s Sink
	s.tasks.init()
	var e earlyTimes
	for id := range uint64(4 * keepEnded) {
		root := &task{id: id + 1, early: true}
		root.root = root
		s.tasks.add(root)
		e.of(root)
		root.ended = true
		s.tasks.end(root)
	}
	if n := len(e.list); n > 2*keepEnded+fewEarly {
		t.Errorf("%d trees are remembered, of which %d can still come", n, keepEnded)
	}
}
