package stats

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

func (r *Report) textGoroutines(b *strings.Builder) {
	if len(r.Goroutines) == 0 {
		return
	}
	title(b, "GOROUTINES")
	for i := range r.Goroutines {
		if i == maxRows {
			more(b, len(r.Goroutines)-i+int(r.Unlisted), "goroutines")
			break
		}
		r.Goroutines[i].text(b)
	}
}

func (g *Goroutine) text(b *strings.Builder) {
	began, ended := "was there at the start", "is there at the end"
	if g.Began {
		began = "began @" + clock(g.Start)
	}
	if g.Ended {
		ended = "ended @" + clock(g.Start+g.Total)
	}
	id := fmt.Sprintf("  G%d ", g.ID)
	b.WriteString(id + shorten(functionName(g.Function), lineWidth-width(id)) + "\n")
	parts := []string{began, ended}
	if c := g.Creator; c != nil {
		parts = append(parts, "created by "+c.text())
		if len(g.CreatedAt) > 0 {
			parts[2] += " in " + functionName(g.CreatedAt[0].Func)
		}
	}
	wrap(b, "    ", ",", parts)
	parts = parts[:0]
	part := func(name string, d time.Duration) {
		if d != 0 {
			parts = append(parts, name+" "+short(d))
		}
	}
	part("running", g.Running)
	part("assist", g.Assist)
	part("runnable", g.Runnable)
	part("stopped", g.Stopped)
	part("syscall", g.Syscall)
	part("blocked", g.SyscallBlocked)
	for _, w := range g.Waits {
		part(reasonName(w.Reason), w.Time)
	}
	wrap(b, "    ", ",", parts)
	by := byFunction(g.WokenBy)
	if g.Poller > 0 {
		by = append(by, fmt.Sprintf("timers, the network ×%d", g.Poller))
	}
	if len(by) > 0 {
		wrap(b, "    woken by ", ",", by)
	}
	if len(g.Woke) > 0 {
		wrap(b, "    woke ", ",", byFunction(g.Woke))
	}
}

// byFunction names peers, those of a function together.
func byFunction(peers []Peer) (all []string) {
	type group struct {
		name  string
		count int64
		ids   []string
	}
	var groups []*group
	for i := range peers {
		p := &peers[i]
		name := functionName(p.Function)
		at := slices.IndexFunc(groups, func(g *group) bool { return g.name == name })
		if at < 0 {
			at = len(groups)
			groups = append(groups, &group{name: name})
		}
		g := groups[at]
		g.count += p.Count
		switch {
		case p.Goroutine == convert.NoGoroutine || len(g.ids) > maxIDs:
		case len(g.ids) == maxIDs:
			g.ids = append(g.ids, "…")
		default:
			g.ids = append(g.ids, fmt.Sprintf("G%d", p.Goroutine))
		}
	}
	for _, g := range groups {
		text := fmt.Sprintf("%s ×%d", g.name, g.count)
		if len(g.ids) > 0 {
			text += " (" + strings.Join(g.ids, " ") + ")"
		}
		all = append(all, text)
	}
	return all
}

// maxIDs is how many goroutines of a function are named.
const maxIDs = 4

// wrap appends parts with sep between them, in as many lines as they need.
func wrap(b *strings.Builder, lead, sep string, parts []string) {
	indent := strings.Repeat(" ", len(lead)-len(strings.TrimLeft(lead, " "))+2)
	line := lead
	for i, p := range parts {
		if i < len(parts)-1 {
			p += sep
		}
		p = shorten(p, lineWidth-max(width(lead), len(indent)))
		if line != lead && width(line+" "+p) > lineWidth {
			b.WriteString(line + "\n")
			line = indent + p
			continue
		}
		if line != "" && !strings.HasSuffix(line, " ") {
			line += " "
		}
		line += p
	}
	b.WriteString(line + "\n")
}

func (p *Peer) text() string {
	switch {
	case p.Goroutine == convert.NoGoroutine:
		return "others"
	case p.Function == "":
		return fmt.Sprintf("G%d", p.Goroutine)
	}
	return fmt.Sprintf("G%d (%s)", p.Goroutine, printable(p.Function))
}
