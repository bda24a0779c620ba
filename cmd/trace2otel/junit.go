package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// A junitSuites is a report as test runners write it: each input is a test, and
// what was lost, failed, or was not as asserted, fails it. Fields are those that
// all readers know (the Jenkins xunit plugin's schema).
type junitSuites struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suite   junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Seconds string        `xml:"time,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
	Error   *junitFailure `xml:"error"`
	Skipped *struct{}     `xml:"skipped"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junit returns the report for test runners. What could not be converted at all
// is an error, all else that is not as it should be a failure.
func (r *report) junit() ([]byte, error) {
	s := junitSuite{
		Name: "trace2otel", Tests: r.Totals.Inputs, Errors: r.Totals.Failed, Skipped: r.Totals.Skipped,
		Failures: r.Totals.Lossy + r.Totals.Asserted,
	}
	for i := range r.Inputs {
		in := &r.Inputs[i]
		c := junitCase{Class: "trace2otel", Name: in.Input}
		if in.Took > 0 {
			c.Seconds = fmt.Sprintf("%.3f", float64(in.Took)/1e9)
		}
		first, text := in.explain()
		f := &junitFailure{Type: in.Status, Message: first, Text: text}
		switch in.Status {
		case statusSkipped:
			c.Skipped = new(struct{})
		case statusFailed:
			c.Error = f
		case statusLossy, statusAsserted:
			c.Failure = f
		}
		var checks []string
		for _, a := range in.Asserted {
			checks = append(checks, a.String())
		}
		c.Out = strings.Join(checks, "\n")
		s.Cases = append(s.Cases, c)
	}
	data, err := xml.MarshalIndent(junitSuites{Suite: s}, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

// explain returns the gravest message about an input, and all of them.
func (in *reportInput) explain() (first, all string) {
	var lines []string
	for _, l := range []level{levelError, levelWarning} {
		for _, m := range in.Messages {
			if m.Level != l {
				continue
			}
			if first == "" {
				first = m.Text
			}
			lines = append(lines, m.String())
		}
	}
	return first, strings.Join(lines, "\n")
}
