package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// A compression is recognised by the magic at its beginning, never by name.
type compression struct {
	name  string
	magic string
	open  func(io.Reader) (io.ReadCloser, error)
}

var compressions = []compression{
	{"gzip", gzipMagic, OpenGzip},
	{"zstd", "\x28\xb5\x2f\xfd", OpenZstd},
	{"zstd", "\x50\x2a\x4d\x18", OpenZstd}, // a skippable frame, as pzstd begins with
}

// magicSize is the length of the longest magic.
const magicSize = 4

// Decompress returns the plain bytes of r, which may be compressed. If it is, the
// plain reader is an io.Closer that lets go of the decompressor.
func Decompress(r io.Reader) (plain io.Reader, packed bool, err error) {
	var buf [magicSize]byte
	n, err := io.ReadFull(r, buf[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, false, fmt.Errorf("cannot be read: %w", withoutPath(err))
	}
	head := buf[:n]
	r = io.MultiReader(bytes.NewReader(head), r)
	for _, c := range compressions {
		if !bytes.HasPrefix(head, []byte(c.magic)) {
			continue
		}
		plain, err := c.open(r)
		if err != nil {
			return nil, true, c.explain(err)
		}
		return compressed{plain, c}, true, nil
	}
	return r, false, nil
}

// A compressed reader says of errors that it was not the trace that broke.
type compressed struct {
	io.ReadCloser
	compression
}

func (c compressed) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = c.explain(err)
	}
	return n, err
}

func (c compression) explain(err error) error {
	var system *fs.PathError
	var trailing *TrailingError
	switch {
	case errors.As(err, &system), errors.As(err, &trailing):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the %s data is cut off", c.name)
	}
	return fmt.Errorf("the %s data is damaged: %w", c.name, err)
}

// withoutPath takes the path off an error of package os, for messages that have it
// elsewhere.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
