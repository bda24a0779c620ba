package gotrace_test

import (
	"bytes"
	"path"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// TestTrueTimes holds what is promised of times that are not squeezed: within
// a generation all events are in order, but for late statuses, which have the
// time of the generation's Sync; across generations, those of each thread, of
// each proc, and of each goroutine are, of whoever acts and whom it is about.
//
// Traces written by hand do not keep to that.
func TestTrueTimes(t *testing.T) {
	traces(t, func(t *testing.T, data []byte) {
		if dir := path.Base(path.Dir(t.Name())); dir == "text" || dir == "hostile" || !accepted(data) {
			return
		}
		r, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var sync, last int64
		threads, procs, goroutines := order{}, order{}, order{}
		events, before, late := 0, 0, 0
		var latest int64
		for {
			batch, err := r.Next()
			if err != nil {
				break
			}
			for i := range batch {
				e := &batch[i]
				events++
				if e.Time < latest {
					before++
				}
				latest = max(latest, e.Time)
				switch {
				case e.Type == gotrace.EvSync:
					sync, last = e.Time, e.Time
					continue
				case e.Type == gotrace.EvCPUSample:
					continue // they are told by another thread
				case e.Flags&gotrace.Late != 0:
					late++
					if e.Time != sync {
						t.Fatalf("event %d: a late status has the time %d, its Sync %d: %+v", events, e.Time, sync, *e)
					}
				case e.Time < last:
					t.Errorf("event %d: %d ns before its predecessor: %+v", events, last-e.Time, *e)
				default:
					last = e.Time
				}
				if e.Flags&gotrace.Late != 0 {
					continue
				}
				threads.add(t, "thread", e.M, e)
				if e.P != gotrace.None {
					procs.add(t, "proc", int64(e.P), e)
				}
				if e.G != gotrace.None {
					goroutines.add(t, "goroutine", e.G, e)
				}
				switch kinds[e.Type].what {
				case "goroutine":
					goroutines.add(t, "goroutine", e.ID, e)
				case "proc":
					procs.add(t, "proc", e.ID, e)
				}
			}
		}
		if before > 0 {
			t.Logf("%d of %d events come before others that were told earlier, %d of them late statuses", before, events, late)
		}
	})
}

// An order has the time of the last event of each thread, proc or goroutine.
type order map[int64]int64

func (o order) add(t *testing.T, what string, id int64, e *gotrace.Event) {
	if last := o[id]; e.Time < last {
		t.Errorf("%s %d: %d ns before its last event: %+v", what, id, last-e.Time, *e)
	}
	o[id] = e.Time
}
