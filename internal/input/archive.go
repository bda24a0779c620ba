package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Format is that of an archive.
type Format string

// The formats that are read. An archive may be compressed as a whole.
const (
	NoArchive Format = ""
	Zip       Format = "zip"
	Tar       Format = "tar"
)

// tarBlock is the size of a tar header.
const tarBlock = 512

// ArchiveFormat returns the format of the archive that begins with head, which has
// 512 bytes or more if there are as many.
func ArchiveFormat(head []byte) Format {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return Zip // the second is empty
	case len(head) >= tarBlock && isTarHeader(head[:tarBlock]):
		return Tar
	}
	return NoArchive
}

// isTarHeader reports whether a block has the checksum of a tar header: the sum of
// its bytes, those of the checksum itself counted as blanks (POSIX, ustar).
func isTarHeader(b []byte) bool {
	field := b[148:156]
	sum := 0
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	want, err := strconv.ParseInt(string(bytes.Trim(field, " \x00")), 8, 32)
	return err == nil && int64(sum) == want && b[0] != 0
}

// An Archive is what was found in one.
type Archive struct {
	Members []*Member // traces, in their order
	Others  int       // files that are no traces
	Links   int       // which are not followed
	Err     error     // why not all of it could be searched
}

// A Member is a trace in an archive, or what has the name of one.
type Member struct {
	Name    string // as the archive has it, without ./ before; it may be anything
	Size    int64  // bytes, as they are when the archive is unpacked
	ModTime time.Time
	Archive string // its name

	err  error // why it cannot be opened
	open func() (io.ReadCloser, error)
}

// Open begins to read the member. Members may be read side by side, and again.
func (m *Member) Open() (io.ReadCloser, error) {
	if m.err != nil {
		return nil, m.err
	}
	return m.open()
}

// Base returns the last element of the member's name.
func (m *Member) Base() string { return path.Base(strings.ReplaceAll(m.Name, `\`, "/")) }

// Limits bound what an archive may take.
type Limits struct {
	Plain   int64 // bytes of all members together; 0: no limit
	TooMuch error // what is beyond that
}

// maxMembers bounds how many traces of an archive are read.
const maxMembers = 10_000

// add adds a member, unless there are too many. It reports whether others may
// follow.
func (a *Archive) add(m *Member) bool {
	if len(a.Members) == maxMembers {
		a.Err = fmt.Errorf("holds more than %d traces: the others are not read", maxMembers)
		return false
	}
	m.Name = strings.TrimPrefix(m.Name, "./") // as tar has it of its own folder
	a.Members = append(a.Members, m)
	return true
}

// NamedAsTrace reports whether a file has the name of a trace.
func NamedAsTrace(name string) bool {
	for _, ext := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, ext)
	}
	return path.Ext(name) == ".trace"
}

// isMember reports whether a file of an archive is one of its members, given its
// first bytes: HeadSize, or all there are. They may be compressed.
func isMember(name string, head []byte) bool {
	if NamedAsTrace(name) {
		return true
	}
	plain, packed, err := Decompress(bytes.NewReader(head))
	if err != nil {
		return false
	}
	if packed {
		head = make([]byte, HeadSize)
		n, _ := io.ReadFull(plain, head) // up to where the compressed data is cut
		head = head[:n]
		if c, ok := plain.(io.Closer); ok {
			c.Close()
		}
	}
	return IsTrace(head)
}

// A SharedFile is a file that is open while somebody reads from it.
type SharedFile struct {
	path string

	mu    sync.Mutex
	f     *os.File
	users int
}

// NewSharedFile returns the file called path, not open yet.
func NewSharedFile(path string) *SharedFile { return &SharedFile{path: path} }

// Acquire opens the file, unless it is open.
func (s *SharedFile) Acquire() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		f, err := os.Open(s.path)
		if err != nil {
			return fmt.Errorf("cannot be opened: %w", withoutPath(err))
		}
		s.f = f
	}
	s.users++
	return nil
}

// Release closes the file if it was the last to have acquired it.
func (s *SharedFile) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users == 0 {
		s.f.Close()
		s.f = nil
	}
}

// ReadAt reads from the file, which must have been acquired.
func (s *SharedFile) ReadAt(p []byte, off int64) (int, error) { return s.f.ReadAt(p, off) }

// A section is a part of a shared file that is being read.
type section struct {
	io.Reader
	release func()
	once    sync.Once
}

func (s *section) Close() error {
	s.once.Do(s.release)
	return nil
}

// opener is what members are read from: a SharedFile, or a file that stays open.
type opener interface {
	io.ReaderAt
	Acquire() error
	Release()
}

// An openFile stays open as long as there are members.
type openFile struct{ *os.File }

func (openFile) Acquire() error { return nil }
func (openFile) Release()       {}

// openSection returns a function that reads size bytes of f from off on, and then
// fails with err, if that is not nil.
func openSection(f opener, off, size int64, err error) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		if err := f.Acquire(); err != nil {
			return nil, err
		}
		var r io.Reader = io.NewSectionReader(f, off, size)
		if err != nil {
			r = io.MultiReader(r, failing{err})
		}
		return &section{Reader: r, release: f.Release}, nil
	}
}

// A failing reader has nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

var errEncrypted = errors.New("is encrypted")

// sized returns an error if the members so far and size bytes more are too much.
func (l *Limits) sized(total *int64, size int64) error {
	if *total += size; l.Plain > 0 && (*total > l.Plain || *total < 0) {
		return l.TooMuch
	}
	return nil
}

// ended returns the cause of the end of ctx.
func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
