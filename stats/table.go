package stats

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// lineWidth is the width that tables fit into.
const lineWidth = 100

// lastWidth bounds a last column of text.
const lastWidth = 32

// A table is text in columns: the first to the left, the others to the right,
// but for one at the end whose heading begins with a space.
type table struct {
	heads []string
	rows  [][]string
}

func newTable(heads ...string) *table { return &table{heads: heads} }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// write appends the table. Columns of text are cut if they are too wide.
func (t *table) write(b *strings.Builder) {
	widths := make([]int, len(t.heads))
	for i, head := range t.heads {
		widths[i] = width(head)
		for _, row := range t.rows {
			widths[i] = max(widths[i], width(row[i]))
		}
	}
	if last := len(widths) - 1; t.text(last) {
		widths[last] = min(widths[last], lastWidth)
	}
	rest := 0
	for _, w := range widths[1:] {
		rest += w + 2
	}
	widths[0] = min(widths[0], max(lineWidth-rest-2, 20))
	t.line(b, t.heads, widths)
	for _, row := range t.rows {
		t.line(b, row, widths)
	}
}

// text reports whether a column is of text rather than of figures.
func (t *table) text(column int) bool {
	return column == 0 || strings.HasPrefix(t.heads[column], " ")
}

func (t *table) line(b *strings.Builder, cells []string, widths []int) {
	line := "  " + pad(shorten(cells[0], widths[0]), widths[0])
	for i, cell := range cells[1:] {
		w := widths[i+1]
		if t.text(i + 1) {
			line += " " + pad(shorten(cell, w), w)
		} else {
			line += "  " + strings.Repeat(" ", w-width(cell)) + cell
		}
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// width returns how many columns of a terminal s takes: two for a Chinese
// character, none for a combining accent.
func width(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return uniseg.StringWidth(s)
		}
	}
	return len(s) // ASCII, as nearly all names are
}

func pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-width(s)))
}

// maxIndent is the most blanks that shorten keeps at the beginning: tables
// indent their rows by two.
const maxIndent = 2

// shorten cuts s to so many columns: a function's name at its beginning, since
// its import path tells least. It never cuts a character in half.
func shorten(s string, columns int) string {
	all := width(s)
	if all <= columns {
		return s
	}
	name := strings.TrimLeft(s, " ")
	indent := min(len(s)-len(name), maxIndent, max(0, columns-1))
	tail, state := s[indent:], -1
	for left := all - indent; left > columns-indent-1 && tail != ""; {
		var w int
		_, tail, w, state = uniseg.FirstGraphemeClusterInString(tail, state)
		left -= w
	}
	return s[:indent] + "…" + tail
}

// printable returns s fit for a terminal and a line.
func printable(s string) string {
	clean := true
	for _, r := range s {
		clean = clean && unicode.IsPrint(r) && r != utf8.RuneError
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(fmt.Sprintf("%q", r), "'"))
		}
	}
	return b.String()
}

// short returns d with three digits.
func short(d time.Duration) string {
	units := []struct {
		unit time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}}
	switch {
	case d == 0:
		return "0"
	case d < 0:
		return "-" + short(-max(d, -math.MaxInt64)) // the least has no opposite
	}
	for i, u := range units {
		// 999.6 of a unit are one of the next.
		if d < u.unit-u.unit/2000 || i < 2 && d < 3*u.unit {
			continue
		}
		return digits(float64(d)/float64(u.unit)) + u.name
	}
	return fmt.Sprintf("%dns", d)
}

// digits returns f with three digits, or as many as it has before the point.
func digits(f float64) string {
	switch {
	case f >= 99.95:
		return fmt.Sprintf("%.0f", f)
	case f >= 9.995:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// size returns a number of bytes with three digits.
func size(n uint64) string {
	const unit = 1024
	f := float64(n)
	for _, name := range []string{"B", "KiB", "MiB", "GiB", "TiB"} {
		if f < unit {
			if name == "B" {
				return fmt.Sprintf("%d B", n)
			}
			return digits(f) + " " + name
		}
		f /= unit
	}
	return digits(f) + " PiB"
}

// count returns n with its thousands set apart.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// percent returns what share part is of whole.
func percent(part, whole float64) string {
	if whole <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*part/whole)
}

// bars draws values, none of them negative, as so many columns.
func bars(values []float64, most float64, columns int) string {
	const steps = " ▁▂▃▄▅▆▇█"
	marks := []rune(steps)
	var b strings.Builder
	for i := range min(columns, len(values)) {
		from, to := i*len(values)/min(columns, len(values)), (i+1)*len(values)/min(columns, len(values))
		sum := 0.0
		for _, v := range values[from:to] {
			sum += v
		}
		mean := sum / float64(to-from)
		mark := 0
		if most > 0 && mean > 0 {
			mark = min(len(marks)-1, 1+int(mean/most*float64(len(marks)-2)+0.5))
		}
		b.WriteRune(marks[mark])
	}
	return b.String()
}
