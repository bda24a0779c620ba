package meaning

import "strings"

// A Class says whose goroutine it is. The zero Class is [UnknownClass].
type Class uint8

// Classes, in the order in which one replaces another: see [Class.With].
const (
	UnknownClass Class = iota // no stack of it is known
	RuntimeClass              // the runtime's own: GC workers, the scavenger, idle finalizers
	TracerClass               // the execution tracer's or the CPU profiler's own
	ProgramClass              // the program's, the standard library's included
)

var classWords = [...]string{"unknown", "runtime", "tracer", "program"}

// String returns the class in a word: unknown, runtime, tracer or program.
func (c Class) String() string { return classWords[c] }

// With returns the class of a goroutine of class c that has one more stack, of
// class d. A goroutine of finalizers is the runtime's until one of its stacks
// shows a function of the program.
func (c Class) With(d Class) Class { return max(c, d) }

// roots are the roots whose class the package does not tell. Frames do not
// matter: a reader of traces runs the writer given to trace.Start (280 of 351
// readers), and an iterator may have no frame of its own (140 of 158).
var roots = map[string]Class{
	"runtime.main": ProgramClass,

	"runtime.corostart":   ProgramClass, // body of an iter.Pull, 158 goroutines
	"runtime.cgocallback": ProgramClass, // a C thread that calls Go, 59
	"runtime.handleEvent": ProgramClass, // js.FuncOf, 2.3 s running

	"runtime/trace.Start.func1":                           TracerClass, // to Go 1.24
	"runtime/trace.(*traceMultiplexer).startLocked.func1": TracerClass, // Go 1.25 and later, flight recorders alike
	"runtime.(*traceAdvancerState).start.func1":           TracerClass,
	"runtime.traceStartReadCPU.func1":                     TracerClass,
	"runtime/pprof.profileWriter":                         TracerClass,
}

// finalizerRoots run the program's finalizers and cleanups: such a goroutine is
// the program's if a stack has a frame of the program (4 of 387).
var finalizerRoots = map[string]bool{
	"runtime.runFinalizers": true, // Go 1.25 and later
	"runtime.runfinq":       true, // to Go 1.24
	"runtime.runCleanups":   true, // Go 1.25 and later
}

// mapCleanup begins the roots that clean package unique's maps: the number of
// the closure differs by version.
const mapCleanup = "runtime.unique_runtime_registerUniqueMapCleanup."

// isFinalizer reports whether root runs finalizers or cleanups.
func isFinalizer(root string) bool {
	return finalizerRoots[root] || strings.HasPrefix(root, mapCleanup)
}

// sampleRoots are the roots of stacks of CPU samples, which go further than the
// goroutine's start function. They say nothing of a goroutine.
var sampleRoots = map[string]bool{
	"runtime.goexit":      true,
	"runtime.systemstack": true,
	"runtime.mcall":       true,
	"runtime.mstart":      true, // read
	"runtime.mstart1":     true, // read
}

// classOf returns the class of a goroutine with this root, whose stack has a
// frame of the program or not. Frames decide for finalizers only.
func classOf(root string, program bool) Class {
	if c, ok := roots[root]; ok {
		return c
	}
	switch {
	case root == "":
		return UnknownClass
	case isFinalizer(root) && program:
		return ProgramClass
	case strings.HasPrefix(root, "runtime."):
		return RuntimeClass
	}
	return ProgramClass
}
