package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/trace2otel/trace2otel/internal/input"
)

// An opened input is a file to be read, decompressed: a trace, mostly.
type opened struct {
	io.Reader
	close   []func() error
	onClose func() // when nothing is read any more, and the file is still open
	packed  bool   // it is compressed
	regular bool   // it can be read more than once, and has a meaningful modTime
	modTime time.Time
	size    int64    // of the file, if regular
	file    *os.File // whose bytes are those of the trace, if they are; else nil
	limits  limits
	stored  *input.Digest // what is read, as it is stored; nil if nothing is

	member *input.Member // of an archive, which it is; or nil
	found  input.Finding // by asTrace
	format input.Format  // likewise, if it is an archive
}

// open opens an input within the limits.
func (c *cli) open(ctx context.Context, path string) (*opened, error) {
	return openInput(ctx, path, c.stdin, c.limits)
}

// openInput opens the file called path, takes stdin for "-", or fetches a URL.
func openInput(ctx context.Context, path string, stdin *os.File, l limits) (*opened, error) {
	in := &opened{limits: l}
	if err := in.open(ctx, path, stdin); err != nil {
		return nil, err
	}
	return in, nil
}

// open opens the input. If that fails, it is closed.
func (in *opened) open(ctx context.Context, path string, stdin *os.File) error {
	if m := in.member; m != nil {
		r, err := m.Open()
		if err != nil {
			return err
		}
		in.close = append(in.close, r.Close)
		in.regular, in.modTime, in.size = true, m.ModTime, m.Size
		return in.read(r)
	}
	if isURL(path) {
		body, err := fetch(ctx, path)
		if err != nil {
			return err
		}
		in.close = append(in.close, body.Close)
		return in.read(body)
	}
	f := stdin
	if path != stdio {
		var err error
		if f, err = input.Open(ctx, path); ctx.Err() != nil {
			return context.Cause(ctx)
		} else if err != nil {
			return fmt.Errorf("cannot be opened: %w", withoutPath(err))
		}
		in.close = append(in.close, f.Close)
	}
	blocks := true
	if info, err := f.Stat(); err == nil {
		if info.IsDir() {
			in.Close()
			return hinted{errors.New("is a directory"), "name the traces in it"}
		}
		blocks = !info.Mode().IsRegular()
		in.regular = path != stdio && !blocks
		in.modTime, in.size = info.ModTime(), info.Size()
	}
	if blocks {
		return in.readStream(ctx, f)
	}
	if err := in.read(f); err != nil {
		return err
	}
	if in.regular && !in.packed {
		in.file = f
	}
	return nil
}

// readStream has the input be what a pipe or a device gives until ctx ends.
func (in *opened) readStream(ctx context.Context, r io.Reader) error {
	i := input.NewInterruptible(ctx, r)
	if err := in.read(i); err != nil {
		i.Close()
		return err
	}
	in.close = append(in.close, i.Close) // before all that reads from it
	return nil
}

// openTrace opens an input that is to be a trace. What was mixed in before its
// first batch is passed over, and told by found.
func openTrace(ctx context.Context, path string, m *input.Member, stdin *os.File, l limits) (*opened, error) {
	in := &opened{limits: l, member: m}
	if err := in.open(ctx, path, stdin); err != nil {
		return nil, err
	}
	if err := in.asTrace(); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

// asTrace looks whether the input is a trace, and has it begin where that does.
// The error says what the input is instead.
func (in *opened) asTrace() error {
	head := make([]byte, input.HeadSize)
	n, readErr := io.ReadFull(in.Reader, head)
	head = head[:n]
	if in.format = input.ArchiveFormat(head); in.format != input.NoArchive {
		in.Reader = io.MultiReader(bytes.NewReader(head), in.Reader)
		return in.refuseArchive()
	}
	var err error
	if in.found, err = input.Examine(head); err != nil {
		return err
	}
	rest := in.Reader
	if readErr != nil && readErr != io.ErrUnexpectedEOF {
		rest = failing{readErr} // for the decoder, when it gets there
	}
	in.Reader = io.MultiReader(bytes.NewReader(in.found.Cut(head)), rest)
	if in.found.Within > 0 {
		in.file = nil
	}
	return nil
}

// refuseArchive says that an archive stands where a trace is expected.
func (in *opened) refuseArchive() error {
	err := archiveError(in.format)
	if in.member != nil {
		return hinted{err, "archives in archives are not opened: unpack the outer one"}
	}
	return hinted{err, "name it as a file: the traces in it are read"}
}

// An archiveError says that an archive of a format stands where a trace is expected.
type archiveError input.Format

func (e archiveError) Error() string { return fmt.Sprintf("is a %s archive, not a trace", string(e)) }

// A failing reader has nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// skip passes over what comes before a trace that is not the first of its input.
func (in *opened) skip(n int64) error {
	_, err := io.CopyN(io.Discard, in, n)
	return err
}

// read has the input be what r holds, decompressed. If that fails, the input is
// closed.
func (in *opened) read(r io.Reader) error {
	in.stored = input.NewDigest(in.limits.stored(r), in.limits.hashed)
	in.close = append(in.close, func() error {
		if in.onClose != nil {
			in.onClose()
		}
		return nil
	})
	plain, packed, err := input.Decompress(in.stored)
	if err != nil {
		in.Close()
		return err
	}
	in.packed = packed
	in.Reader = in.limits.plain(plain)
	if c, ok := plain.(io.Closer); ok {
		in.close = append(in.close, c.Close)
	}
	return nil
}

// Close closes what openInput opened, the last first: decompressors read on
// goroutines of their own.
func (in *opened) Close() {
	for _, f := range slices.Backward(in.close) {
		f()
	}
	in.close = nil
}
