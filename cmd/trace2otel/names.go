package main

import (
	"path/filepath"
	"strings"
)

// stdio is the name of standard input and output on the command line.
const stdio = "-"

// baseName returns what the outputs of an input are named after: its name
// without .gz or .zst, and then without .trace or .out; the host of a URL.
func baseName(input string) string {
	if input == stdio {
		return "stdin"
	}
	if isURL(input) {
		return hostOf(input)
	}
	name := filepath.Base(input)
	for _, suffixes := range [][]string{{".gz", ".zst"}, {".trace", ".out"}} {
		for _, s := range suffixes {
			if stem, ok := strings.CutSuffix(name, s); ok && stem != "" {
				name = stem
				break
			}
		}
	}
	return name
}

// displayName returns the name of an input in messages and reports: a URL's has
// no secrets.
func displayName(input string) string {
	switch {
	case input == stdio:
		return "stdin"
	case hasScheme.MatchString(input):
		return displayURL(input)
	}
	return input
}
