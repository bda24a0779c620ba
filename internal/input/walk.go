package input

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A File is a regular file in a folder, or what could not be looked at.
type File struct {
	Path string
	Err  error // why the folder at Path cannot be searched, or where the link leads
}

// ErrDangling is the error of a link that leads nowhere.
var ErrDangling = errors.New("is a link that leads nowhere")

// Walk returns the files in a folder and those in it, in the order of their
// names, directory by directory. Links are followed, to files and to folders, but
// lead to nothing twice: again is how many lead to what is among the files
// already, under its own name or that of another link. What is neither file,
// folder nor link is left out. The error is that of ctx.
func Walk(ctx context.Context, root string) (files []File, again int, err error) {
	w := &walker{ctx: ctx, seen: make(map[string]bool)}
	w.folder(root, trueName(root))
	// What links lead to comes last, so that a file goes by its own name if that
	// is in the folder.
	for len(w.links) > 0 {
		link := w.links[0]
		w.links = w.links[1:]
		w.follow(link)
	}
	slices.SortFunc(w.files, func(a, b File) int { return comparePaths(a.Path, b.Path) })
	return w.files, w.again, ctx.Err()
}

type walker struct {
	ctx   context.Context
	seen  map[string]bool // files and folders, by their true names
	links []string
	files []File
	again int
}

// folder searches the folder called path, whose true name is given.
func (w *walker) folder(path, name string) {
	if w.seen[name] || w.ctx.Err() != nil {
		return
	}
	w.seen[name] = true
	entries, err := os.ReadDir(path)
	if err != nil {
		w.files = append(w.files, File{path, withoutPath(err)})
		return
	}
	for _, e := range entries {
		in, trueIn := filepath.Join(path, e.Name()), filepath.Join(name, e.Name())
		switch {
		case e.IsDir():
			w.folder(in, trueIn)
		case e.Type()&fs.ModeSymlink != 0:
			w.links = append(w.links, in)
		case e.Type().IsRegular():
			w.file(in, trueIn)
		}
	}
}

func (w *walker) file(path, name string) {
	if !w.seen[name] {
		w.seen[name] = true
		w.files = append(w.files, File{Path: path})
	}
}

func (w *walker) follow(link string) {
	info, err := os.Stat(link)
	name := trueName(link)
	switch {
	case err != nil:
		w.files = append(w.files, File{link, fmt.Errorf("%w: %w", ErrDangling, withoutPath(err))})
	case w.seen[name]:
		w.again++
	case info.IsDir():
		w.folder(link, name)
	case info.Mode().IsRegular():
		w.file(link, name)
	}
}

// trueName returns the name of a file without links, absolute if it can be known.
func trueName(path string) string {
	if name, err := filepath.EvalSymlinks(path); err == nil {
		path = name
	}
	if name, err := filepath.Abs(path); err == nil {
		path = name
	}
	return path
}

// comparePaths orders paths by their elements.
func comparePaths(a, b string) int {
	return slices.Compare(strings.Split(a, string(filepath.Separator)), strings.Split(b, string(filepath.Separator)))
}
