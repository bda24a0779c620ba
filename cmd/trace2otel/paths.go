package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// An outputPath is where an output of the command goes.
type outputPath struct {
	what string // goes there
	path string // or empty, if nothing does
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
