package index_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trace2otel/trace2otel/internal/index"
)

// TestStack plays at random against a plain slice.
func TestStack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var s index.Stack[uint64]
	var open []uint64
	next := uint64(0)
	for range 20000 {
		if len(open) < 40 && (len(open) == 0 || rng.IntN(2) == 0) {
			next += 1 + rng.Uint64N(3)
			s.Push(next, next*10)
			open = append(open, next)
		} else {
			i := rng.IntN(len(open))
			if v, ok := s.Pop(open[i]); !ok || v != open[i]*10 {
				t.Fatalf("Pop(%d) = %d, %v", open[i], v, ok)
			}
			if _, ok := s.Pop(open[i]); ok {
				t.Fatalf("%d popped twice", open[i])
			}
			open = slices.Delete(open, i, i+1)
		}
		var down []uint64
		for v := range s.Down() {
			down = append(down, v/10)
		}
		slices.Reverse(down)
		if !slices.Equal(down, open) {
			t.Fatalf("open: %v, want %v", down, open)
		}
		if top, ok := s.Top(); ok != (len(open) > 0) || ok && top != open[len(open)-1]*10 {
			t.Fatalf("Top() = %d, %v of %v", top, ok, open)
		}
	}
}
