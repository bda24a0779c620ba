package stats

import (
	"fmt"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// TestManyReasonsAtAStack waits for far more reasons at one stack, and for one
// at another, than a list is searched for.
func TestManyReasonsAtAStack(t *testing.T) {
	var ps places
	const reasons = 50 * fewReasons
	for range 3 {
		for i := range reasons {
			for stack := range convert.StackID(2) {
				r := &convert.Record{Time: convert.Time(10 + i), Start: 10, Stack: stack, Phase: convert.End}
				l := lengthOf(r.Duration(), 0)
				reason := "same"
				if stack == 0 {
					reason = fmt.Sprint("reason ", i)
				}
				ps.wait(reason, r, &l)
			}
		}
	}
	seen := make(map[string]time.Duration)
	for p := ps.waits[0]; p != nil; p = p.next {
		seen[p.reason] += p.time
		if p.count != 3 {
			t.Errorf("%s: %d waits, want 3", p.reason, p.count)
		}
	}
	if len(seen) != reasons || ps.waits[1].next != nil || ps.waits[1].count != 3*reasons {
		t.Errorf("%d reasons at the first stack, want %d; at the second %+v", len(seen), reasons, ps.waits[1])
	}
	for i := range reasons {
		if got, want := seen[fmt.Sprint("reason ", i)], 3*time.Duration(i); got != want {
			t.Errorf("reason %d: waited for %v, want %v", i, got, want)
		}
	}
}
