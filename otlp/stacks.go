package otlp

import (
	"slices"
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

// stack adds the attributes of a stack: its text, and where its leaf is.
func (t *stackTable) stack(s *span, id convert.StackID) {
	if id == 0 || int(id) >= len(t.stacks) || len(t.stacks[id].frames) == 0 {
		return
	}
	st := &t.stacks[id]
	if st.text == "" {
		st.text = stackString(st.frames)
	}
	leaf := &st.frames[0]
	s.text(attrFunction, leaf.Func)
	s.text(attrFile, leaf.File)
	s.int(attrLine, int64(leaf.Line))
	s.text(attrStack, st.text)
}

// otelTaskFunction is what begins a task in the OpenTelemetry SDK, for each
// span that is recorded; otelStart, above it, is called by who starts the span
// (go.opentelemetry.io/otel/sdk/trace: span.go, tracer.go).
const (
	otelTaskFunction = "go.opentelemetry.io/otel/sdk/trace.(*recordingSpan).runtimeTrace"
	otelStart        = "go.opentelemetry.io/otel/sdk/trace.(*tracer).Start"
)

// calls reports whether a function is on a stack.
func (t *stackTable) calls(id convert.StackID, function string) bool {
	if int(id) >= len(t.stacks) {
		return false
	}
	return slices.ContainsFunc(t.stacks[id].frames, func(f convert.Frame) bool { return f.Func == function })
}

// task adds the attributes of the stack of a task. One that an SDK began comes
// from where the SDK was called.
func (t *stackTable) task(s *span, id convert.StackID, source string) {
	t.stack(s, id)
	if source != sourceOTel {
		return
	}
	frames := t.stacks[id].frames
	for i := range frames[:len(frames)-1] {
		if frames[i].Func == otelStart {
			s.set(attrFunction, attr{kind: attrText, text: utf8Text(frames[i+1].Func)})
			s.set(attrFile, attr{kind: attrText, text: utf8Text(frames[i+1].File)})
			s.set(attrLine, attr{kind: attrInt, num: int64(frames[i+1].Line)})
		}
	}
}

// root returns the function at the root of a stack: its goroutine's start
// function.
func (t *stackTable) root(id convert.StackID) string {
	if int(id) >= len(t.stacks) || len(t.stacks[id].frames) == 0 {
		return ""
	}
	frames := t.stacks[id].frames
	return frames[len(frames)-1].Func
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
