package main

import (
	"os"
	"path/filepath"
)

// removeStray removes the temporary files in dir that a process left behind
// which could not remove them: by SIGKILL, say. Those of processes that live
// are locked.
func removeStray(dir string) {
	if !canLock {
		return
	}
	left, _ := filepath.Glob(filepath.Join(escapedGlob(dir), temporaryPattern))
	for _, name := range left {
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
			continue // it is gone, or no file of ours
		}
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue // likewise
		}
		if locked, _ := lock(f); locked && isFile(name, f) {
			os.Remove(name)
		}
		f.Close()
	}
}

// isFile reports whether a file has the name.
func isFile(name string, f *os.File) bool {
	there, err := os.Lstat(name)
	if err != nil {
		return false
	}
	info, err := f.Stat()
	return err == nil && os.SameFile(there, info)
}

// escapedGlob returns the pattern that matches a path alone.
func escapedGlob(path string) string {
	var b []byte
	for i := range len(path) {
		switch path[i] {
		case '*', '?', '[', '\\':
			b = append(b, '\\')
		}
		b = append(b, path[i])
	}
	return string(b)
}
