package stats

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
)

var (
	//go:embed page/page.html
	pageTemplate string
	//go:embed page/page.css
	pageStyle string
	//go:embed page/page.js
	pageScript string

	pageParts = template.Must(template.New("page").Parse(pageTemplate))
)

// pagePolicy has the page load nothing, and run nothing but what it came with.
var pagePolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " +
	sourceHash(pageStyle) + "; script-src " + sourceHash(pageScript)

// sourceHash names a source in a Content-Security-Policy.
func sourceHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// A page is a report as the template takes it.
type page struct {
	Title    string
	Policy   string
	Style    template.HTML
	Script   template.HTML
	Facts    []string // of the trace, in a line
	Warnings []string
	Headline string
	Figures  []headline
	Chart    *chart // of the summary
	Sections []section
	Schema   string
	Tool     string
}

// A headline is a number that a reader looks for first.
type headline struct{ Name, Value, Note string }

// A section is a part of the page that the table of contents lists.
type section struct {
	ID, Title string
	Notes     []string
	Charts    []chart
	Grids     []*grid
}

// WriteHTML writes the report as one page that needs nothing else, not even a
// network. Its tables have at most 1,000 rows each, and say how many more there
// are.
func (r *Report) WriteHTML(w io.Writer) error {
	charts, err := r.charts()
	if err != nil {
		return fmt.Errorf("stats: drawing a chart: %w", err)
	}
	p := page{
		Title:    "trace2otel stats",
		Policy:   pagePolicy,
		Style:    template.HTML("<style>" + pageStyle + "</style>"),
		Script:   template.HTML("<script>" + pageScript + "</script>"),
		Facts:    r.facts(),
		Warnings: r.pageWarnings(),
		Headline: r.headline(),
		Figures:  r.figures(),
		Sections: r.sections(charts),
		Schema:   printable(r.Schema),
		Tool:     printable(r.Tool),
	}
	if r.Trace.Name != "" {
		p.Title = nameCell(r.Trace.Name).Text + " · " + p.Title
	}
	if c, ok := charts["chart-waits"]; ok {
		p.Chart = &c
	}
	var b bytes.Buffer
	if err := pageParts.Execute(&b, &p); err != nil {
		return fmt.Errorf("stats: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

func (r *Report) facts() []string {
	t := &r.Trace
	facts := []string{
		short(t.Duration), plural(t.Events, "event"), plural(t.Goroutines, "goroutine"),
		plural(t.Generations, "generation"), size(uint64(max(t.Bytes, 0))), "format " + printable(t.Version),
	}
	if t.Start != "" {
		facts = append(facts, "recorded from "+printable(t.Start))
	}
	return facts
}

func (r *Report) pageWarnings() (all []string) {
	for _, w := range r.Warnings {
		all = append(all, printable(w))
	}
	if l := r.Trace.Loss; l != nil && l.Bytes > 0 {
		all = append(all, fmt.Sprintf("%s lost, from byte %s on", size(uint64(l.Bytes)), count(l.Offset)))
	}
	return all
}

// headline says in a sentence or two what the program waited for.
func (r *Report) headline() string {
	t := &r.Totals
	if t.Total <= 0 {
		return "The trace has no goroutine but the runtime's own."
	}
	share := func(d int64) string { return percent(float64(d), float64(t.Total)) }
	s := "Goroutines spent " + share(int64(t.Waiting)) + " of their time waiting"
	var top []string
	for _, w := range t.Waits {
		if len(top) < 3 && w.Time > 0 {
			top = append(top, nameCell(reasonName(w.Reason)).Text+" "+share(int64(w.Time)))
		}
	}
	if len(top) > 0 {
		s += " (" + strings.Join(top, ", ") + ")"
	}
	return s + fmt.Sprintf(", %s ready to run, %s running and %s in system calls.",
		share(int64(t.Runnable+t.Stopped)), share(int64(t.Running+t.Assist)), share(int64(t.Syscall+t.SyscallBlocked)))
}

func (r *Report) figures() []headline {
	s, g := &r.Scheduler, &r.GC
	all := []headline{
		{"procs used", percent(s.Utilization, 1), fmt.Sprintf("of GOMAXPROCS %d", s.Procs)},
		{"scheduling latency, p99", short(s.Latency.P99), "at worst " + short(s.Latency.Max)},
		{"ready while a P was idle", short(s.Wasted), percent(float64(s.Wasted), float64(r.Trace.Duration)) + " of the time"},
	}
	var longest Spread
	reason := ""
	for _, stop := range g.ByReason {
		if stop.Each.Max > longest.Max {
			longest, reason = stop.Each, printable(stop.Reason)
		}
	}
	if longest.Worst != nil {
		all = append(all, headline{"longest stop of the world", short(longest.Max), reason + ", " + longest.Worst.text()})
	}
	all = append(all, headline{"GC cycles", count(g.Each.Count + g.Each.Cut), "assists " + short(g.Assist)})
	if g.HeapMax > 0 {
		all = append(all, headline{"heap at most", size(g.HeapMax), ""})
	}
	return all
}
