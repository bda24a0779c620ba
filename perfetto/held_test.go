package perfetto

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
)

// TestHeldChanges reads back what was held: times near and far, all roles, and
// more than a chunk.
func TestHeldChanges(t *testing.T) {
	var h heldChanges
	var want []change
	at := convert.Time(-1 << 40)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 3 * heldChunk {
		ch := change{at: at, from: role(i % int(procRuns+1)), to: role(i / 8 % int(procRuns+1))}
		h.add(ch)
		want = append(want, ch)
		switch i % 100 {
		case 0:
			at += farLater - 1
		case 1:
			at += farLater
		case 2:
			at += convert.Time(random.Int64N(math.MaxInt64 >> 12))
		default:
			at += convert.Time(random.Int64N(1000))
		}
	}
	if got := slices.Collect(h.all); !slices.Equal(got, want) {
		t.Errorf("%d changes held, %d read, or others", len(want), len(got))
	}
}
