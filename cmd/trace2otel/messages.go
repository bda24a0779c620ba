package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode"

	"github.com/trace2otel/trace2otel/convert"
)

// messages go to standard error, a line each:
//
//	trace2otel: x.trace: no complete generation
//	hint: was trace.Stop called?
//	trace2otel: y.trace: warning: a second trace follows at byte 2853; …
//	trace2otel: z.trace: wrote out/z.pftrace
type messages struct {
	w     io.Writer
	quiet bool    // no notes
	log   *[]said // keeps what is said, if not nil

	runner  bool              // of CI, reads them
	secrets *strings.Replacer // replaces URLs that have some; may be nil
}

// failure says what went wrong with subject (an input; may be empty), and the
// error's hint if it has one.
func (m *messages) failure(subject string, err error) { m.say(levelError, subject, err) }

// warning says what is not as it should be, but no reason to stop.
func (m *messages) warning(subject string, err error) { m.say(levelWarning, subject, err) }

// note says what may be of use, unless the user wants quiet.
func (m *messages) note(subject, format string, args ...any) {
	if !m.quiet {
		m.say(levelNote, subject, fmt.Errorf(format, args...))
	}
}

// say writes a message at once, so that messages never mix.
func (m *messages) say(l level, subject string, err error) {
	what, hint := m.redacted(cause(err)), hintOf(err)
	if m.secrets != nil {
		hint = m.secrets.Replace(hint) // examples of URLs stay
	}
	if m.log != nil {
		*m.log = append(*m.log, said{l, what, hint})
	}
	class := ""
	if l == levelWarning {
		class = "warning: "
	}
	text := "trace2otel: "
	if subject != "" {
		text += printable(m.redacted(subject)) + ": "
	}
	text += class + indented(what) + "\n"
	if hint != "" {
		text += "hint: " + indented(hint) + "\n"
	}
	if m.runner {
		text = harmless(text)
	}
	io.WriteString(m.w, text)
}

// redacted returns a text without what is secret in the URLs in it.
func (m *messages) redacted(text string) string {
	if m.secrets != nil {
		text = m.secrets.Replace(text)
	}
	return redactURLs(text)
}

// cause returns the text of err without what the message says already: that
// the converter had to do with it, and the name of the file.
func cause(err error) string {
	var input *convert.InputError
	if errors.As(err, &input) {
		err = input.Err
	}
	return strings.TrimPrefix(err.Error(), "otlp/export: ")
}

// withoutPath takes the path off an error of package os, for messages that
// have it elsewhere.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// A hinted error knows what the user might do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Hint() string  { return h.hint }
func (h hinted) Unwrap() error { return h.error }

// hintOf returns the hint of err, or nothing.
func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// indented makes text safe to print, and lines after the first, which only
// defects have (a panic and its stack), unlike messages.
func indented(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n\t")
}

// printable shows control characters and broken UTF-8, as names and traces of
// others may have them, rather than hand them to the terminal.
func printable(s string) string {
	clean := func(r rune) bool { return unicode.IsPrint(r) || r == '\t' }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) || r == unicode.ReplacementChar }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(s[i:], string(r)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case clean(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
