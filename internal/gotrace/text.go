package gotrace

import "bytes"

// Text in a trace comes of a program that prints to where its trace goes. It
// stands between batches, or within one, if both are written to a pipe.

const (
	textSize  = 64 // bytes of text that are kept
	leastText = 4  // bytes between batches; fewer may be anything

	// leastRun is for text within a batch: of numbers, as few as that look like
	// text once in a thousand batches.
	leastRun = 16
)

// A skipped is what is known of bytes that are no batch.
type skipped struct {
	head   [textSize]byte // the first n of them
	n      int
	last   byte
	binary bool // some are no text
}

func (k *skipped) add(b byte) {
	if k.n < textSize {
		k.head[k.n] = b
		k.n++
	}
	k.last = b
	k.binary = k.binary || notText(rune(b))
}

// isLine reports whether the bytes are text, to the end of a line.
func (k *skipped) isLine() bool { return k.n > 0 && !k.binary && k.last == '\n' }

// noteText notes text that was found: the bytes that were skipped, or a line
// within the batch before, which moved the end of that.
func (s *splitter) noteText(skipped *skipped) {
	head := skipped.head[:skipped.n]
	switch {
	case s.text != "":
	case len(head) >= leastText && isText(head):
		s.text = string(head)
	default:
		s.text = string(longestLine(s.previous()))
	}
}

// previous returns the data of the last batch of the generation, nil if there is
// none, or it holds strings.
func (s *splitter) previous() []byte {
	if s.before.size == 0 {
		return nil
	}
	data := s.chunks[s.before.chunk][s.before.off:][:s.before.size]
	if Type(data[0]) == evStrings {
		return nil
	}
	return data
}

// longestLine returns the longest run of text in b that has at least leastRun
// bytes, one of them a newline.
func longestLine(b []byte) (longest []byte) {
	for len(b) > 0 {
		n := bytes.IndexFunc(b, func(r rune) bool { return notText(r) || r == '\x1b' })
		if n < 0 {
			n = len(b)
		}
		if n > max(len(longest), leastRun-1) && bytes.IndexByte(b[:n], '\n') >= 0 {
			longest = b[:min(n, textSize)]
		}
		b = b[min(n+1, len(b)):]
	}
	return longest
}

// isText reports whether b may be what a program prints.
func isText(b []byte) bool { return bytes.IndexFunc(b, notText) < 0 }

func notText(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\x1b' || r == 0x7f || r == 0xfffd
}
