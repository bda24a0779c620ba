package input

import (
	"bytes"
	"unicode/utf8"
)

// Text filters leave patterns that no trace has: its numbers are varints, so that
// half of the bytes have the high bit, in no order that UTF-8 would allow, and
// newlines are as frequent as any byte. These are the least numbers that
// tell a pattern from chance.
const (
	leastRunes    = 8   // characters above ASCII in what is UTF-8 throughout
	leastNewlines = 5   // of which each comes behind a carriage return
	leastPlain    = 256 // bytes of which none has the high bit
)

// mangledBody returns what was done to a trace of which b follows the header, nil
// if nothing was. A trace cannot be mangled by chance: the odds are below 1 to
// 2^40.
func mangledBody(b []byte) *Refusal {
	text := wholeRunes(b)
	if utf8.Valid(text) {
		if r := recoded(text); r != nil {
			return r
		}
	}
	if n := bytes.Count(b, []byte("\n")); n >= leastNewlines && n == bytes.Count(b, []byte("\r\n")) {
		return &Refusal{
			what:    `every newline in it became CR LF: a trace was taken for text`,
			hint:    `terminals (kubectl exec -t, docker run -t) and FTP's ASCII mode do that: fetch it without; perl -pe 's/\r\n/\n/' undoes it`,
			mangled: true,
		}
	}
	return nil
}

// recoded returns what was done to a trace whose bytes have become the valid
// UTF-8 text.
func recoded(text []byte) *Refusal {
	var high, wide, lost int
	for _, r := range string(text) {
		switch {
		case r == utf8.RuneError:
			lost++
		case r > 0xff:
			wide++
		}
		if r >= utf8.RuneSelf {
			high++
		}
	}
	const again = "something on the way reads it as text: fetch it again as binary data"
	switch {
	case lost >= leastRunes:
		return &Refusal{
			what:    "was taken for UTF-8 text: bytes of the trace were replaced by U+FFFD, and are lost",
			hint:    again,
			mangled: true,
		}
	case high >= leastRunes && wide == 0:
		return &Refusal{
			what:    "was taken for Latin-1 text and written as UTF-8: every byte above 0x7f has become two",
			hint:    again + "; iconv -f UTF-8 -t ISO-8859-1 undoes it",
			mangled: true,
		}
	case high >= leastRunes:
		return &Refusal{
			what:    "was taken for text and written as UTF-8: bytes above 0x7f have become characters",
			hint:    again,
			mangled: true,
		}
	case high == 0 && len(text) >= leastPlain:
		return &Refusal{
			what:    "was taken for ASCII text: it has no byte above 0x7f left, so it cannot be restored",
			hint:    again,
			mangled: true,
		}
	}
	return nil
}

// wholeRunes returns b without what may be the beginning of a character at its
// end.
func wholeRunes(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
