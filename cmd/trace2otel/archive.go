package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/trace2otel/trace2otel/internal/input"
)

// memberMark stands between the name of an archive and that of a trace in it.
const memberMark = "!"

// spools are the temporary files for archives that cannot be read out of order.
type spools struct {
	temporary *temporaries

	mu    sync.Mutex // archives come by several inputs at once
	files []*os.File
}

// create creates a temporary file that stays until removeAll.
func (s *spools) create() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.temporary.create(os.TempDir(), 0o600)
	if err != nil {
		return nil, cannotWrite("a temporary file", withoutPath(err))
	}
	s.files = append(s.files, f)
	return f, nil
}

func (s *spools) removeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		f.Close()
		s.temporary.remove(f.Name())
	}
	s.files = nil
}

// archiveLimits returns what an archive may take of what an input may.
func (l *limits) archiveLimits() input.Limits {
	return input.Limits{
		Plain:   int64(l.decompressed),
		TooMuch: hinted{fmt.Errorf("more than %v of an archive, decompressed, are not read", l.decompressed), "pass a larger --max-decompressed"},
	}
}

// spool returns a Spool for an archive, which may take what an input may.
func (s *spools) spool(l *limits) (*input.Spool, error) {
	f, err := s.create()
	if err != nil {
		return nil, err
	}
	return input.NewSpool(f, int64(l.input), hinted{fmt.Errorf("more than %v of an archive are not unpacked", l.input), "pass a larger --max-input, or unpack the archive"}), nil
}

// archiveIn returns the archive that a regular file is, nil if it is none.
func (c *cli) archiveIn(ctx context.Context, file string) *input.Archive {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return nil // a pipe can be read once only
	}
	ctx, cancel := c.limits.within(ctx)
	defer cancel()
	in, err := openInput(ctx, file, nil, c.limits)
	if err != nil {
		return nil // what opens it for good says why
	}
	defer in.Close()
	return c.unpack(ctx, in, file)
}

// unpack returns the archive that an input is, called name; nil if it is none, or
// cannot be read.
func (c *cli) unpack(ctx context.Context, in *opened, name string) *input.Archive {
	head := make([]byte, input.HeadSize)
	n, _ := io.ReadFull(in.Reader, head)
	format := input.ArchiveFormat(head[:n])
	if format == input.NoArchive {
		return nil
	}
	in.Reader = io.MultiReader(strings.NewReader(string(head[:n])), in.Reader)
	a := c.findIn(ctx, in, format)
	for _, m := range a.Members {
		m.Archive = name
	}
	return a
}

// findIn finds the traces in an archive: in its place if that is a plain file,
// else in a copy.
func (c *cli) findIn(ctx context.Context, in *opened, format input.Format) *input.Archive {
	l := c.limits.archiveLimits()
	switch {
	case in.file != nil && format == input.Zip:
		return input.FindInZip(ctx, input.NewSharedFile(in.file.Name()), in.size, l)
	case in.file != nil:
		return input.FindInTar(ctx, input.NewSharedFile(in.file.Name()), in.size, l)
	}
	spool, err := c.spools.spool(&c.limits)
	if err != nil {
		return &input.Archive{Err: err}
	}
	r := ctxReader{ctx, in}
	if format == input.Tar {
		return input.FindInTarStream(ctx, r, spool, l)
	}
	size, err := spool.Copy(r, int64(c.limits.input))
	if err != nil {
		return &input.Archive{Err: err}
	}
	return input.FindInOpenZip(ctx, spool.File(), size, l)
}

// A ctxReader fails when its context ends.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}

// file returns the file that a source is in.
func (s *source) file() string {
	if s.member != nil {
		return s.member.Archive
	}
	return s.input
}

// base returns what outputs of a source are named after.
func (s *source) base() string {
	if s.member != nil {
		return baseName(s.member.Base())
	}
	return baseName(s.input)
}

// one returns what the argument of a command for one trace stands for: the one
// in an archive, too.
func (c *cli) one(ctx context.Context, arg string) source {
	s := source{input: arg}
	if arg == stdio || isURL(arg) {
		return s
	}
	if _, err := os.Stat(arg); err != nil {
		if m, ok := c.member(ctx, arg); ok {
			return m
		}
		return s
	}
	if a := c.archiveIn(ctx, arg); a != nil {
		if s.member, s.err = onlyMember(a, arg); s.err == nil {
			s.input += memberMark + s.member.Name
		}
	}
	return s
}

// members returns the traces in an archive as sources, below dir of the outputs.
func members(a *input.Archive, name, dir string) (all []source) {
	dir = filepath.Join(dir, archiveBase(name))
	seen := make(map[string]bool)
	for _, m := range a.Members {
		s := source{input: displayName(name) + memberMark + m.Name, member: m}
		local, err := filepath.Localize(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(m.Name, `\`, "/")), "/"))
		switch {
		case err != nil || local == "." || local == "":
			s.err = errors.New("has a name in the archive that no file can have")
		case seen[m.Name]:
			s.err = errors.New("is in the archive twice: the first is read")
		}
		s.dir = filepath.Join(dir, filepath.Dir(local))
		seen[m.Name] = true
		all = append(all, s)
	}
	if a.Err != nil {
		all = append(all, source{input: name, err: a.Err})
	}
	if len(all) == 0 {
		return []source{{input: name, err: fmt.Errorf("holds no trace; files searched: %d", a.Others)}}
	}
	return all
}

// tellPassedOver says what an archive holds besides traces.
func (c *cli) tellPassedOver(a *input.Archive, name string) {
	if len(a.Members) > 0 && a.Others > 0 {
		c.messages.note(displayName(name), "%d of %d files in it are no traces", a.Others, a.Others+len(a.Members))
	}
	if a.Links > 0 {
		c.messages.note(displayName(name), "links in it, which are not followed: %d", a.Links)
	}
}

// archiveBase returns what the folder of an archive's outputs is called.
func archiveBase(name string) string {
	base := baseName(name)
	for _, ext := range []string{".zip", ".tar", ".tgz", ".tzst"} {
		if stem := strings.TrimSuffix(base, ext); stem != "" {
			base = stem
		}
	}
	return base
}

// member returns the trace in an archive that arg names, like build.zip!trace.out;
// false if it names none.
func (c *cli) member(ctx context.Context, arg string) (source, bool) {
	for at := 0; ; at++ {
		n := strings.Index(arg[at:], memberMark)
		if n < 0 {
			return source{}, false
		}
		if at += n; at == 0 {
			continue
		}
		file := arg[:at]
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		s := source{input: arg}
		a := c.archiveIn(ctx, file)
		if a == nil {
			s.err = errors.New("the file before the ! is no archive")
			return s, true
		}
		for _, m := range members(a, file, "") {
			if m.input == arg {
				return m, true
			}
		}
		s.err = hinted{errors.New("the archive holds no such trace"), nameOne(a, file)}
		if a.Err != nil {
			s.err = a.Err
		}
		return s, true
	}
}

// onlyMember returns the one trace that an archive holds.
func onlyMember(a *input.Archive, name string) (*input.Member, error) {
	switch {
	case a.Err != nil:
		return nil, a.Err
	case len(a.Members) == 1:
		return a.Members[0], nil
	case len(a.Members) == 0:
		return nil, fmt.Errorf("holds no trace; files searched: %d", a.Others)
	}
	return nil, hinted{fmt.Errorf("holds %d traces, and one is read at a time", len(a.Members)), nameOne(a, name)}
}

// nameOne says how to name a trace of an archive.
func nameOne(a *input.Archive, name string) string {
	const most = 5
	var names []string
	for i, m := range a.Members {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, "'"+name+memberMark+m.Name+"'")
	}
	if len(names) == 0 {
		return "it holds no trace at all"
	}
	if name == stdio || isURL(name) {
		return "save it to a file, and name one like 'FILE" + memberMark + a.Members[0].Name + "'; trace2otel convert takes all"
	}
	return "name one of " + strings.Join(names, ", ") + "; trace2otel convert takes all"
}

// An unpacked is the error of an input that is an archive, and comes once only: its
// traces have been copied.
type unpacked struct{ *input.Archive }

func (unpacked) Error() string { return "is an archive" }

// runUnpacked converts what an archive holds that came as the input of j: as jobs of
// their own, which follow j, or as j if that is for one trace.
func (c *cli) runUnpacked(ctx context.Context, j job, a *input.Archive) exitCode {
	if j.unpack == nil {
		m, err := onlyMember(a, j.input)
		if err != nil {
			c.messages.failure(j.name(), err)
			return exitFailed
		}
		j.input, j.member = displayName(j.input)+memberMark+m.Name, m
		return c.produce(ctx, j)
	}
	c.tellPassedOver(a, j.input)
	outer := j.outcome
	outer.unpacked = true
	code := exitOK
	for _, next := range j.unpack(a) {
		next.serial, next.series = j.serial, !c.strict
		c.messages.log = &next.outcome.said
		next.outcome.code = c.run(ctx, next)
		c.follow(ctx, &next)
		followers := next.outcome.followers
		next.outcome.followers = nil
		outer.followers = append(append(outer.followers, next), followers...)
	}
	c.messages.log = &outer.said
	return code
}
