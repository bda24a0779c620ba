package convert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ReadableVersions lists the trace formats that can be read. A Go release
// without a format of its own writes the one before it, so this is every trace
// since Go 1.11.
const ReadableVersions = "go 1.11, 1.19, 1.21, 1.22, 1.23, 1.25, 1.26"

// newestMinor is the last of them.
const newestMinor = 26

// headerSize is the length of "go 1.NN trace\x00\x00\x00".
const headerSize = 16

// A header is the first sixteen bytes of a trace.
type header struct {
	minor int // NN of "go 1.NN"
}

func (h header) String() string { return "go 1." + strconv.Itoa(h.minor) }

// generational reports whether the trace is a run of generations (format v2).
func (h header) generational() bool { return h.minor >= 22 }

// parseHeader reads a trace's header from the first bytes of an input, which
// are fewer than headerSize only if the input is. newer accepts formats that
// this program does not know.
func parseHeader(b []byte, newer bool) (header, error) {
	if len(b) == 0 {
		return header{}, &InputError{
			Err:  fmt.Errorf("the input is empty"),
			hint: "was trace.Start called, and trace.Stop before the program ended?",
		}
	}
	text := string(b[:min(len(b), headerSize)])
	num, pad, found := strings.Cut(strings.TrimPrefix(text, "go 1."), " trace\x00\x00\x00")
	minor, err := strconv.Atoi(num)
	if !strings.HasPrefix(text, "go 1.") || !found || strings.Trim(pad, "\x00") != "" || err != nil {
		if len(b) < headerSize && strings.HasPrefix("go 1.", text[:min(len(text), 5)]) {
			return header{}, &InputError{
				Err:  fmt.Errorf("the input ends after %d bytes, within the header of a trace", len(b)),
				hint: stopHint,
			}
		}
		return header{}, &InputError{
			Err:  fmt.Errorf("not a Go execution trace: it begins with %q", text),
			hint: "traces come from runtime/trace, go test -trace and /debug/pprof/trace",
		}
	}
	switch minor {
	case 11, 19, 21, 22, 23, 25, 26:
		return header{minor}, nil
	}
	if newer && minor > newestMinor {
		return header{minor}, nil
	}
	return header{}, &InputError{
		Err:  fmt.Errorf("trace format go 1.%d cannot be read", minor),
		hint: "readable are the formats " + ReadableVersions,
	}
}

// Wire numbers of what stands at the top level of a v2 trace
// (internal/trace/tracev2/events.go).
const (
	evEventBatch        = 1
	evExperimentalBatch = 49
	evEndOfGeneration   = 52
)

// A framing watches the bytes of a v2 trace pass by and notes where its
// generations lie, so that a loss can be told in bytes. It looks at the heads
// of batches only:
//
//	batch type, [experiment,] generation, thread, time, size, size bytes
//
// each but the first two a varint. Of other traces, it sees whether they were stopped.
type framing struct {
	r       io.Reader
	v2      bool
	off     int64 // bytes read from r
	err     error // of r, but io.EOF
	skip    int64 // bytes of the current batch still to come
	head    []byte
	headOff int64 // where head began

	gen    uint64  // number of the generation being read
	starts []int64 // offsets of the last generations; starts[len-1] is gen's
	seen   int     // generations begun, of which starts has the last
	closed bool    // gen has ended by an explicit mark

	legacy legacyScan // of other traces

	broken int64  // offset of the first bytes that are no batch, or -1
	junk   []byte // the first of them
}

// keptStarts is how many generations back an offset is needed at least. A decoder
// is one behind what it has read, which may be a buffer of 4 KiB more than it has
// looked at; a generation has six bytes or more.
const keptStarts = 4096/6 + 2

func newFraming(r io.Reader, h header) *framing {
	return &framing{r: r, v2: h.generational(), skip: headerSize, broken: -1}
}

func (f *framing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
		if isTrailing(err) {
			err = io.EOF
		}
	}
	if f.v2 {
		f.scan(p[:n])
	} else {
		f.legacy.scan(p[min(max(headerSize-f.off, 0), int64(n)):n])
	}
	f.off += int64(n)
	return n, err
}

// isTrailing reports whether err says that all that was read before it is whole:
// compressed data, and something else behind it.
func isTrailing(err error) bool {
	var trailing interface{ Trailing() bool }
	return errors.As(err, &trailing) && trailing.Trailing()
}

// scan follows the framing through the bytes at offset f.off.
func (f *framing) scan(p []byte) {
	at := f.off
	for len(p) > 0 {
		switch {
		case f.broken >= 0:
			n := min(len(p), junkSize-len(f.junk))
			f.junk = append(f.junk, p[:n]...)
			return
		case f.skip > 0:
			n := min(int64(len(p)), f.skip)
			f.skip -= n
			at += n
			p = p[n:]
		default:
			if len(f.head) == 0 {
				f.headOff = at
			}
			f.head = append(f.head, p[0])
			at++
			p = p[1:]
			f.step()
		}
	}
}

// junkSize is how many bytes of what is no trace are kept to tell what it is.
const junkSize = 64

// step looks whether f.head is a whole head of a batch by now.
func (f *framing) step() {
	fields := f.head[1:]
	switch f.head[0] {
	case evEndOfGeneration:
		f.closed = true
		f.head = f.head[:0]
		return
	case evEventBatch:
	case evExperimentalBatch:
		fields = fields[min(1, len(fields)):]
	default:
		f.breaks()
		return
	}
	var v [4]uint64 // generation, thread, time, size
	n := 0
	for shift := 0; len(fields) > 0 && n < len(v); fields = fields[1:] {
		if shift > 63 {
			f.breaks()
			return
		}
		v[n] |= uint64(fields[0]&0x7f) << shift
		shift += 7
		if fields[0] < 0x80 {
			n++
			shift = 0
		}
	}
	if n < len(v) {
		return // more to come
	}
	if f.seen == 0 || v[0] != f.gen || f.closed {
		f.gen = v[0]
		f.seen++
		f.closed = false
		f.starts = append(f.starts, f.headOff)
		if len(f.starts) == 2*keptStarts {
			f.starts = append(f.starts[:0], f.starts[keptStarts:]...)
		}
	}
	const maxBatchSize = 64 << 10 // tracev2.MaxBatchSize
	if v[3] > maxBatchSize {
		f.breaks()
		return
	}
	f.skip = int64(v[3])
	f.head = f.head[:0]
}

// breaks notes that f.head begins no batch.
func (f *framing) breaks() {
	f.broken = f.headOff
	f.junk = append(f.junk, f.head...)
	f.head = f.head[:0]
}

// empty reports whether nothing but the header was read.
func (f *framing) empty() bool { return f.off <= headerSize }

// start returns the offset of the nth generation, counted from 1. It reports
// false if that has not begun, or so long ago that it was forgotten.
func (f *framing) start(n int) (offset int64, ok bool) {
	i := len(f.starts) - 1 - (f.seen - n)
	if i < 0 || i >= len(f.starts) {
		return 0, false
	}
	return f.starts[i], true
}

// end returns where the last batch ends.
func (f *framing) end() int64 {
	if f.broken >= 0 {
		return f.broken
	}
	return f.off
}

// rest reads r to its end, so that what is lost can be counted.
func (f *framing) rest() {
	io.Copy(io.Discard, f)
}

// tail describes what follows the last batch, once all is read, for a trace
// that could not be read to its end: a description, a hint, or nothing.
func (f *framing) tail() (what, hint string) {
	switch {
	case f.err != nil && !isTrailing(f.err):
		var h interface{ Hint() string } // of the reader: it may know
		if errors.As(f.err, &h) {
			hint = h.Hint()
		}
		return "the input could not be read further: " + f.err.Error(), hint
	case !f.v2:
		return "", ""
	case f.broken >= 0:
		return f.describeJunk()
	case f.skip > 0 || len(f.head) > 0:
		return "the trace is cut off within a batch", cutHint
	}
	return "", ""
}

// Hints for what a trace lacks.
const (
	stopHint = "was trace.Stop called?"
	cutHint  = "was the program killed, or the copy interrupted?"
	textHint = "give the trace a file of its own, instead of what the program prints to"
)

// next returns the offset of the trace that follows, once all is read; 0 if none
// does.
func (f *framing) next() int64 {
	if f.err == nil && f.v2 && f.broken >= 0 && bytes.HasPrefix(f.junk, []byte("go 1.")) {
		return f.broken
	}
	return 0
}

func (f *framing) describeJunk() (what, hint string) {
	n := f.off - f.broken
	switch {
	case f.next() > 0:
		return fmt.Sprintf("a second trace follows at byte %d", f.broken),
			"split the file there: a trace is to have a file of its own"
	case len(bytes.Trim(f.junk, "\x00")) == 0:
		return fmt.Sprintf("zero bytes follow the trace from byte %d on", f.broken), ""
	case isText(f.junk):
		return fmt.Sprintf("%d bytes that are no trace data follow at byte %d: %s", n, f.broken, excerpt(string(f.junk))), textHint
	}
	return fmt.Sprintf("%d bytes that are no trace data follow at byte %d", n, f.broken), ""
}

// isText reports whether b may be what a program prints.
func isText(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\t\n\r\x1b", r) || r == 0x7f || r == utf8.RuneError
	}) < 0
}

// excerpt returns the first line of text, quoted.
func excerpt(text string) string {
	line, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if rest != "" {
		return strconv.Quote(strings.TrimSpace(line)) + "…"
	}
	return strconv.Quote(line)
}
