package convert

// exits remembers which goroutines exited in the current generation. In a
// damaged trace one of them may turn out to live on: that it exited was an event
// of another time or goroutine. Its second life must not lie over the first.
//
// Goroutines that no event created appear in the first generation, hardly ever
// in others: it is then that the map is needed.
type exits struct {
	latest []exit        // those that are not in at yet
	at     map[GoID]Time // nil until needed
}

// An exit is the end of a goroutine.
type exit struct {
	id GoID
	at Time
}

// add takes note of an exit.
func (x *exits) add(id GoID, at Time) { x.latest = append(x.latest, exit{id, at}) }

// before returns since when a goroutine that no event created may have lived:
// since sync, when the generation began, unless it exited since then.
func (x *exits) before(id GoID, sync Time) Time {
	if x.at == nil {
		x.at = make(map[GoID]Time)
	}
	for _, e := range x.latest {
		x.at[e.id] = e.at
	}
	x.latest = x.latest[:0]
	if at, ok := x.at[id]; ok {
		return max(sync, at)
	}
	return sync
}

// forget begins a generation.
func (x *exits) forget() {
	x.latest = x.latest[:0]
	clear(x.at)
}
