package meaning

import "strings"

// Facts is what one stack says, whatever goroutine it is of. They refer to the
// strings of its frames, not to the frames themselves.
type Facts struct {
	Root  string // the start function as traces have it, "" if there is none
	Class Class  // what this stack makes of its goroutine's class

	// Start is the function that the goroutine was begun for, as far as this
	// stack shows: the frame below the wrappers, or the root.
	Start Frame

	// Site is where a wait with this stack is, in the program.
	Site Site

	export  string // the function that C calls, "" if none does
	wrapped bool   // the root is a wrapper
	below   bool   // Start stands below it
	pull    Frame  // the caller of iter.Pull, if that is the leaf

	family  family // of the reasons that refined holds for
	refined Cause  // the cause by frames
	plain   Cause  // the cause of the operation alone, if no reason is given
	advance bool   // the tracer begins a generation
	system  Cause  // the cause of a system call
	input   input  // how Start waits for its next input, if it does itself
	idle    string // why such a wait is idle, "" if it is not
	idles   idleKind
	own     bool // the idle sentence is a team's own

	waking    Waking // what a goroutine that this stack wakes is to know
	wakeCause Cause  // what such a goroutine waited for
	isTest    bool

	packages   []string // of the innermost frames of the program, each differs from the one before
	callee     Frame    // the frame that Start calls, of the program, for Unknown
	startWaits bool     // Start waits itself: all that it calls is std
	known      bool     // the tables decide on Start
}

// Wrapped reports whether the root is a known wrapper, and whether the stack
// shows the function below it.
func (f *Facts) Wrapped() (wrapped, below bool) { return f.wrapped, f.below }

// Facts returns what a stack, leaf first, says. It takes some µs: call it once
// for a distinct stack. std learns from the frames.
func (t *Tables) Facts(frames []Frame, std *Std) *Facts {
	f := new(Facts)
	for _, x := range frames {
		std.Learn(x)
	}
	frames = trimRoot(frames)
	if len(frames) == 0 {
		return f
	}
	root := matchName(frames[len(frames)-1].Func)
	f.Root = root
	program := false
	for _, x := range frames {
		program = program || !std.Is(x)
		f.advance = f.advance || x.Func == "runtime.traceAdvance"
	}
	f.Class = classOf(root, program)
	if sampleRoots[root] {
		f.Root, f.Class = "", UnknownClass
	}

	start, wrapped, below := t.start(frames, std)
	f.wrapped, f.below, f.Start = wrapped, below, frames[start]
	if root == cgocallback {
		f.export = exported(frames)
	}
	if x := matchName(frames[0].Func); len(frames) > 1 && strings.HasPrefix(x, "iter.Pull") {
		f.pull = frames[1]
	}

	leaf := f.leaf(frames, std)
	f.Site = t.site(frames, leaf, std)
	f.system = systemCause(frames)
	f.isTest = strings.HasPrefix(root, "testing.")
	f.findInput(frames, leaf, start)
	f.findIdle(t, frames, leaf, std)
	f.findWaking(frames)
	f.findStart(t, frames, start, std)
	return f
}

// trimRoot cuts frames without a name from the root's end, which say nothing.
func trimRoot(frames []Frame) []Frame {
	for len(frames) > 0 && frames[len(frames)-1].Func == "" {
		frames = frames[:len(frames)-1]
	}
	return frames
}
