package input

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"unicode"
)

// A kind is what an input can be instead of a trace.
type kind struct {
	what   string
	hint   string
	trace  bool // it was a trace before something changed it
	binary bool // it is a format of its own, whatever is in it
}

// magics recognise kinds by their first bytes. Archives and compressed data
// that can be read are not here: who opens an input knows them.
var magics = []struct {
	magic string
	kind  kind
}{
	{"\xfd7zXZ\x00", compressedBy("xz", "xz -d")},
	{"BZh", compressedBy("bzip2", "bzip2 -d")},
	{"\x04\x22\x4d\x18", compressedBy("lz4", "lz4 -d")},
	{"\xff\x06\x00\x00sNaPpY", compressedBy("snappy", "snzip -d")},
	{"\x1f\x9d", compressedBy("compress", "uncompress")},
	{"LZIP", compressedBy("lzip", "lzip -d")},
	{"7z\xbc\xaf\x27\x1c", packedBy("7z")},
	{"Rar!\x1a\x07", packedBy("rar")},
	{"\x7fELF", kind{what: "is a program or a core dump, not a trace", hint: traceHint, binary: true}},
	{"version https://git-lfs.github.com/spec/", kind{what: "is a pointer of Git LFS, not the trace", hint: "git lfs pull fetches the trace"}},
	{"Could not enable tracing", kind{what: "is the answer of a server that did not begin to trace", hint: "a trace was being taken already: try again when it has ended"}},
	{"goroutine profile: total ", textProfile},
	{"heap profile: ", textProfile},
	{"threadcreate profile: total ", textProfile},
	{"--- contention:", textProfile},
	{"--- mutex:", textProfile},
}

const traceHint = "traces come from runtime/trace, go test -trace and /debug/pprof/trace"

var textProfile = kind{what: "is a profile as text, not an execution trace", hint: "a trace is at /debug/pprof/trace?seconds=5"}

func compressedBy(name, command string) kind {
	return kind{what: "is compressed by " + name + ", which is not read", hint: "unpack it: " + command, binary: true}
}

func packedBy(name string) kind {
	return kind{what: "is a " + name + " archive, which is not read", hint: "unpack it; zip and tar archives are read", binary: true}
}

// otherKind returns what an input is that has no trace's header where one is
// expected, nil if that is not known.
func otherKind(head []byte) *kind {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return &m.kind
		}
	}
	for _, look := range []func([]byte) *kind{wideText, withoutZeros, profile, encoded, markup, response} {
		if k := look(head); k != nil {
			return k
		}
	}
	return nil
}

// wideText recognises what PowerShell makes of a program's output: by a byte order
// mark, or because every second byte is zero.
func wideText(head []byte) *kind {
	little, big := "g\x00o\x00 \x001\x00.\x00", "\x00g\x00o\x00 \x001\x00."
	hasMark := bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
	switch {
	case bytes.Contains(head, []byte(little)) || bytes.Contains(head, []byte(big)):
		return &kind{
			what: "is a trace that was taken for text and written as UTF-16: it cannot be restored",
			hint: "PowerShell's > does that: let the program write the file, as curl -o and go test -trace do", trace: true,
		}
	case hasMark:
		return &kind{what: "is text in UTF-16, not a trace", hint: traceHint}
	}
	return nil
}

var (
	headerText   = regexp.MustCompile(`^go 1\.\d\d trace`)
	cutHeader    = regexp.MustCompile(`^go 1\.\d\d trace\x00{0,3}$`)
	utf8Mark     = "\xef\xbb\xbf"
	hexOfGo      = regexp.MustCompile(`(?i)^(0x)?676f20312e`)
	dumpOfGo     = regexp.MustCompile(`(?i)^[0-9a-f]{6,8}:? +(67 ?6f ?20 ?31 ?2e|6f67 3120)`)
	htmlStart    = regexp.MustCompile(`(?i)^(<!doctype html|<html|<head|<body)`)
	htmlTitle    = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	statusLine   = regexp.MustCompile(`^HTTP/\d[^\r\n]*`)
	base64Text   = regexp.MustCompile(`^[A-Za-z0-9+/\s]+=*\s*$`)
	dataURL      = regexp.MustCompile(`^data:[^,]*;base64,`)
	base64Sample = 256 // bytes
)

// withoutZeros recognises a header that has lost its zeros: a shell does that to
// what it keeps in a variable.
func withoutZeros(head []byte) *kind {
	text := bytes.TrimPrefix(head, []byte(utf8Mark))
	if !headerText.Match(text) || cutHeader.Match(text) {
		return nil
	}
	return &kind{
		what: "is a trace that was taken for text: zeros of its header are missing, so it cannot be restored",
		hint: "shell variables and text filters do that: write the trace to a file, or pass it through a pipe", trace: true,
	}
}

// profile recognises a pprof profile, decompressed: it begins with a type of its
// samples or of its period, two numbers of strings each (profile.proto).
func profile(head []byte) *kind {
	const sampleType, periodType = 1<<3 | 2, 11<<3 | 2
	if len(head) < 2 || head[0] != sampleType && head[0] != periodType {
		return nil
	}
	size, n := binary.Uvarint(head[1:])
	if n <= 0 || size < 2 || size > 12 || len(head) < 1+n+int(size) {
		return nil
	}
	b := head[1+n:][:size]
	for _, field := range []byte{1 << 3, 2 << 3} {
		if len(b) == 0 || b[0] != field {
			return nil
		}
		_, n := binary.Uvarint(b[1:])
		if n <= 0 {
			return nil
		}
		b = b[1+n:]
	}
	if len(b) > 0 {
		return nil
	}
	return &kind{what: "is a pprof profile, not an execution trace", hint: "go tool pprof reads it; a trace is at /debug/pprof/trace?seconds=5", binary: true}
}

// encoded recognises base64 and hexadecimal digits of a trace, or of one that is
// compressed.
func encoded(head []byte) *kind {
	text := bytes.TrimLeftFunc(bytes.TrimPrefix(head, []byte(utf8Mark)), unicode.IsSpace)
	switch {
	case hexOfGo.Match(text):
		return &kind{what: "is a trace in hexadecimal digits", hint: "decode it: xxd -r -p FILE > trace.out", trace: true}
	case dumpOfGo.Match(text):
		return &kind{what: "is a hex dump of a trace", hint: "what xxd wrote, xxd -r FILE > trace.out decodes", trace: true}
	}
	text = text[len(dataURL.Find(text)):]
	sample := text[:min(len(text), base64Sample)]
	if !base64Text.Match(sample) {
		return nil
	}
	digits := bytes.Join(bytes.Fields(sample), nil)
	plain := make([]byte, base64.StdEncoding.DecodedLen(len(digits)))
	n, _ := base64.StdEncoding.Decode(plain, digits) // up to where it is cut
	for _, magic := range []string{"go 1.", "\x1f\x8b\x08", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(plain[:n], []byte(magic)) {
			return &kind{what: "is a trace in base64", hint: "decode it: base64 -d FILE > trace.out", trace: true}
		}
	}
	return nil
}

// markup recognises pages, which servers send instead of what was asked for.
func markup(head []byte) *kind {
	text := bytes.TrimLeftFunc(bytes.TrimPrefix(head, []byte(utf8Mark)), unicode.IsSpace)
	switch {
	case htmlStart.Match(text):
		what := "is an HTML page, not a trace"
		if title := htmlTitle.FindSubmatch(text); title != nil && len(bytes.TrimSpace(title[1])) > 0 {
			what += ": its title is " + Excerpt(title[1])
		}
		return &kind{what: what, hint: "a server sends a page when it asks for a login, or has nothing at that address"}
	case bytes.HasPrefix(text, []byte("<?xml")):
		return &kind{what: "is XML, not a trace", hint: "object stores answer so when a link has expired"}
	}
	return nil
}

// response recognises the answer of an HTTP server with its head, and no trace in
// it.
func response(head []byte) *kind {
	status := statusLine.Find(head)
	if status == nil {
		return nil
	}
	return &kind{
		what: "is an HTTP response, and no trace is in what follows its head: " + Excerpt(status),
		hint: "without -i, curl writes what follows alone, which may be a compressed trace",
	}
}
