package main

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/trace2otel/trace2otel/stats"
)

// reportSchema names the layout of a report: see docs/report-schema.md. It
// changes when a field changes its meaning or goes.
const reportSchema = "trace2otel/report/v1"

// A report is what became of each input of convert, for machines.
type report struct {
	Schema string        `json:"schema"`
	Tool   string        `json:"tool"`
	Totals reportTotals  `json:"totals"`
	Inputs []reportInput `json:"inputs"`
}

// reportTotals count inputs; each is in one of all but Inputs.
type reportTotals struct {
	Inputs    int `json:"inputs"`
	Converted int `json:"converted"` // wholly
	Lossy     int `json:"lossy"`
	Asserted  int `json:"not_as_asserted"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"`
}

type reportInput struct {
	Input       string         `json:"input"`
	Status      string         `json:"status"`
	SHA256      string         `json:"sha256,omitempty"`
	Stored      int64          `json:"stored_bytes,omitempty"`
	Format      string         `json:"format,omitempty"`
	Events      int64          `json:"events"`
	Generations int64          `json:"generations"`
	Goroutines  int64          `json:"goroutines"`
	Covered     int64          `json:"covered_ns"`
	Bytes       int64          `json:"bytes"`
	Used        int64          `json:"bytes_used"`
	Loss        *reportLoss    `json:"loss,omitempty"`
	Repairs     string         `json:"repairs,omitempty"`
	Unstopped   bool           `json:"unstopped,omitempty"`
	Nesting     *stats.Nesting `json:"nesting,omitempty"`
	ClockSteps  []stats.Step   `json:"clock_steps,omitempty"`
	Factor      int64          `json:"time_factor,omitempty"`
	Messages    []reportSaid   `json:"messages,omitempty"`
	Asserted    []stats.Check  `json:"assertions,omitempty"`
	Outputs     []reportOutput `json:"outputs,omitempty"`
	Took        int64          `json:"took_ns,omitempty"`
}

type reportLoss struct {
	Error  string `json:"error"`
	Bytes  int64  `json:"bytes"`
	Offset int64  `json:"offset"`
}

type reportSaid struct {
	Level level  `json:"level"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

// String returns what was said, with its hint in a line of its own.
func (s reportSaid) String() string {
	if s.Hint == "" {
		return s.Text
	}
	return s.Text + "\nhint: " + s.Hint
}

type reportOutput struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// The values of reportInput.Status.
const (
	statusConverted = "converted"
	statusLossy     = "lossy"
	statusAsserted  = "not as asserted"
	statusFailed    = "failed"
	statusSkipped   = "skipped"
)

// status returns what became of a job, in a word or three.
func (o *outcome) status() string {
	switch {
	case o.skipped:
		return statusSkipped
	case o.code == exitOK:
		return statusConverted
	case o.code == exitLoss:
		return statusLossy
	case o.code == exitAsserted:
		return statusAsserted
	}
	return statusFailed
}

// newReport returns the report of jobs that have run. timings has it hold what
// differs from run to run.
func newReport(jobs []job, timings bool) *report {
	r := &report{Schema: reportSchema, Tool: version(), Inputs: []reportInput{}}
	add := func(j *job) {
		in := inputReport(j)
		if timings {
			in.Took = int64(j.outcome.took)
		}
		r.Inputs = append(r.Inputs, in)
		r.Totals.count(in.Status)
	}
	for i := range jobs {
		if !jobs[i].outcome.unpacked {
			add(&jobs[i])
		}
		for k := range jobs[i].outcome.followers {
			add(&jobs[i].outcome.followers[k])
		}
	}
	return r
}

// count counts an input of a status.
func (t *reportTotals) count(status string) {
	t.Inputs++
	switch status {
	case statusConverted:
		t.Converted++
	case statusLossy:
		t.Lossy++
	case statusAsserted:
		t.Asserted++
	case statusFailed:
		t.Failed++
	case statusSkipped:
		t.Skipped++
	}
}

func inputReport(j *job) reportInput {
	o := j.outcome
	in := reportInput{Input: j.name(), Status: o.status(), SHA256: o.sha256, Stored: o.stored, Asserted: o.asserted}
	if s := o.summary; s != nil {
		in.Format, in.Events, in.Generations, in.Goroutines = s.Version, s.Events, s.Generations, s.Goroutines
		in.Covered, in.Bytes, in.Used = int64(s.End.Sub(s.Start)), s.Bytes, s.Bytes
		if l := s.Loss; l != nil {
			in.Loss = &reportLoss{Error: valid(redactURLs(l.Err.Error())), Bytes: l.Bytes, Offset: l.Offset}
			in.Used -= l.Bytes
		}
		in.Unstopped, in.Nesting = s.Unstopped, stats.NestingOf(&s.Regions)
		in.ClockSteps, in.Factor = stats.StepsOf(s), s.Factor
		if s.Repairs.Any() {
			in.Repairs = s.Repairs.String()
			in.Used -= s.Repairs.Lost
		}
	}
	for _, s := range o.said {
		if s.level != levelNote {
			in.Messages = append(in.Messages, reportSaid{s.level, valid(s.text), valid(s.hint)})
		}
	}
	for _, path := range o.written {
		if sum, size, ok := digest(path); ok {
			in.Outputs = append(in.Outputs, reportOutput{filepath.ToSlash(path), size, sum})
		}
	}
	return in
}

// valid returns s as UTF-8, which is what texts of the formats have to be.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// json returns the report as JSON, indented.
func (r *report) json() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}
