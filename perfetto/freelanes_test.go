package perfetto

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
)

// TestFreeLanes plays at random against a plain slice: at each time, lanes are
// given back, or taken for a slice that began at any time before.
func TestFreeLanes(t *testing.T) {
	type free struct {
		until convert.Time
		lane  *lane
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var f freeLanes
	var plain []free
	for now := range convert.Time(50_000) {
		if most := 40 + 400*rng.IntN(2); len(plain) < most && rng.IntN(2) == 0 {
			ln := &lane{track: uint64(now)}
			f.add(ln, now/3)
			plain = append(plain, free{now / 3, ln})
			continue
		}
		since := now/3 - convert.Time(rng.Int64N(300)*rng.Int64N(2))
		var want *lane
		for i, l := range slices.Backward(plain) {
			if l.until <= since {
				want = l.lane
				plain = slices.Delete(plain, i, i+1)
				break
			}
		}
		if got := f.take(since); got != want {
			t.Fatalf("at %d, since %d: took lane %v, want %v of %v", now, since, got, want, plain)
		}
		if f.free != len(plain) || len(f.all) > 2*len(plain)+16 {
			t.Fatalf("%d of %d lanes are free, want %d", f.free, len(f.all), len(plain))
		}
	}
}
