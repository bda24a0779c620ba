package convert

import (
	"fmt"
	"strings"
	"time"
)

// RegionMistakes count Ends of regions that are not those of the innermost
// region on their goroutine. runtime/trace wants regions to nest, and Go's own
// tools refuse traces in which they do not. Nothing is lost by it: all regions
// have their lengths. The zero value has no mistakes.
type RegionMistakes struct {
	Crossed   int64 // ended while a region begun within was open
	Elsewhere int64 // ended on another goroutine than they began on
	Unmatched int64 // Ends of no open region

	// Longest is the longest region among Crossed and Elsewhere; zero if there are
	// none.
	Longest RegionMistake
}

// A RegionMistake is a region that did not end where it had to.
type RegionMistake struct {
	Type   string
	Task   uint64 // or NoTask
	Length time.Duration
	Stack  StackID // where it began, or 0
	Site   Frame   // of Stack: the function that called runtime/trace, or zero
	Open   string  // the type of the region that was innermost when it ended
	By     GoID    // the other goroutine that ended it, or NoGoroutine
}

// mistake counts an End: of rg, or of no region if that is nil. open is the
// type of the innermost region of its goroutine.
func (rs *regions) mistake(count *int64, rg *region, ev *event, open string) {
	if ev.time < rs.from || ev.time > rs.to {
		return
	}
	*count++
	if rg == nil {
		return
	}
	by := NoGoroutine
	if ev.g != rg.g.id {
		by = ev.g
	}
	length := ev.time.Sub(max(rg.start, rs.from))
	if worst := &rs.mistakes.Longest; length > worst.Length || worst.Length == 0 {
		*worst = RegionMistake{
			Type: rg.name, Task: rg.task, Length: length,
			Stack: rg.stack, Site: rs.stacks.site(rg.stack), Open: open, By: by,
		}
	}
}

// Any reports whether there are any.
func (m *RegionMistakes) Any() bool { return m.Crossed|m.Elsewhere|m.Unmatched != 0 }

// String says in words what they are, "" if there are none.
func (m RegionMistakes) String() string {
	if !m.Any() {
		return ""
	}
	var parts []string
	say := func(n int64, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	say(m.Crossed, "region ended before one that began within it", "regions ended before others that began within them")
	say(m.Elsewhere, "region ended on another goroutine", "regions ended on other goroutines")
	say(m.Unmatched, "end matches no open region", "ends match no open region")
	text := "regions do not nest: " + strings.Join(parts, ", ")
	if l := &m.Longest; m.Crossed|m.Elsewhere != 0 {
		text += "; the longest: " + l.String()
	}
	return text
}

// String says in words which region it is, and what went wrong.
func (m RegionMistake) String() string {
	text := fmt.Sprintf("%q", m.Type)
	if m.Task != NoTask {
		text += fmt.Sprintf(" of task %d", m.Task)
	}
	text += fmt.Sprintf(", %v", m.Length.Round(m.precision()))
	if m.Site.Func != "" {
		text += fmt.Sprintf(", begun in %s:%d", m.Site.Func, m.Site.Line)
	}
	if m.By != NoGoroutine {
		return text + fmt.Sprintf(", ended by G%d", m.By)
	}
	return text + fmt.Sprintf(", ended with %q open", m.Open)
}

// precision returns to what the length is rounded in words: three digits or so.
func (m *RegionMistake) precision() time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if m.Length < 1000*unit {
			return unit
		}
	}
}
