package otlp

import (
	"strconv"

	"github.com/trace2otel/trace2otel/convert"
)

// stackTable has the stacks defined so far, and what spans say of them, encoded,
// once needed: most spans share their stack with others, and it is most of them.
type stackTable struct {
	enc    encoder
	stacks []stackText // by StackID
	buf    []byte      // scratch
}

type stackText struct {
	frames []convert.Frame
	leaf   *attr // an attrEncoded, with frame 0 told apart; nil: not needed yet
	caller *attr // the same, with the frame at site told apart

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
	encoded := &st.leaf
	if at > 0 {
		encoded = &st.caller
	}
	if *encoded == nil {
		*encoded = t.encode(st.attrs(at))
	}
	s.stack, s.site = st, at
	s.attrs = append(s.attrs, **encoded)
}

// attrs returns the attributes of a stack, with the frame at told apart.
func (st *stackText) attrs(at int) [4]attr {
	f := &st.frames[at]
	return [...]attr{
		{key: attrFunction, text: utf8Text(f.Func)},
		{key: attrFile, text: utf8Text(f.File)},
		{key: attrLine, kind: attrInt, num: int64(f.Line)},
		{key: attrStack, text: stackString(st.frames)},
	}
}

// encode makes one attribute of several.
func (t *stackTable) encode(attrs [4]attr) *attr {
	t.buf = t.buf[:0]
	size := 0
	for i := range attrs {
		t.buf = t.enc.attr(t.buf, &attrs[i])
		size += attrs[i].size()
	}
	return &attr{kind: attrEncoded, num: int64(size), text: string(t.buf)}
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

// stackString writes a stack as runtime/debug.Stack does, and says so if it
// cuts it.
func stackString(frames []convert.Frame) string {
	b := make([]byte, 0, maxStackText+32)
	for i := range frames {
		f := &frames[i]
		end := len(b)
		b = append(b, f.Func...)
		b = append(b, "\n\t"...)
		b = append(b, f.File...)
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(f.Line), 10)
		b = append(b, '\n')
		if len(b) > maxStackText {
			b = append(b[:end], "... "...)
			b = strconv.AppendInt(b, int64(len(frames)-i), 10)
			b = append(b, " more frames\n"...)
			break
		}
	}
	return utf8Text(string(b))
}
