//go:build unix && !solaris && !aix

package main

import (
	"errors"
	"os"
	"syscall"
)

// canLock says that lock locks files, at least on most file systems.
const canLock = true

// lock locks a file until it is closed, which the end of the process does too. It
// is busy if somebody else has locked it.
func lock(f *os.File) (locked, busy bool) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return err == nil, errors.Is(err, syscall.EWOULDBLOCK)
}
