package perfetto

import "testing"

// TestFullQueue passes slices through a full queue, as a track of a generation
// without names does: they come out in their order, each has moved only a few
// times, and the queue does not grow.
func TestFullQueue(t *testing.T) {
	const passed = 100_000
	var q lateQueue
	for i := range maxLate {
		q.push(lateSlice{event: event{track: uint64(i)}})
	}
	moves := 0
	for i := range passed {
		q.push(lateSlice{event: event{track: uint64(maxLate + i)}})
		waiting := q.waiting()
		last := &waiting[len(waiting)-1]
		if got := waiting[0].event.track; got != uint64(i) {
			t.Fatalf("slice %d comes out as number %d", got, i)
		}
		q.pop(1)
		waiting = q.waiting()
		if len(waiting) != maxLate {
			t.Fatalf("%d slices wait", len(waiting))
		}
		if last != &waiting[len(waiting)-1] {
			moves += len(waiting)
		}
	}
	if moves > 2*passed || cap(q.slices) > 4*maxLate {
		t.Errorf("%d moves of %d slices, room for %d", moves, passed, cap(q.slices))
	}
}
