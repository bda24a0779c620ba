package main

import (
	"path/filepath"
	"testing"
)

func TestBaseName(t *testing.T) {
	for input, want := range map[string]string{
		"-":                           "stdin",
		"x":                           "x",
		"x.trace":                     "x",
		"x.out":                       "x",
		"x.trace.gz":                  "x",
		"x.out.zst":                   "x",
		"x.zst":                       "x",
		"x.trace.trace":               "x.trace",
		"x.gz.trace":                  "x.gz",
		"x.gz.zst":                    "x.gz",
		"x.out.trace":                 "x.out",
		"x.pftrace":                   "x.pftrace",
		"go1.26.trace":                "go1.26",
		".trace":                      ".trace",
		".gz":                         ".gz",
		".trace.gz":                   ".trace",
		"-.trace":                     "-",
		filepath.Join("a", "x.out"):   "x",
		filepath.Join("a.trace", "x"): "x",
	} {
		if got := baseName(input); got != want {
			t.Errorf("baseName(%q) = %q, want %q", input, got, want)
		}
	}
}
