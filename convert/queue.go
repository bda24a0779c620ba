package convert

import "sync"

// A queue carries batches to one sink. To wake a thread costs as much as to
// handle a hundred records, so neither side wakes the other for one batch: a
// sink that has run out of them sleeps until wakeAt are there, and an engine
// that found it full sleeps until as many have been taken.
type queue struct {
	mu      sync.Mutex
	filled  sync.Cond // the sink waits for it
	drained sync.Cond // the engine waits for it
	ring    [queueLength]*sharedBatch
	first   int
	n       int
	hungry  bool // the sink sleeps
	blocked bool // the engine does
	closed  bool
}

const (
	// queueLength is how many batches may wait before a sink. With the one in
	// the sink's hands and the one that the engine fills, they take half of a
	// core's cache.
	queueLength = 6

	wakeAt = queueLength / 2
)

func newQueue() *queue {
	q := new(queue)
	q.filled.L, q.drained.L = &q.mu, &q.mu
	return q
}

// push adds a batch, and waits for room if there is none.
func (q *queue) push(b *sharedBatch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == queueLength {
		q.blocked = true
		for q.blocked {
			q.drained.Wait()
		}
	}
	q.ring[(q.first+q.n)%queueLength] = b
	q.n++
	if q.hungry && q.n >= wakeAt {
		q.hungry = false
		q.filled.Signal()
	}
}

// pull takes the oldest batch. It waits for one, and returns nil if none is to
// come.
func (q *queue) pull() *sharedBatch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 && !q.closed {
		q.hungry = true
		for q.hungry {
			q.filled.Wait()
		}
	}
	if q.n == 0 {
		return nil
	}
	b := q.ring[q.first]
	q.ring[q.first] = nil
	q.first = (q.first + 1) % queueLength
	q.n--
	if q.blocked && q.n <= queueLength-wakeAt {
		q.blocked = false
		q.drained.Signal()
	}
	return b
}

// close says that no more is to be pushed.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.hungry = true, false
	q.filled.Signal()
}
