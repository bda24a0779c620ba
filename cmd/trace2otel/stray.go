package main

import (
	"os"
	"path/filepath"
)

// removeStray removes the temporary files in dir that a process left behind
// which could not remove them: by SIGKILL, say. Those of processes that live
// are locked.
func removeStray(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, temporaryPattern))
	for _, name := range left {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue // it is gone, or not ours
		}
		if lock(f) {
			os.Remove(name)
		}
		f.Close()
	}
}
