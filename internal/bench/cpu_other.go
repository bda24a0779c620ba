//go:build !unix

package main

import "time"

var started = time.Now()

// cpuTime stands in where CPU time cannot be asked for: the CPU column then
// shows wall time.
func cpuTime() time.Duration { return time.Since(started) }
