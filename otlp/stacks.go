package otlp

import (
	"strconv"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
)

// stackTable has the stacks defined so far, and their texts once needed.
type stackTable struct {
	stacks []stackText // by StackID
}

type stackText struct {
	frames []convert.Frame
	text   string

	known  bool // of what follows: whether it was looked up
	source source
	site   int // the frame that called into source
}

func (t *stackTable) define(s *convert.Stack) {
	for int(s.ID) >= len(t.stacks) {
		t.stacks = append(t.stacks, stackText{})
	}
	t.stacks[s.ID] = stackText{frames: s.Frames}
}

// maxStackText bounds the text of a stack: back ends cut attributes, Tempo at
// 2,048 bytes.
const maxStackText = 2000

// of returns a stack, or nil if it has no frames.
func (t *stackTable) of(id convert.StackID) *stackText {
	if id == 0 || int(id) >= len(t.stacks) || len(t.stacks[id].frames) == 0 {
		return nil
	}
	return &t.stacks[id]
}

// stack adds the attributes of a stack: its text, and where its leaf is.
func (t *stackTable) stack(s *span, id convert.StackID) { t.add(s, t.of(id), 0) }

// site adds the attributes of the stack at which a task began. Of tasks that a
// library began, the frame told apart is that which called the library.
func (t *stackTable) site(s *span, id convert.StackID, from source) {
	st := t.of(id)
	if st != nil && st.source != sourceNone && st.source == from {
		t.add(s, st, st.site)
		return
	}
	t.add(s, st, 0)
}

func (t *stackTable) add(s *span, st *stackText, at int) {
	if st == nil {
		return
	}
	if st.text == "" {
		st.text = stackString(st.frames)
	}
	f := &st.frames[at]
	s.text(attrFunction, f.Func)
	s.text(attrFile, f.File)
	s.int(attrLine, int64(f.Line))
	s.word(attrStack, st.text)
}

// source returns the library that began a task at a stack.
func (t *stackTable) source(id convert.StackID) source {
	st := t.of(id)
	if st == nil {
		return sourceNone
	}
	if !st.known {
		st.known = true
		st.source, st.site = sourceOf(st.frames)
	}
	return st.source
}

// maxFrames is how many frames the runtime writes of a stack at the most: the
// root of a stack with so many may be missing (runtime/trace.go).
const maxFrames = 128

// root returns the function at the root of a stack, its goroutine's start
// function, or nothing if the stack does not tell.
func (t *stackTable) root(id convert.StackID) string {
	st := t.of(id)
	if st == nil || len(st.frames) >= maxFrames {
		return ""
	}
	return st.frames[len(st.frames)-1].Func
}

// stackString writes a stack as runtime/debug.Stack does, and says so if it
// cuts it.
func stackString(frames []convert.Frame) string {
	var b strings.Builder
	for i, f := range frames {
		text := f.Func + "\n\t" + f.File + ":" + strconv.Itoa(f.Line) + "\n"
		if b.Len()+len(text) > maxStackText {
			b.WriteString("... " + strconv.Itoa(len(frames)-i) + " more frames\n")
			break
		}
		b.WriteString(text)
	}
	return utf8Text(b.String())
}
