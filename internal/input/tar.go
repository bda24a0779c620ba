package input

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// FindInTar returns the traces in the tar archive f, of which size is the size.
func FindInTar(ctx context.Context, f *SharedFile, size int64, l Limits) *Archive {
	if err := f.Acquire(); err != nil {
		return &Archive{Err: err}
	}
	defer f.Release()
	r := io.NewSectionReader(f, 0, size)
	a := findInTar(ctx, r, l, func(h *tar.Header, head []byte, _ io.Reader) (*Member, error) {
		if h.Typeflag == tar.TypeGNUSparse || isSparse(h) {
			return &Member{err: errors.New("is stored with holes, which is not read: unpack the archive")}, nil
		}
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		return &Member{open: openSection(f, at-int64(len(head)), h.Size, nil)}, nil
	})
	if a.Err == nil {
		var last [tarBlock]byte
		f.ReadAt(last[:], max(size-tarBlock, 0))
		a.Err = tarEnd(last == [tarBlock]byte{})
	}
	return a
}

// tarEnd returns an error unless a tar archive ends with zeros: two blocks of them,
// one at the least. Without, others may have been cut off.
func tarEnd(zeros bool) error {
	if zeros {
		return nil
	}
	return errors.New("the tar archive has no end: it is cut off")
}

// A tail counts the zeros at the end of what is read.
type tail struct {
	r     io.Reader
	zeros int
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if solid := len(bytes.TrimRight(p[:n], "\x00")); solid > 0 {
		t.zeros = n - solid
	} else {
		t.zeros = min(t.zeros+n, tarBlock)
	}
	return n, err
}

// isSparse reports whether a file has holes (GNU tar, in PAX headers).
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// A Spool is a temporary file for the traces of archives that cannot be read out
// of order.
type Spool struct {
	f     *os.File
	size  int64
	limit int64
	err   error // of what is beyond the limit
}

// NewSpool returns a Spool in f, which stays open while there are members. An
// archive may take limit bytes of it, if that is not 0; tooMuch is the error of
// what is more.
func NewSpool(f *os.File, limit int64, tooMuch error) *Spool {
	return &Spool{f: f, limit: limit, err: tooMuch}
}

// File returns the file of the spool.
func (s *Spool) File() *os.File { return s.f }

// Copy appends what r has, up to the limit.
func (s *Spool) Copy(r io.Reader, limit int64) (n int64, err error) {
	if s.limit > 0 {
		r = io.LimitReader(r, limit+1)
	}
	n, err = io.Copy(io.NewOffsetWriter(s.f, s.size), r)
	if s.limit > 0 && n > limit {
		n, err = limit, s.err
	}
	s.size += n
	return n, err
}

// FindInTarStream returns the traces in the tar archive r, which is read once: they
// are copied to the spool.
func FindInTarStream(ctx context.Context, r io.Reader, spool *Spool, l Limits) *Archive {
	left := spool.limit
	end := &tail{r: r}
	a := findInTar(ctx, end, l, func(h *tar.Header, head []byte, rest io.Reader) (*Member, error) {
		at := spool.size
		n, err := spool.Copy(io.MultiReader(bytes.NewReader(head), rest), left)
		left -= n
		var cut error
		if err != nil {
			cut = explainTar(err)
			if errors.Is(err, spool.err) {
				cut, err = spool.err, nil
			}
		}
		return &Member{open: openSection(openFile{spool.f}, at, n, cut)}, err
	})
	if a.Err == nil {
		_, a.Err = io.Copy(io.Discard, end) // which may say that the compressed data is cut off
	}
	var trailing *TrailingError
	if a.Err == nil || errors.As(a.Err, &trailing) {
		a.Err = tarEnd(end.zeros >= tarBlock)
	}
	return a
}

// findInTar returns the traces in a tar archive. keep makes members of them, given
// their first bytes and what follows these; its error ends the search.
func findInTar(ctx context.Context, r io.Reader, l Limits, keep func(h *tar.Header, head []byte, rest io.Reader) (*Member, error)) *Archive {
	a := new(Archive)
	t := tar.NewReader(r)
	head := make([]byte, HeadSize)
	var total int64
	for {
		if a.Err = ended(ctx); a.Err != nil {
			return a
		}
		h, err := t.Next()
		if err != nil {
			if err != io.EOF {
				a.Err = explainTar(err)
			}
			return a
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse:
		case tar.TypeLink, tar.TypeSymlink:
			a.Links++
			continue
		default:
			continue
		}
		n, err := io.ReadFull(t, head)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			a.Err = explainTar(err)
			return a
		}
		if !isMember(h.Name, head[:n]) {
			a.Others++
			continue
		}
		if err := l.sized(&total, h.Size); err != nil {
			a.add(&Member{Name: h.Name, err: err})
			continue
		}
		m, err := keep(h, head[:n], t)
		if m != nil {
			m.Name, m.Size, m.ModTime = h.Name, h.Size, h.ModTime
			if !a.add(m) {
				return a
			}
		}
		if err != nil {
			a.Err = explainTar(err)
			return a
		}
	}
}

func explainTar(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the tar archive is cut off")
	}
	if errors.Is(err, tar.ErrHeader) {
		return fmt.Errorf("the tar archive is damaged: %w", err)
	}
	return err
}
