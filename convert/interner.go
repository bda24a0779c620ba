package convert

import "encoding/binary"

// An interner numbers stacks by content: the same functions, files and lines,
// whatever table or generation of the trace they come from. It grows with the
// number of distinct stacks. A stack gets its StackID when an event that has it is
// told, since ids are in that order; until then, events have its number.
type interner struct {
	stacks *stacks
	frames map[Frame]uint32
	nums   map[string]StackID // by the numbers of the frames
	all    []internedStack    // by number; [0] is of no stack
	key    []byte             // scratch
}

type internedStack struct {
	frames []Frame
	id     StackID // 0: it was not told yet
}

func newInterner(s *stacks) *interner {
	return &interner{stacks: s, frames: make(map[Frame]uint32), nums: make(map[string]StackID), all: make([]internedStack, 1)}
}

// intern returns the number of a stack, leaf first. It copies frames if the stack
// is new.
func (in *interner) intern(frames []Frame) StackID {
	if len(frames) == 0 {
		return 0
	}
	in.key = in.key[:0]
	for _, f := range frames {
		n, ok := in.frames[f]
		if !ok {
			n = uint32(len(in.frames))
			in.frames[f] = n
		}
		in.key = binary.LittleEndian.AppendUint32(in.key, n)
	}
	num, ok := in.nums[string(in.key)]
	if !ok {
		num = StackID(len(in.all))
		in.all = append(in.all, internedStack{frames: append([]Frame(nil), frames...)})
		in.nums[string(in.key)] = num
	}
	return num
}

// root returns the function at the root of a stack, "" of none.
func (in *interner) root(num StackID) string { return rootOf(in.all[num].frames) }

// tell gives ev the ids of its stacks in place of their numbers.
func (in *interner) tell(ev *event) {
	switch ev.kind {
	case evProc, evMetric, evLabel, evSync, evEnd, evOther:
		return // what their fields hold is no stack
	case evGoroutine:
		ev.own = in.id(ev.own)
	}
	ev.stack = in.id(ev.stack)
}

func (in *interner) id(num StackID) StackID {
	s := &in.all[num]
	if s.id == 0 && num != 0 {
		s.id = in.stacks.add(s.frames)
	}
	return s.id
}
