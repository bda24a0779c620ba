package stats

import (
	"encoding/json"
	"fmt"
	"io"
)

// WriteJSON writes the report as one JSON object, in a line.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// ReadJSON reads a report that WriteJSON wrote.
func ReadJSON(r io.Reader) (*Report, error) {
	d := json.NewDecoder(r)
	var report Report
	if err := d.Decode(&report); err != nil {
		return nil, fmt.Errorf("stats: no report: %w", err)
	}
	if report.Schema != Schema {
		return nil, fmt.Errorf("stats: the report is of schema %q, not %q", report.Schema, Schema)
	}
	return &report, nil
}
