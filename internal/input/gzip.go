package input

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
)

const gzipMagic = "\x1f\x8b" // RFC 1952, 2.3.1

// A gzipReader decompresses members of gzip, one behind the other, up to the end
// of the last: padding may follow, and anything else is a [*TrailingError].
type gzipReader struct {
	r   *bufio.Reader
	z   *gzip.Reader
	err error // the last, for good
}

// OpenGzip returns the plain data of r, which is compressed by gzip.
func OpenGzip(r io.Reader) (io.ReadCloser, error) {
	br := bufio.NewReaderSize(r, 32<<10) // which gzip does not read beyond a member
	z, err := gzip.NewReader(br)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{r: br, z: z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for g.err == nil {
		n, err := g.z.Read(p)
		if err == io.EOF {
			err = g.next()
		}
		g.err = err
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, g.err
}

// next begins the next member. It returns io.EOF if there is none.
func (g *gzipReader) next() error {
	head, err := g.r.Peek(len(gzipMagic))
	switch {
	case string(head) == gzipMagic:
	case len(head) == 1 && head[0] == gzipMagic[0] && err == io.EOF:
		return io.ErrUnexpectedEOF
	default:
		return endsWith(g.r, "gzip")
	}
	if err := g.z.Reset(g.r); err != nil {
		return err
	}
	g.z.Multistream(false)
	return nil
}

func (g *gzipReader) Close() error { return g.z.Close() }
