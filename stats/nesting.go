package stats

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// Nesting counts the regions that do not nest. runtime/trace requires nesting.
// Their lengths are correct.
type Nesting struct {
	Crossed   int64 `json:"crossed"`   // ended while a region begun within was open
	Elsewhere int64 `json:"elsewhere"` // ended on another goroutine than they began on
	Unmatched int64 `json:"unmatched"` // ends of no open region

	Longest *Misnested `json:"longest,omitempty"` // of those crossed or ended elsewhere
}

// Misnested is a region that does not nest.
type Misnested struct {
	Type   string        `json:"type"`
	Task   uint64        `json:"task,omitempty"`
	Length time.Duration `json:"length_ns"`
	Site   Frame         `json:"site"`           // the function that began it
	Open   string        `json:"open,omitempty"` // type of the innermost region when it ended
	By     int64         `json:"by,omitempty"`   // the other goroutine that ended it
}

// NestingOf returns what a conversion found, or nil if all regions nest.
func NestingOf(m *convert.RegionMistakes) *Nesting {
	if !m.Any() {
		return nil
	}
	n := &Nesting{Crossed: m.Crossed, Elsewhere: m.Elsewhere, Unmatched: m.Unmatched}
	if l := &m.Longest; m.Crossed+m.Elsewhere > 0 {
		n.Longest = &Misnested{
			Type: l.Type, Task: l.Task, Length: l.Length,
			Site: Frame{l.Site.Func, l.Site.File, l.Site.Line}, Open: l.Open,
		}
		if l.By != convert.NoGoroutine {
			n.Longest.By = int64(l.By)
		}
	}
	return n
}
