//go:build !unix

package gotrace_test

import "time"

var begun = time.Now()

// cpu returns the time that has passed: there is no CPU time to be had.
func cpu() time.Duration { return time.Since(begun) }
