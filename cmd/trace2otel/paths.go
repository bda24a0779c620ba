package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
)

// An outputPath is where an output of the command goes.
type outputPath struct {
	what string // goes there
	path string // or empty, if nothing does
}

// outputFlags are the flags that name a file or a folder to write to, and how they
// are called in messages.
var outputFlags = []struct{ name, called string }{
	{"output", "-o"}, {"out", "--out"}, {"failed-out", "--failed-out"}, {"report", "--report"}, {"junit", "--junit"},
}

// checkOutputFlags returns an error if a flag that is set names nothing that can be
// written to.
func checkOutputFlags(fs *pflag.FlagSet) error {
	for _, f := range outputFlags {
		if flag := fs.Lookup(f.name); flag != nil && flag.Changed {
			if err := checkOutput(f.called, flag.Value.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkOutput returns an error if a path, which what is called so has, is none. An
// empty one is what a shell makes of a variable that is not set.
func checkOutput(called, path string) error {
	switch {
	case path == "":
		return hinted{fmt.Errorf("%s is empty", called), "is a variable not set?"}
	case hasScheme.MatchString(path):
		return hinted{fmt.Errorf("%s is a URL: outputs go to files", called), "trace2otel otlp --endpoint sends spans"}
	}
	return nil
}

// distinct returns an error if two outputs were to go to one file: the one would
// replace the other.
func distinct(paths []outputPath) error {
	taken := make(map[string]string)
	for _, p := range paths {
		if info, err := os.Stat(p.path); p.path == "" || err == nil && !info.Mode().IsRegular() {
			continue // a device takes all there is
		}
		file := trueFile(p.path)
		if other, ok := taken[file]; ok {
			return fmt.Errorf("%s and %s are both %s", other, p.what, printable(p.path))
		}
		taken[file] = p.what
	}
	return nil
}

// trueFile returns the name of the file that is meant by a path, whether or not
// it is there.
func trueFile(path string) string {
	if path == stdio {
		return path
	}
	if file, err := filepath.EvalSymlinks(path); err == nil {
		path = file
	} else if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	if file, err := filepath.Abs(path); err == nil {
		return file
	}
	return path
}

// inputFiles are the inputs that an output might be in the way of.
type inputFiles []inputFile

type inputFile struct {
	path string
	info os.FileInfo
}

func statInputs(paths []string) inputFiles {
	var ins inputFiles
	for _, path := range paths {
		if path == stdio {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			ins = append(ins, inputFile{path, info})
		}
	}
	return ins
}

// spare returns an error if the output would replace an input.
func (ins inputFiles) spare(output string) error {
	info, err := os.Stat(output)
	if err != nil {
		return nil
	}
	for _, in := range ins {
		if os.SameFile(in.info, info) {
			return fmt.Errorf("the output %s is the input %s", output, in.path)
		}
	}
	return nil
}
