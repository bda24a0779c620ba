package input

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// FindInZip returns the traces in the zip archive f, of which size is the size.
func FindInZip(ctx context.Context, f *SharedFile, size int64, l Limits) *Archive {
	return findInZip(ctx, f, size, l)
}

// FindInOpenZip is FindInZip of a file that stays open while there are members.
func FindInOpenZip(ctx context.Context, f *os.File, size int64, l Limits) *Archive {
	return findInZip(ctx, openFile{f}, size, l)
}

func findInZip(ctx context.Context, f opener, size int64, l Limits) *Archive {
	a := new(Archive)
	if a.Err = f.Acquire(); a.Err != nil {
		return a
	}
	defer f.Release()
	z, err := zip.NewReader(f, size)
	if err != nil {
		a.Err = fmt.Errorf("the zip archive is damaged or cut off: %w", err)
		return a
	}
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor())
	var total int64
	for _, file := range z.File {
		if a.Err = ended(ctx); a.Err != nil {
			return a
		}
		mode := file.Mode()
		switch {
		case mode.IsDir():
			continue
		case !mode.IsRegular():
			a.Links++
			continue
		}
		is, err := sniff(file)
		if !is {
			a.Others++
			continue
		}
		m := &Member{Name: file.Name, Size: int64(file.UncompressedSize64), ModTime: file.Modified, err: err}
		if m.err == nil {
			m.err = l.sized(&total, m.Size)
		}
		m.open = func() (io.ReadCloser, error) {
			if err := f.Acquire(); err != nil {
				return nil, err
			}
			r, err := file.Open()
			if err != nil {
				f.Release()
				return nil, explainZip(err)
			}
			return &section{Reader: zipped{r}, release: func() { r.Close(); f.Release() }}, nil
		}
		if !a.add(m) {
			break
		}
	}
	return a
}

// sniff reports whether a file is a trace, and why it cannot be read.
func sniff(file *zip.File) (is bool, err error) {
	const encrypted = 1 // of the flags (APPNOTE.TXT, 4.4.4)
	if file.Flags&encrypted != 0 {
		return NamedAsTrace(file.Name), errEncrypted
	}
	r, err := file.Open()
	if err != nil {
		return NamedAsTrace(file.Name), explainZip(err)
	}
	defer r.Close()
	head := make([]byte, HeadSize)
	n, _ := io.ReadFull(r, head) // an error comes up again when it is read
	return isMember(file.Name, head[:n]), nil
}

// A zipped reader says of errors that it was not the trace that broke.
type zipped struct{ r io.Reader }

func (z zipped) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	if err != nil && err != io.EOF {
		err = explainZip(err)
	}
	return n, err
}

func explainZip(err error) error {
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return errors.New("is compressed in a way that is not read: unpack the archive")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the zip archive is cut off")
	}
	return fmt.Errorf("the zip archive is damaged: %w", err)
}
