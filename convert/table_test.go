package convert

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTablesAreMaps holds the tables of goroutines and procs to maps, while
// things come and go: with ids as the runtime gives them out, and with any.
func TestTablesAreMaps(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for name, id := range map[string]func() int64{
		"dense":     func() int64 { return rnd.Int64N(200) },
		"ascending": func() func() int64 { n := int64(0); return func() int64 { n++; return n - rnd.Int64N(50) } }(),
		"any":       func() int64 { return int64(rnd.Uint64()) << rnd.IntN(64) },
	} {
		t.Run(name, func(t *testing.T) {
			goroutines, wantG := newGoroutineTable(), make(map[GoID]*goroutine)
			var procs procTable[proc]
			wantP := make(map[ProcID]*proc)
			var seen []GoID
			for range 20_000 {
				g, p := GoID(id()), ProcID(id())
				if len(seen) > 0 && rnd.IntN(2) == 0 {
					g = seen[max(0, len(seen)-1-rnd.IntN(100))] // perhaps one that is there
				}
				seen = append(seen, g)
				if goroutines.find(g) != wantG[g] || procs.of(p) != wantP[p] {
					t.Fatalf("goroutine %d is %p, want %p; proc %d is %p, want %p",
						g, goroutines.find(g), wantG[g], p, procs.of(p), wantP[p])
				}
				if wantG[g] == nil {
					wantG[g] = &goroutine{id: g}
					goroutines.add(wantG[g])
				} else {
					delete(wantG, g)
					goroutines.remove(g)
				}
				if wantP[p] == nil {
					wantP[p] = &proc{id: p}
				} else {
					delete(wantP, p)
				}
				procs.set(p, wantP[p])
			}
			if got, want := goroutines.ids(), slices.Sorted(maps.Keys(wantG)); !slices.Equal(sorted(got), want) {
				t.Errorf("the goroutines are %d, want %d", got, want)
			}
			if got, want := procs.ids(), slices.Sorted(maps.Keys(wantP)); !slices.Equal(sorted(got), want) {
				t.Errorf("the procs are %d, want %d", got, want)
			}
		})
	}
}

func sorted[T ~int64](s []T) []T {
	slices.Sort(s)
	return s
}
