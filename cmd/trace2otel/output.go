package main

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/trace2otel/trace2otel/internal/gzwriter"
)

// An outputFile appears under its name only when it is whole: it is written to
// a temporary file beside its place, which commit renames. What is no regular
// file (standard output, a device, a pipe) is written as it comes.
type outputFile struct {
	name  string // in messages
	f     *os.File
	place string   // where commit moves f to, or empty
	keep  bool     // place must not exist then
	into  *os.File // where commit copies f to, or nil
	close bool     // into is ours to close

	room      *room            // for what is written
	temporary *temporaries     // has f if it has a place or is to be copied
	zip       *gzwriter.Writer // between Write and f, or nil
	defused   *defused         // likewise
	err       error            // the first from writing
}

// How an output treats what it finds in its place, and what comes of it if the
// conversion fails.
type outputMode struct {
	keep  bool // refuse to replace a file
	whole bool // write nothing before commit, not even to a pipe
	gzip  bool
	room  *room

	// syntax is how what a runner of CI takes for a command is written otherwise,
	// where that may be read by one.
	syntax syntax
}

// createOutput creates the output called path, or takes stdout for "-".
func createOutput(path string, stdout *os.File, m outputMode, t *temporaries) (*outputFile, error) {
	o, err := openOutput(path, stdout, m, t)
	if err == nil && m.gzip {
		o.zip = gzwriter.New(rawOutput{o})
	}
	return o, err
}

// intoFile creates an output that is written to a temporary file of the caller.
func intoFile(f *os.File, m outputMode, t *temporaries) (*outputFile, error) {
	o := &outputFile{name: "a temporary file", room: m.room, temporary: t}
	err := o.stream(f, outputMode{})
	if m.gzip {
		o.zip = gzwriter.New(rawOutput{o})
	}
	return o, err
}

func openOutput(path string, stdout *os.File, m outputMode, t *temporaries) (*outputFile, error) {
	o := &outputFile{name: path, keep: m.keep, room: m.room, temporary: t}
	if path == stdio {
		o.name = "standard output"
		return o, o.stream(stdout, m)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, withoutPath(err)
	case err == nil && info.IsDir():
		return nil, errors.New("it is a directory")
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, withoutPath(err)
		}
		o.close = true
		return o, o.stream(f, m)
	}
	o.place = path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		o.place = target // the link stays
	}
	if err := o.replaceable(); err != nil {
		return nil, err
	}
	if o.f, err = t.create(filepath.Dir(o.place), 0o666); err != nil {
		return nil, withoutPath(err)
	}
	if info != nil {
		o.f.Chmod(info.Mode().Perm()) // what was private stays so
	}
	return o, nil
}

// stream makes o write to f, which cannot be moved into place: directly, or
// by way of a temporary file.
func (o *outputFile) stream(f *os.File, m outputMode) error {
	o.into = f
	o.f = f
	if info, err := f.Stat(); m.syntax != syntaxNone && underRunner() && (err != nil || !info.Mode().IsRegular()) {
		o.defused = &defused{w: rawOutput{o}, syntax: m.syntax}
	}
	if !m.whole {
		return nil
	}
	spool, err := o.temporary.create(os.TempDir(), 0o600)
	if err != nil {
		return err
	}
	o.f = spool
	return nil
}

func (o *outputFile) String() string          { return o.name }
func (o *outputFile) failure() error          { return o.err }
func (o *outputFile) explain(err error) error { return cannotWrite(o.name, err) }

func (o *outputFile) Write(p []byte) (int, error) {
	switch {
	case o.zip != nil:
		return o.zip.Write(p)
	case o.defused != nil:
		return o.defused.Write(p)
	}
	return rawOutput{o}.Write(p)
}

// flush ends the writing: the fields of o are settled after it.
func (o *outputFile) flush() {
	if o.zip != nil {
		o.zip.Close() // its error is o's
		o.zip = nil
	}
}

// A rawOutput writes past the compression.
type rawOutput struct{ o *outputFile }

func (r rawOutput) Write(p []byte) (int, error) {
	o := r.o
	err := o.room.take(len(p))
	n := 0
	if err == nil {
		n, err = o.f.Write(p)
	}
	if err != nil && o.err == nil {
		o.err = withoutPath(err)
		if o.f != o.into {
			o.f.Truncate(0) // the disk may be full: others shall have the room
		}
	}
	return n, err
}

// commit puts the output, which is whole now, into its place. If it fails,
// nothing is left.
func (o *outputFile) commit() error {
	defer o.discard()
	o.flush()
	switch {
	case o.err != nil:
		return o.err
	case o.into == o.f:
		return nil
	case o.into != nil:
		if _, err := o.f.Seek(0, io.SeekStart); err != nil {
			return withoutPath(err)
		}
		_, err := io.Copy(o.into, o.f)
		return withoutPath(err)
	}
	if err := o.f.Sync(); err != nil {
		return withoutPath(err)
	}
	if !canLock {
		// Some systems rename no file that is open.
		if err := o.f.Close(); err != nil {
			return withoutPath(err)
		}
	}
	if err := o.replaceable(); err != nil {
		return err // it has changed since the run began
	}
	// It stays locked, or another run could take it for stray until it is renamed.
	if err := os.Rename(o.f.Name(), o.place); err != nil {
		var link *os.LinkError
		if errors.As(err, &link) {
			err = link.Err
		}
		return err
	}
	return nil
}

// replaceable returns an error if commit may not put a file into o's place. A
// rename would replace anything, even a device.
func (o *outputFile) replaceable() error {
	info, err := os.Lstat(o.place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return withoutPath(err)
	case o.keep:
		return fs.ErrExist
	case info.Mode()&fs.ModeSymlink != 0:
		return errors.New("it is a link to nothing")
	case !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	}
	return nil
}

// discard lets go of the output; without a commit before, nothing is left.
func (o *outputFile) discard() {
	o.flush()
	if o.f != o.into {
		o.f.Close()
		o.temporary.remove(o.f.Name())
	}
	if o.close {
		o.into.Close()
	}
}

// temporaries are the temporary files there are, so that they can be removed
// when the program ends under a conversion that is stuck.
type temporaries struct {
	mu      sync.Mutex // that may happen at any time
	names   map[string]bool
	cleaned map[string]bool // folders without those of killed runs
}

// temporaryPattern is that of the names of temporary files.
const temporaryPattern = ".trace2otel-*.tmp"

// clean removes what killed runs have left in dir, once.
func (t *temporaries) clean(dir string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanOnce(dir)
}

func (t *temporaries) cleanOnce(dir string) {
	if t.cleaned[dir] {
		return
	}
	if t.cleaned == nil {
		t.cleaned = make(map[string]bool)
	}
	t.cleaned[dir] = true
	removeStray(dir)
}

// create creates a temporary file in the folder dir, which it cleans first. Its
// name tells whose it is, and has the same length for all outputs, since file
// systems limit it.
func (t *temporaries) create(dir string, perm fs.FileMode) (*os.File, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanOnce(dir)
	for range maxCreations {
		name := filepath.Join(dir, strings.Replace(temporaryPattern, "*", rand.Text(), 1))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if err != nil {
			return nil, err
		}
		locked, busy := lock(f) // for removeStray
		if busy || locked && !isFile(name, f) {
			// That of another run was faster, and took it for stray.
			f.Close()
			os.Remove(name)
			continue
		}
		if t.names == nil {
			t.names = make(map[string]bool)
		}
		t.names[name] = true
		return f, nil
	}
	return nil, errors.New("somebody removes all temporary files there")
}

// maxCreations is how often create tries. Other runs look for strays only when they
// begin.
const maxCreations = 100

// remove removes a temporary file, if it is one, and still there.
func (t *temporaries) remove(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names[name] {
		os.Remove(name)
		delete(t.names, name)
	}
}

// removeAll removes all that are left, and lets no more be created.
func (t *temporaries) removeAll() {
	t.mu.Lock() // for good
	for name := range t.names {
		os.Remove(name)
	}
}
