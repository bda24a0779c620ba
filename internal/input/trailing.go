package input

import (
	"bufio"
	"fmt"
	"io"
)

// A TrailingError says that compressed data was whole, and that something else
// follows it.
type TrailingError struct {
	what string
}

func (e *TrailingError) Error() string { return e.what }

// Trailing reports that what came before the error was whole: package convert asks
// for that.
func (e *TrailingError) Trailing() bool { return true }

// isPadding reports whether c may follow compressed data without being lost: tapes
// and copies by the block add zeros, editors and shells a newline.
func isPadding(c byte) bool { return c == 0 || c == '\n' || c == '\r' }

// endsWith reads what follows the compressed data of a kind, where no more of it
// follows. It returns io.EOF if that is nothing or padding, and a
// [*TrailingError] for anything else.
func endsWith(r *bufio.Reader, kind string) error {
	head, _ := r.Peek(textSample)
	head = append([]byte(nil), head...)
	var n int64
	padding := true
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF && padding:
			return io.EOF
		case err == io.EOF:
			what := fmt.Sprintf("bytes that are no %s data follow it: %d", kind, n)
			if isText(head) {
				what += ", " + Excerpt(head)
			}
			return &TrailingError{what}
		case err != nil:
			return err
		}
		n++
		padding = padding && isPadding(c)
	}
}

// textSample is how many bytes of what follows are looked at.
const textSample = 64
