package meaning

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a file of rows. A table of a team has some dozens of rows.
const (
	MaxFileSize = 1 << 20
	MaxRows     = 10_000
	MaxSentence = 200 // bytes
	maxPrefixes = 200 // rows with *: each is compared with each frame
)

// A RowKind says which table a row is added to.
type RowKind uint8

const (
	RowIdle       RowKind = iota // waits in this function are idle
	RowWrapper                   // this function only calls what it was given
	RowDispatcher                // this function of a router calls handlers of requests
)

var rowWords = [...]string{RowIdle: "idle", RowWrapper: "wrapper", RowDispatcher: "dispatcher"}

// String returns the word that begins a row of this kind.
func (k RowKind) String() string { return rowWords[k] }

// A Row is a line of a file.
type Row struct {
	Kind     RowKind
	Pattern  string // a function as traces have it; a trailing * stands for any rest
	Sentence string // of RowIdle: why the wait is idle
	Line     int    // counted from 1
}

// A File is what a team adds to the tables. It is text in UTF-8, a row a line:
//
//	# comment
//	wrapper     github.com/acme/run.(*Group).Go.func1
//	idle        main.(*queue).loop            waits for jobs
//	idle        github.com/acme/bus.(*Sub).*  waits for messages
//	dispatcher  github.com/acme/web.(*Router).dispatch
//
// The first word is the kind, the second the function, as a trace or a stack
// dump has it. A dot in the last element of an import path may be written as
// such or as %2e. A trailing * stands for the rest of the name. What follows,
// of idle only, is the sentence: "waits for its queue" if there is none. A # begins a
// comment at the start of a line or after a space.
type File struct {
	Rows []Row
	Hash string // SHA-256 of the file's bytes: its first 12 hexadecimal digits
}

// A FileError says which line of a file is wrong.
type FileError struct {
	File string
	Line int // 0: the file as a whole
	What string
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.What
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What)
}

// ReadFile reads rows from r. Name is the file's, for errors. What is wrong
// with the file is a [*FileError].
func ReadFile(name string, r io.Reader) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > MaxFileSize {
		return nil, &FileError{name, 0, fmt.Sprintf("larger than %d bytes", MaxFileSize)}
	}
	sum := sha256.Sum256(data)
	f := &File{Hash: hex.EncodeToString(sum[:6])}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	lines.Buffer(nil, MaxFileSize+2)
	seen := make(map[string]int)
	prefixes := 0
	for n := 1; lines.Scan(); n++ {
		row, ok, what := parseRow(lines.Text())
		if what != "" {
			return nil, &FileError{name, n, what}
		}
		if !ok {
			continue
		}
		row.Line = n
		key := row.Kind.String() + " " + row.Pattern
		if first := seen[key]; first != 0 {
			return nil, &FileError{name, n, fmt.Sprintf("%s stands in line %d already", key, first)}
		}
		seen[key] = n
		if strings.HasSuffix(row.Pattern, "*") {
			if prefixes++; prefixes > maxPrefixes {
				return nil, &FileError{name, n, fmt.Sprintf("more than %d rows with *", maxPrefixes)}
			}
		}
		if f.Rows = append(f.Rows, row); len(f.Rows) > MaxRows {
			return nil, &FileError{name, n, fmt.Sprintf("more than %d rows", MaxRows)}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, &FileError{name, 0, err.Error()}
	}
	return f, nil
}

// parseRow reads a line. It returns false if there is no row in it, and what is
// wrong with it, "" if nothing.
func parseRow(line string) (row Row, ok bool, what string) {
	if !utf8.ValidString(line) {
		return Row{}, false, "not UTF-8"
	}
	if i := comment(line); i >= 0 {
		line = line[:i]
	}
	if line = strings.TrimSpace(line); line == "" {
		return Row{}, false, ""
	}
	if i := strings.IndexFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }); i >= 0 {
		return Row{}, false, "has a control character"
	}
	kind, rest := field(line)
	pattern, sentence := field(rest)
	switch kind {
	case "idle":
		row.Kind = RowIdle
		if row.Sentence = strings.Join(strings.Fields(sentence), " "); row.Sentence == "" {
			row.Sentence = "waits for its queue"
		}
	case "wrapper", "dispatcher":
		if row.Kind = RowWrapper; kind == "dispatcher" {
			row.Kind = RowDispatcher
		}
		if sentence != "" {
			return Row{}, false, fmt.Sprintf("%q after the function: a %s has no sentence", sentence, kind)
		}
	default:
		return Row{}, false, fmt.Sprintf("%q is no kind of row: choose from idle, wrapper, dispatcher", kind)
	}
	if len(row.Sentence) > MaxSentence {
		return Row{}, false, fmt.Sprintf("the sentence has more than %d bytes", MaxSentence)
	}
	if what := checkPattern(pattern); what != "" {
		return Row{}, false, what
	}
	row.Pattern = escape(pattern)
	return row, true, ""
}

// comment returns where the comment of a line begins, -1 if there is none.
func comment(line string) int {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return i
		}
	}
	return -1
}

// field cuts the first word off a line.
func field(line string) (word, rest string) {
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return line, ""
	}
	return line[:i], strings.TrimSpace(line[i:])
}

// checkPattern returns what is wrong with a pattern, "" if nothing.
func checkPattern(pattern string) string {
	name, _ := strings.CutSuffix(pattern, "*")
	switch {
	case pattern == "":
		return "missing function"
	case strings.Contains(strings.ReplaceAll(name, "(*", ""), "*"):
		return fmt.Sprintf("%q: a * stands at the end only", pattern)
	case strings.HasSuffix(name, "(") && name != pattern:
		return fmt.Sprintf("%q: a * stands at the end of a name", pattern)
	case !strings.Contains(name[strings.LastIndexByte(name, '/')+1:], "."):
		return fmt.Sprintf("%q is no function: it needs its package, as in main.(*queue).loop", pattern)
	}
	return ""
}

// escape writes the dots in the last element of an import path as the runtime
// does. Only a method says where the path ends: gopkg.in/tomb.v2.(*Tomb).run.
func escape(pattern string) string {
	slash := strings.LastIndexByte(pattern, '/') + 1
	i := strings.Index(pattern[slash:], ".(")
	if slash == 0 || i < 0 {
		return pattern
	}
	return pattern[:slash] + strings.ReplaceAll(pattern[slash:slash+i], ".", "%2e") + pattern[slash+i:]
}
