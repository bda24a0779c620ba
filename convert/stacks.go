package convert

import "strings"

// stacks gives stacks their ids, and knows of each what the engine asks for. It
// grows with the number of distinct stacks.
type stacks struct {
	roots []string // start function of each stack; [0] is of no stack
	sites []Frame  // where each stack called runtime/trace, or its leaf; [0] is of no stack
	fresh []Stack  // not yet put into a batch
}

func newStacks() *stacks {
	return &stacks{roots: make([]string, 1), sites: make([]Frame, 1)}
}

// add returns the id of a stack that is none of those before. It keeps frames.
func (s *stacks) add(frames []Frame) StackID {
	id := StackID(len(s.roots))
	s.roots = append(s.roots, rootOf(frames))
	s.sites = append(s.sites, annotated(frames))
	s.fresh = append(s.fresh, Stack{ID: id, Frames: frames})
	return id
}

// maxFrames is how many frames the runtime writes of a stack at the most: the root
// of a stack with so many may be missing (runtime/trace.go).
const maxFrames = 128

// rootOf returns the function at the root of a stack, "" if there may be others
// below.
func rootOf(frames []Frame) string {
	if len(frames) == 0 || len(frames) >= maxFrames {
		return ""
	}
	return frames[len(frames)-1].Func
}

// root returns the function at the root of a stack: of a goroutine's, its
// start function.
func (s *stacks) root(id StackID) string { return s.roots[id] }

// site returns the frame of an annotation's stack that called runtime/trace; of
// id 0, a zero one.
func (s *stacks) site(id StackID) Frame { return s.sites[id] }

// annotated returns the innermost frame outside of runtime/trace.
func annotated(frames []Frame) Frame {
	i := 0
	for i < len(frames)-1 && strings.HasPrefix(frames[i].Func, "runtime/trace.") {
		i++
	}
	return frames[i]
}
