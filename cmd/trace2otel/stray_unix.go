//go:build unix && !solaris && !aix

package main

import (
	"os"
	"syscall"
)

// lock locks a file until it is closed, which the end of the process does too.
// It reports false if it is locked already.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
