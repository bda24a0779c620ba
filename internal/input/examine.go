package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// HeadSize is how many of an input's first bytes [Examine] looks at.
const HeadSize = 64 << 10

// headerSize is the length of "go 1.NN trace\x00\x00\x00".
const headerSize = 16

var headerPattern = regexp.MustCompile(`go 1\.(\d\d?) trace\x00\x00\x00`)

// A Finding tells of a trace that can be read which text is mixed in: a program
// or a protocol wrote it to where the trace went.
type Finding struct {
	Before int    // bytes of text before the trace's header
	Within int    // bytes of text between the header and the first batch
	Text   []byte // all of it; aliases the head that was examined
}

// Any reports whether there is any text.
func (f Finding) Any() bool { return len(f.Text) > 0 }

// String says what is passed over.
func (f Finding) String() string {
	where := "before the trace"
	switch {
	case f.Before == 0:
		where = "between the trace's header and its first batch"
	case f.Within > 0:
		where = "before the trace's first batch"
	}
	noun := "bytes"
	if len(f.Text) == 1 {
		noun = "byte"
	}
	return fmt.Sprintf("%d %s of text %s passed over: %s", len(f.Text), noun, where, Excerpt(f.Text))
}

// Hint returns what the user might do about it.
func (f Finding) Hint() string {
	if bytes.HasPrefix(f.Text, []byte("HTTP/")) {
		return "without -i, curl writes the trace alone"
	}
	return "give the trace a file of its own, instead of what the program prints to"
}

// Cut removes what was found from the head that was examined. It returns the
// bytes of the trace.
func (f Finding) Cut(head []byte) []byte {
	if f.Within == 0 {
		return head[f.Before:]
	}
	header := head[f.Before : f.Before+headerSize]
	return append(bytes.Clone(header), head[f.Before+headerSize+f.Within:]...)
}

// A Refusal says what an input is instead of a trace, or what a transport did to
// it.
type Refusal struct {
	what, hint string
	mangled    bool
}

func (r *Refusal) Error() string { return r.what }

// Hint returns what the user might do about it.
func (r *Refusal) Hint() string { return r.hint }

// Mangled reports whether the input was a trace before something changed it.
func (r *Refusal) Mangled() bool { return r.mangled }

// Examine looks at the first bytes of an input: HeadSize of them, or fewer if the
// input has no more. The error is a [*Refusal] if they show that the input is no
// trace, or no longer one. What Examine does not know passes: the decoder will
// say that it is no trace.
func Examine(head []byte) (Finding, error) {
	if f := ArchiveFormat(head); f != NoArchive {
		return Finding{}, &Refusal{what: "is a " + string(f) + " archive, not a trace", hint: "unpack it"}
	}
	at := headerPattern.FindSubmatchIndex(head)
	if at == nil {
		return Finding{}, refusal(otherKind(head))
	}
	var f Finding
	if f.Before = at[0]; f.Before > 0 {
		if r := otherKind(head); r != nil && r.binary {
			return Finding{}, refusal(r)
		}
		if !isText(head[:f.Before]) {
			return Finding{}, &Refusal{
				what:    fmt.Sprintf("a trace begins at byte %d only, and what comes before it is no text", f.Before),
				hint:    fmt.Sprintf("tail -c +%d cuts it out", f.Before+1),
				mangled: true,
			}
		}
		f.Text = head[:f.Before]
	}
	body := head[at[1]:]
	if r := mangledBody(body); r != nil {
		return Finding{}, r
	}
	minor, _ := strconv.Atoi(string(head[at[2]:at[3]]))
	if n := textBeforeBatch(body); n > 0 && minor >= firstGenerational {
		f.Within = n
		f.Text = append(f.Text[:len(f.Text):len(f.Text)], body[:n]...)
	}
	return f, nil
}

// IsTrace reports whether an input with these first bytes is a trace, or was one
// before something changed it.
func IsTrace(head []byte) bool {
	if bytes.HasPrefix(head, []byte("go 1.")) {
		return true // of whatever version
	}
	_, err := Examine(head)
	var r *Refusal
	if errors.As(err, &r) {
		return r.mangled
	}
	return headerPattern.Match(head)
}

// refusal returns k as an error, nil if there is none.
func refusal(k *kind) error {
	if k == nil {
		return nil
	}
	return &Refusal{what: k.what, hint: k.hint, mangled: k.trace}
}

// firstGenerational is the NN of the first format "go 1.NN" that consists of
// batches.
const firstGenerational = 22

// textBeforeBatch returns how many bytes of text b begins with, if a batch of
// events follows; else 0.
func textBeforeBatch(b []byte) int {
	const evEventBatch = 1 // internal/trace/tracev2/events.go
	n := bytes.IndexByte(b, evEventBatch)
	if n <= 0 || !isText(b[:n]) || !isBatchHead(b[n+1:]) {
		return 0
	}
	return n
}

// isBatchHead reports whether b may be what follows the type of a batch:
// generation, thread, time and size, each a varint.
func isBatchHead(b []byte) bool {
	const maxBatchSize = 64 << 10
	var v [4]uint64
	for i := range v {
		x, n := binary.Uvarint(b)
		if n <= 0 {
			return false
		}
		v[i], b = x, b[n:]
	}
	return v[0] > 0 && v[3] <= maxBatchSize
}

// isText reports whether b may be what a program prints: no control characters
// except those that move the cursor or set colours.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && !bytes.ContainsRune([]byte("\t\n\r\f\b\a\x1b"), rune(c)) || c == 0x7f {
			return false
		}
	}
	return true
}

// Excerpt returns the beginning of text, quoted.
func Excerpt(text []byte) string {
	const most = 48
	text = bytes.TrimSpace(text)
	line, _, more := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimSpace(line)
	if len(line) > most {
		line, more = line[:most], true
	}
	if more {
		return strconv.Quote(string(line)) + "…"
	}
	return strconv.Quote(string(line))
}
