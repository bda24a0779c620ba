package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trace2otel/trace2otel/internal/input"
)

// A source is an input of convert.
type source struct {
	input  string        // a path, perhaps with ! and a name in the archive, - or a URL
	dir    string        // of its outputs, below that of --out: as it lies in the folder that was named
	member *input.Member // of an archive, or nil
	err    error         // instead: why the argument gives nothing
}

// sources returns what the arguments stand for, in their order: themselves, the
// traces in a folder, or what a pattern matches.
func (c *cli) sources(ctx context.Context, args []string) (all []source) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg == stdio || isURL(arg):
			all = append(all, source{input: arg})
		case err == nil && info.IsDir():
			all = append(all, c.folder(ctx, arg)...)
		case err == nil:
			all = append(all, c.file(ctx, arg)...)
		case err != nil && strings.ContainsAny(arg, `*?[`):
			all = append(all, c.pattern(ctx, arg)...)
		default:
			s, ok := c.member(ctx, arg)
			if !ok {
				s.input = arg
			}
			all = append(all, s)
		}
	}
	return all
}

// file returns a file that was named, or the traces in it if it is an archive.
func (c *cli) file(ctx context.Context, path string) []source {
	if a := c.archiveIn(ctx, path); a != nil {
		c.tellPassedOver(a, path)
		return members(a, path, "")
	}
	return []source{{input: path}}
}

// pattern returns what matches one, for shells that leave that to the program,
// and for arguments in quotes. What is named so is taken at its word; a folder
// among them is searched.
func (c *cli) pattern(ctx context.Context, arg string) (all []source) {
	matches, err := filepath.Glob(arg)
	switch {
	case err != nil:
		return []source{{input: arg, err: fmt.Errorf("is no pattern: %w", err)}}
	case len(matches) == 0:
		return []source{{input: arg, err: errors.New("matches nothing")}}
	}
	slices.Sort(matches)
	for _, m := range matches {
		if info, err := os.Stat(m); err == nil && info.IsDir() {
			all = append(all, c.folder(ctx, m)...)
		} else {
			all = append(all, c.file(ctx, m)...)
		}
	}
	return all
}

// folder returns the traces in a folder and those in it, sorted, by what is in the
// files; links are followed. What only has the name of a trace is an input as
// well, whose error says what it is instead: a program that is killed leaves an
// empty file.
func (c *cli) folder(ctx context.Context, dir string) (all []source) {
	files, again, err := input.Walk(ctx, dir)
	others := 0
	for _, f := range files {
		rel, relErr := filepath.Rel(dir, filepath.Dir(f.Path))
		dangling := errors.Is(f.Err, input.ErrDangling)
		switch {
		case ctx.Err() != nil:
		case dangling && namedAsTrace(f.Path):
			all = append(all, source{input: f.Path, err: f.Err})
		case f.Err != nil && !dangling:
			all = append(all, source{input: f.Path, err: fmt.Errorf("cannot be searched: %w", f.Err)})
		case dangling:
			others++
		case !isTrace(ctx, f.Path) && !namedAsTrace(f.Path):
			if a := c.archiveIn(ctx, f.Path); a != nil && len(a.Members) > 0 {
				c.tellPassedOver(a, f.Path)
				all = append(all, members(a, f.Path, rel)...)
			} else {
				others++
			}
		case relErr != nil:
			all = append(all, source{input: f.Path, err: relErr})
		default:
			all = append(all, source{input: f.Path, dir: rel})
		}
	}
	switch {
	case err != nil:
		return append(all, source{input: dir, err: context.Cause(ctx)})
	case len(all) == 0:
		return []source{{input: dir, err: fmt.Errorf("holds no trace; files searched: %d", others)}}
	case others > 0:
		c.messages.note(displayName(dir), "%d of %d files are no traces", others, others+len(all))
	}
	if again > 0 {
		c.messages.note(displayName(dir), "links that lead to files and folders found already, and are passed over: %d", again)
	}
	return all
}

// isTrace reports whether a file is a trace, perhaps compressed, or was one before
// something changed it. One that cannot be opened may be.
func isTrace(ctx context.Context, path string) bool {
	in, err := openInput(ctx, path, nil, noLimits)
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	defer in.Close()
	head := make([]byte, input.HeadSize)
	n, _ := io.ReadFull(in, head)
	return input.IsTrace(head[:n])
}

func namedAsTrace(path string) bool { return input.NamedAsTrace(filepath.ToSlash(path)) }
