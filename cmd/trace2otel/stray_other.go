//go:build !unix || solaris || aix

package main

import "os"

// canLock says that lock locks nothing: whether another process has a file open
// cannot be told here, so nothing is taken for stray.
const canLock = false

func lock(*os.File) (locked, busy bool) { return false, false }
