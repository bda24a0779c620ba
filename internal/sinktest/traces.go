package sinktest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// module is the first line of the go.mod at the root.
const module = "module github.com/trace2otel/trace2otel\n"

// Root returns the repository's root.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), module) {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("not inside the repository")
		}
		dir = up
	}
}

// SharedTraces returns the folder of the large traces beside the repository,
// or false if there is none.
func SharedTraces(tb testing.TB) (string, bool) {
	tb.Helper()
	dir := filepath.Join(Root(tb), "..", "shared", "traces")
	_, err := os.Stat(dir)
	return dir, err == nil
}

// A File is a trace to test with.
type File struct {
	Name string // the last element of Path
	Path string
	AsGo bool // to be read as Go's own tools do: see convert.Options.AsGo

	From, To time.Duration // the window to be converted: see convert.Options
}

// Traces returns the traces that can be converted: those in testdata, and,
// unless tests are to be short, those beside the repository that testdata has
// not. They are sorted by path, testdata's first.
func Traces(tb testing.TB) []File {
	tb.Helper()
	files := find(tb, filepath.Join(Root(tb), "testdata"), readable)
	if shared, ok := SharedTraces(tb); ok && !testing.Short() {
		for _, f := range find(tb, shared, readable) {
			if !slices.ContainsFunc(files, func(have File) bool { return have.Name == f.Name }) {
				files = append(files, f)
			}
		}
	}
	return files
}

// Windows returns the thirds of some traces of testdata, to test on what a
// window cuts. Their names say which part it is.
func Windows(tb testing.TB) []File {
	tb.Helper()
	var thirds []File
	for _, f := range Traces(tb) {
		switch f.Name {
		case "go1.26.8-multi.trace", "go1.26.8-gc-stress.trace", "go1.26.8-annotations-stress.trace",
			"go1.24.0-stress-start-stop.trace":
		default:
			continue
		}
		s := Run(tb, f)
		third := s.End.Sub(s.Start) / 3
		for i := range time.Duration(3) {
			part := f
			part.Name = fmt.Sprintf("%s, third %d", f.Name, i+1)
			if part.From = i * third; i < 2 {
				part.To = part.From + third
			}
			thirds = append(thirds, part)
		}
	}
	return thirds
}

// Damaged returns the files in testdata that are no traces, or broken or
// hostile ones. Some of them can be converted in part.
func Damaged(tb testing.TB) []File {
	tb.Helper()
	return find(tb, filepath.Join(Root(tb), "testdata"), func(path string) bool {
		return isInput(path) && !readable(path)
	})
}

// find returns the files below dir that match, in the order of their paths.
func find(tb testing.TB, dir string, match func(path string) bool) []File {
	tb.Helper()
	var files []File
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && match(path) {
			files = append(files, File{Name: filepath.Base(path), Path: path})
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// isInput reports whether path is named like something to convert.
func isInput(path string) bool {
	switch filepath.Ext(path) {
	case ".trace", ".bin", ".gz":
		return true
	}
	return strings.HasSuffix(path, "_good")
}

// readable reports whether path is known to be a trace that can be converted:
// not one of those that show damage, of a version that the decoder has
// forgotten (before Go 1.11), or of a process that ended within the first
// generation.
func readable(path string) bool {
	if !isInput(path) || strings.HasSuffix(path, ".gz") {
		return false
	}
	switch filepath.Base(filepath.Dir(path)) {
	case "edge", "hostile":
		return false
	}
	name := filepath.Base(path)
	for _, old := range []string{"_1_5_", "_1_7_", "_1_9_", "_1_10_"} {
		if strings.Contains(name, old) {
			return false
		}
	}
	if strings.Contains(name, "exit0.5") {
		return false
	}
	// A trace of Go's own tests has beside it whether it can be read.
	expect, err := os.ReadFile(strings.TrimSuffix(path, ".trace") + ".expect")
	return err != nil || strings.HasPrefix(string(expect), "SUCCESS")
}

// Wall is the date of traces that [Run] and [Load] are to convert and that
// have none of their own.
var Wall = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)

// Run converts f for sinks, in batches of the default size, and fails the test
// if it cannot.
func Run(tb testing.TB, f File, sinks ...convert.Sink) *convert.Summary {
	tb.Helper()
	r, err := os.Open(f.Path)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	o := convert.Options{Name: f.Name, Start: Wall, AsGo: f.AsGo, From: f.From, To: f.To}
	s, err := convert.Run(context.Background(), r, o, sinks...)
	if err != nil {
		tb.Fatalf("%s: %v", f.Name, err)
	}
	return s
}

// Load returns a recording of f.
func Load(tb testing.TB, f File) *Recorder {
	tb.Helper()
	rec := new(Recorder)
	Run(tb, f, rec)
	return rec
}

// sizeOf returns the size of f in bytes.
func sizeOf(tb testing.TB, f File) int64 {
	tb.Helper()
	info, err := os.Stat(f.Path)
	if err != nil {
		tb.Fatal(err)
	}
	return info.Size()
}
