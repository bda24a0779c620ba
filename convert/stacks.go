package convert

import (
	"encoding/binary"
	"strings"
)

// stacks gives stacks their ids, by content: the same functions, files and
// lines, whatever table or generation of the trace they come from. It grows
// with the number of distinct stacks.
type stacks struct {
	frames map[Frame]uint32
	ids    map[string]StackID // by the numbers of the frames
	roots  []string           // start function of each stack; [0] is of no stack
	sites  []Frame            // where each stack called runtime/trace, or its leaf; [0] is of no stack
	fresh  []Stack            // not yet put into a batch
	key    []byte             // scratch
}

func newStacks() *stacks {
	return &stacks{
		frames: make(map[Frame]uint32),
		ids:    make(map[string]StackID),
		roots:  make([]string, 1),
		sites:  make([]Frame, 1),
	}
}

// intern returns the id of a stack, leaf first. It copies frames if the stack
// is new.
func (s *stacks) intern(frames []Frame) StackID {
	if len(frames) == 0 {
		return 0
	}
	s.key = s.key[:0]
	for _, f := range frames {
		n, ok := s.frames[f]
		if !ok {
			n = uint32(len(s.frames))
			s.frames[f] = n
		}
		s.key = binary.LittleEndian.AppendUint32(s.key, n)
	}
	id, ok := s.ids[string(s.key)]
	if !ok {
		id = s.add(append([]Frame(nil), frames...))
		s.ids[string(s.key)] = id
	}
	return id
}

// add returns the id of a stack that is none of those before. It keeps frames.
func (s *stacks) add(frames []Frame) StackID {
	id := StackID(len(s.roots))
	s.roots = append(s.roots, frames[len(frames)-1].Func)
	s.sites = append(s.sites, annotated(frames))
	s.fresh = append(s.fresh, Stack{ID: id, Frames: frames})
	return id
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
