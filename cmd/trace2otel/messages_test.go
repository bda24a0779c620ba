package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
)

func TestMessages(t *testing.T) {
	for _, test := range []struct {
		name    string
		subject string
		err     error
		want    string
	}{
		{"plain", "x.trace", errors.New("is bad"), "trace2otel: x.trace: is bad\n"},
		{"no subject", "", errors.New("is bad"), "trace2otel: is bad\n"},
		{"hint", "x", hinted{errors.New("is bad"), "try y"}, "trace2otel: x: is bad\nhint: try y\n"},
		{"hint of a cause", "x", fmt.Errorf("really: %w", hinted{errors.New("bad"), "try y"}),
			"trace2otel: x: really: bad\nhint: try y\n"},
		{"who says so is clear", "x", &convert.InputError{Err: errors.New("the input is empty")},
			"trace2otel: x: the input is empty\n"},
		{"name with control characters", "a\x1b[31m\n.trace", errors.New("is bad"),
			`trace2otel: a\u001b[31m\u000a.trace: is bad` + "\n"},
		{"text with broken UTF-8", "x", errors.New("got \xff\ufffd é"), `trace2otel: x: got \xff` + "\ufffd é\n"},
		{"text that turns about", "x", errors.New("\u202ecod.exe"), `trace2otel: x: \u202ecod.exe` + "\n"},
		{"a defect and its stack", "x", errors.New("panic: oops\ntrace2otel: y: fine\n\tmain.go:1\n"),
			"trace2otel: x: panic: oops\n\ttrace2otel: y: fine\n\t\tmain.go:1\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			m := messages{w: &out, quiet: true}
			m.failure(test.subject, test.err)
			if out.String() != test.want {
				t.Errorf("got  %q\nwant %q", &out, test.want)
			}
		})
	}
}

func TestQuietDropsNotesAlone(t *testing.T) {
	var out bytes.Buffer
	m := messages{w: &out, quiet: true}
	m.note("x", "wrote %s", "y")
	m.warning("x", errors.New("is odd"))
	if got, want := out.String(), "trace2otel: x: warning: is odd\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWithoutPath(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "secret", Err: fs.ErrPermission}
	if got := withoutPath(fmt.Errorf("really: %w", path)); got != fs.ErrPermission {
		t.Errorf("got %v", got)
	}
	if got := withoutPath(nil); got != nil {
		t.Errorf("got %v", got)
	}
}
