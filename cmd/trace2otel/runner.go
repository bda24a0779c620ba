package main

import (
	"io"
	"os"
	"strings"
)

// A CI runner reads the log of a step line by line, and takes some of it for
// commands: what begins with :: after blanks, and ##[ anywhere in a line, is GitHub's
// (actions/runner, ActionCommand.cs); ##vso[ is Azure's, ##teamcity[ TeamCity's. Names
// in traces, and names of files, must not reach it as such: they could silence all
// messages that follow, mask them, or set outputs.

// underRunner reports whether there is a runner that reads what is printed.
func underRunner() bool {
	for _, name := range []string{"GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// A syntax says how a character can be written otherwise in an output.
type syntax uint8

const (
	syntaxNone   syntax = iota // not at all: it is binary
	syntaxText                 // as \u005b, which JSON knows as well
	syntaxMarkup               // as &#91;
)

var escapes = map[syntax]struct{ colon, bracket string }{
	syntaxText:   {`\u003a`, `\u005b`},
	syntaxMarkup: {"&#58;", "&#91;"},
}

// A defused writer writes text with the commands of runners spelled otherwise: of
// :: the second colon, of ##[ the bracket. It is for one goroutine.
type defused struct {
	w      io.Writer
	syntax syntax

	begun  bool // the line has more than blanks
	colon  bool // the first thing after the blanks is a colon, the last one so far
	hashes int  // there are so many just before, or before letters
	buf    []byte
}

func (d *defused) Write(p []byte) (int, error) {
	d.buf = d.buf[:0]
	for _, c := range p {
		switch {
		case c == ':' && d.colon:
			d.buf = append(d.buf, escapes[d.syntax].colon...)
		case c == '[' && d.hashes >= 2:
			d.buf = append(d.buf, escapes[d.syntax].bracket...)
		default:
			d.buf = append(d.buf, c)
		}
		d.pass(c)
	}
	if _, err := d.w.Write(d.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}

// pass takes note of a byte. What is not ASCII counts as blank: some of it is.
func (d *defused) pass(c byte) {
	switch {
	case c == '#':
		d.hashes++
	case 'a' <= c|0x20 && c|0x20 <= 'z' && d.hashes >= 2:
	default:
		d.hashes = 0
	}
	switch {
	case c == '\n' || c == '\r':
		d.begun, d.colon = false, false
	case c > ' ' && c < 0x80 && !d.begun:
		d.begun, d.colon = true, c == ':'
	default:
		d.colon = false
	}
}

// harmless returns lines of text in which no runner finds a command.
func harmless(s string) string {
	var b strings.Builder
	io.WriteString(&defused{w: &b, syntax: syntaxText}, s)
	return b.String()
}
