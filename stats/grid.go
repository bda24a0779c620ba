package stats

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxGridRows is how many rows of a table are on the page. JSON has the others.
const maxGridRows = 1000

// A grid is a table of the page.
type grid struct {
	ID, Caption string
	Heads       []head
	Rows        [][]cell
	More        int  // rows left out
	Plain       bool // not to be sorted: its rows have no order
	Folded      bool
}

// A head is that of a column.
type head struct {
	Text, Title string
	Number      bool // its cells have values
}

// A cell shows a text, and knows what it stands for.
type cell struct {
	Text  string
	Value string   // a number to sort by: nanoseconds, bytes, a share of one; or none
	Title string   // the number in full, or the text if it was cut
	Lines []string // more of it, to unfold
	Bar   string   // a share of 100 to draw, or none
}

// Long reports whether the text is to be broken into lines.
func (c cell) Long() bool { return width(c.Text) > 40 }

// A column makes the cells of rows of one type.
type column[T any] struct {
	head
	cell func(*T) cell
}

// newGrid returns a table, or nil if it has no rows.
func newGrid[T any](id, caption string, rows []T, columns ...[]column[T]) *grid {
	if len(rows) == 0 {
		return nil
	}
	g := &grid{ID: id, Caption: caption}
	for _, group := range columns {
		for _, c := range group {
			g.Heads = append(g.Heads, c.head)
		}
	}
	for i := range rows {
		if i == maxGridRows {
			g.More = len(rows) - i
			break
		}
		cells := make([]cell, 0, len(g.Heads))
		for _, group := range columns {
			for _, c := range group {
				cells = append(cells, c.cell(&rows[i]))
			}
		}
		g.Rows = append(g.Rows, cells)
	}
	return g
}

// one is a column by itself.
func one[T any](c column[T]) []column[T] { return []column[T]{c} }

// names is a column of text.
func names[T any](text string, get func(*T) string) column[T] {
	return column[T]{head{Text: text}, func(row *T) cell { return nameCell(get(row)) }}
}

// durations is a column of times.
func durations[T any](text, title string, get func(*T) time.Duration) column[T] {
	return column[T]{head{text, title, true}, func(row *T) cell { return durationCell(get(row)) }}
}

// moments is a column of points in time.
func moments[T any](text, title string, get func(*T) time.Duration) column[T] {
	return column[T]{head{text, title, true}, func(row *T) cell {
		d := get(row)
		return cell{Text: clock(d), Value: whole(int64(d)), Title: exact(d) + " after the start"}
	}}
}

// numbers is a column of numbers of things.
func numbers[T any](text, title string, get func(*T) int64) column[T] {
	return column[T]{head{text, title, true}, func(row *T) cell {
		n := get(row)
		return cell{Text: count(n), Value: whole(n)}
	}}
}

// sizes is a column of numbers of bytes.
func sizes[T any](text, title string, get func(*T) uint64) column[T] {
	return column[T]{head{text, title, true}, func(row *T) cell {
		n := get(row)
		return cell{Text: size(n), Value: strconv.FormatUint(n, 10), Title: strconv.FormatUint(n, 10) + " bytes"}
	}}
}

// means is a column of numbers that need not be whole.
func means[T any](text, title string, get func(*T) float64) column[T] {
	return column[T]{head{text, title, true}, func(row *T) cell {
		f := get(row)
		return cell{Text: digits(f), Value: strconv.FormatFloat(f, 'f', -1, 64)}
	}}
}

// shares is a column of shares of one.
func shares[T any](text, title string, get func(*T) float64) column[T] {
	return column[T]{head{text, title, true}, func(row *T) cell {
		f := get(row)
		return cell{Text: percent(f, 1), Value: strconv.FormatFloat(f, 'f', -1, 64),
			Bar: strconv.FormatFloat(100*min(max(f, 0), 1), 'f', 1, 64)}
	}}
}

// spreads are the columns of a spread, which may be nil.
func spreads[T any](get func(*T) *Spread) []column[T] {
	of := func(text, title string, show func(*Spread) cell) column[T] {
		return column[T]{head{text, title, true}, func(row *T) cell {
			if s := get(row); s != nil {
				return show(s)
			}
			return cell{}
		}}
	}
	length := func(text, title string, pick func(*Spread) time.Duration) column[T] {
		return of(text, title, func(s *Spread) cell {
			if s.Count == 0 {
				return cell{}
			}
			return durationCell(pick(s))
		})
	}
	return []column[T]{
		of("count", "Intervals that are whole in the trace: the columns to the right are of these",
			func(s *Spread) cell { return cell{Text: count(s.Count), Value: whole(s.Count)} }),
		of("cut", "Intervals more, that an edge of the trace cut",
			func(s *Spread) cell { return cell{Text: count(s.Cut), Value: whole(s.Cut)} }),
		length("sum", "Of whole intervals", func(s *Spread) time.Duration { return s.Sum }),
		length("p50", "Half of the intervals were no longer", func(s *Spread) time.Duration { return s.P50 }),
		length("p90", "90 % of the intervals were no longer", func(s *Spread) time.Duration { return s.P90 }),
		length("p99", "99 % of the intervals were no longer", func(s *Spread) time.Duration { return s.P99 }),
		length("max", "The longest", func(s *Spread) time.Duration { return s.Max }),
		of("worst", "Where the longest was, and when it began; sorted by when", func(s *Spread) cell {
			if s.Count == 0 || s.Worst == nil {
				return cell{}
			}
			return cell{Text: s.Worst.text(), Value: whole(int64(s.Worst.Start)), Title: exact(s.Worst.Start) + " after the start"}
		}),
	}
}

// states are the columns of time by state.
func states[T any](get func(*T) *Times) []column[T] {
	of := func(text, title string, pick func(*Times) time.Duration) column[T] {
		return durations(text, title, func(row *T) time.Duration { return pick(get(row)) })
	}
	return []column[T]{
		of("total", "All the time", func(t *Times) time.Duration { return t.Total }),
		of("waiting", "Blocked", func(t *Times) time.Duration { return t.Waiting }),
		of("running", "On a P, not in a mark assist", func(t *Times) time.Duration { return t.Running }),
		of("assist", "On a P, in a mark assist", func(t *Times) time.Duration { return t.Assist }),
		of("runnable", "Waiting for a P", func(t *Times) time.Duration { return t.Runnable }),
		of("stopped", "Waiting for a P while the world was stopped", func(t *Times) time.Duration { return t.Stopped }),
		of("syscall", "In system calls, with the P", func(t *Times) time.Duration { return t.Syscall }),
		of("blocked", "In system calls, without the P", func(t *Times) time.Duration { return t.SyscallBlocked }),
	}
}

// reasons is a column of waits by reason, most time first.
func reasons[T any](get func(*T) []Wait) column[T] {
	return column[T]{head{Text: "waiting for"}, func(row *T) cell {
		waits := get(row)
		var c cell
		for i, w := range waits {
			text := reasonName(w.Reason) + " " + short(w.Time)
			if i == 0 {
				c.Text = text
			} else if i < maxLines {
				c.Lines = append(c.Lines, text)
			}
		}
		return c
	}}
}

// maxLines is how much of a cell can be unfolded.
const maxLines = 64

// durationCell shows a time.
func durationCell(d time.Duration) cell {
	return cell{Text: short(d), Value: whole(int64(d)), Title: exact(d)}
}

// nameCell shows a text, of which a page takes no more than a line or so.
func nameCell(s string) cell {
	const longest, longestTitle = 160, 2000 // columns
	s = printable(s)
	if width(s) <= longest {
		return cell{Text: s}
	}
	return cell{Text: shorten(s, longest), Title: shorten(s, longestTitle)}
}

// listCell shows the first of some texts, and the others when it is unfolded.
func listCell(lines []string) cell {
	if len(lines) == 0 {
		return cell{}
	}
	c := nameCell(lines[0])
	for i, l := range lines[1:] {
		if i == maxLines {
			c.Lines = append(c.Lines, fmt.Sprintf("… and %d more", len(lines)-1-i))
			break
		}
		c.Lines = append(c.Lines, nameCell(l).Text)
	}
	return c
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// exact returns a time to the nanosecond.
func exact(d time.Duration) string { return count(int64(d)) + " ns" }

// text returns a frame in a line.
func (f *Frame) text() string {
	s := functionName(f.Func)
	if f.File == "" {
		return s
	}
	file := f.File[strings.LastIndexByte(f.File, '/')+1:]
	return fmt.Sprintf("%s  %s:%d", s, file, f.Line)
}
