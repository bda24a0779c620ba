package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// annotate writes a report as workflow commands of GitHub Actions, which shows
// them beside the run
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
func (r *report) annotate(w io.Writer) {
	for i := range r.Inputs {
		in := &r.Inputs[i]
		for _, m := range in.Messages {
			fmt.Fprintf(w, "::%s file=%s,title=trace2otel::%s\n", m.Level, escapeProperty(in.Input), escapeData(m.String()))
		}
	}
}

// escapeData keeps a text within its command, and commands of the older kind out
// of it.
func escapeData(s string) string {
	s = harmless(s)
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// escapeProperty keeps a text within its property.
func escapeProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(s))
}

// summarize appends the report as a table to a step's summary.
func (r *report) summarize(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, r.markdown())
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// maxSummaryRows keeps a summary below the megabyte that GitHub takes.
const maxSummaryRows = 500

// markdown returns the report as a table.
func (r *report) markdown() string {
	var b strings.Builder
	t := r.Totals
	fmt.Fprintf(&b, "### Execution traces: %d converted", t.Converted)
	for _, part := range []struct {
		n    int
		what string
	}{{t.Lossy, "with loss"}, {t.Asserted, "not as asserted"}, {t.Failed, "failed"}, {t.Skipped, "not begun"}} {
		if part.n > 0 {
			fmt.Fprintf(&b, ", %d %s", part.n, part.what)
		}
	}
	b.WriteString("\n\n| trace | | events | length | |\n|---|---|---:|---:|---|\n")
	for i := range r.Inputs {
		if i == maxSummaryRows {
			fmt.Fprintf(&b, "\n%d more are not shown.\n", len(r.Inputs)-i)
			break
		}
		in := &r.Inputs[i]
		first, _ := in.explain()
		fmt.Fprintf(&b, "| %s | %s | %d | %.3f s | %s |\n", markdownCell(in.Input), in.Status, in.Events, float64(in.Covered)/1e9, markdownCell(first))
	}
	b.WriteString("\n")
	return b.String()
}

// markdownCell keeps a text within its cell, and as it is.
func markdownCell(s string) string {
	if s == "" {
		return ""
	}
	s = printable(s)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "[", "&#91;", "]", "&#93;").Replace(s)
}
