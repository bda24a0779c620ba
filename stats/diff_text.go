package stats

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// maxChanges is how many changes of each sort are written as text, unless all
// are asked for.
const maxChanges = 20

// WriteText writes the diff as tables of at most 100 columns: sums of time,
// lengths of single intervals, and the rest, each with the largest change
// first. Unless all is set, it leaves out what chance explains, the runtime's
// own goroutines, what says the same again, and the small.
func (d *Diff) WriteText(w io.Writer, all bool) error {
	var b strings.Builder
	for _, s := range []struct {
		name string
		side *Side
	}{{"old", &d.Old}, {"new", &d.New}} {
		var names []string
		for _, n := range s.side.Traces {
			names = append(names, printable(n))
		}
		wrap(&b, s.name+": ", ",", names)
	}
	for _, warning := range d.Warnings {
		wrap(&b, "! ", "", strings.Fields(printable(warning)))
	}
	per := ""
	if d.Scaled {
		per = ", per second of trace"
	}
	for _, t := range []struct {
		heading string
		units   []Unit
	}{
		{"WHERE TIME WENT" + per, []Unit{UnitSum}},
		{"HOW LONG EACH TOOK", []Unit{UnitEach}},
		{"AND ELSE" + per, []Unit{UnitPercent, UnitBytes, UnitCount}},
	} {
		d.table(&b, t.heading, t.units, all)
	}
	if len(d.Changes) == 0 {
		b.WriteString("\nnothing changed\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *Diff) table(b *strings.Builder, heading string, units []Unit, all bool) {
	tab := newTable("", "old", "new", "change", "%", "p")
	chance, left, system := 0, 0, 0
	said := make(map[string]bool)
	for _, unit := range units {
		for i := range d.Changes {
			c := &d.Changes[i]
			switch {
			case c.Unit != unit:
				continue
			case !all && !c.significant():
				chance++
				continue
			case !all && c.System:
				system++
				continue
			case !all && unit == UnitEach && said[c.same()]:
				continue
			case !all && len(tab.rows) >= maxChanges:
				left++
				continue
			}
			said[c.same()] = true
			tab.row(c.label(), unit.text(c.Old), unit.text(c.New), signed(unit, c.Delta), c.percent(), c.probability())
		}
	}
	if len(tab.rows)+chance+system == 0 {
		return
	}
	title(b, "%s", heading)
	if len(tab.rows) > 0 {
		tab.write(b)
	}
	more(b, left, "smaller changes")
	more(b, system, "of the runtime's own goroutines")
	if chance > 0 {
		fmt.Fprintf(b, "  … and %d that chance explains\n", chance)
	}
}

// same returns what is the same for the percentiles of few intervals, whose
// 99th is the longest.
func (c *Change) same() string {
	what, _, _ := strings.Cut(c.What, " p99")
	what = strings.TrimSuffix(what, " max")
	return fmt.Sprint(c.Group, c.Name, what, c.Old, c.New)
}

func (c *Change) label() string {
	if c.Group == groupScheduler || c.Group == groupGC {
		return "(" + c.Group + ") " + printable(c.What)
	}
	name := functionName(c.Name)
	if c.Group != groupGoroutines {
		name = c.Group + " " + name
	}
	return name + "  " + printable(c.What)
}

func (c *Change) percent() string {
	switch {
	case c.Percent == nil:
		return "new"
	case c.New == 0:
		return "gone"
	}
	return fmt.Sprintf("%+.1f%%", *c.Percent)
}

func (c *Change) probability() string {
	if c.P == nil {
		return ""
	}
	return fmt.Sprintf("%.3f", *c.P)
}

// text returns a figure of the unit.
func (u Unit) text(v float64) string {
	switch u {
	case UnitSum, UnitEach:
		return short(time.Duration(math.Round(v)))
	case UnitBytes:
		return size(uint64(max(0, v)))
	case UnitPercent:
		return fmt.Sprintf("%.1f%%", v)
	}
	if v != math.Trunc(v) {
		return digits(v)
	}
	return count(int64(v))
}

func signed(u Unit, v float64) string {
	if v < 0 {
		return "-" + u.text(-v)
	}
	return "+" + u.text(v)
}
