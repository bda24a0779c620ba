// Package firstgc puts off the first garbage collection of a process.
//
// The runtime begins to collect at 4 MB of heap. A process that reads one short
// trace gets there when it is nearly done: it collects once or twice, for what
// converting some ten thousand events takes, and ends.
package firstgc

import (
	"os"
	"runtime"
	"runtime/debug"
)

// runtimeLeast is the heap, in bytes, at which the runtime begins to collect,
// if GOGC is 100 (mgcpacer.go: defaultHeapMinimum).
const runtimeLeast = 4 << 20

// Usual is a heap, in bytes, that most conversions of a few megabytes never
// reach: what the command and the benchmark have [At] take.
const Usual = 16 << 20

// At has the first collection begin at a heap of n bytes, later ones as usual.
// It does nothing where the environment says when to collect, by GOGC or
// GOMEMLIMIT.
func At(n int) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	usual := debug.SetGCPercent(100 * n / runtimeLeast)
	// The first collection finds that nobody needs this any more.
	runtime.AddCleanup(new(*int), func(percent int) { debug.SetGCPercent(percent) }, usual)
}
