package sinktest

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// A Printer is a sink that writes records as text, a line to each:
//
//	stack 1: main.recv main.go:10 < main.main main.go:5
//	100 G1 begin waiting "chan receive" prev=running stack=1
//	350 G1 end waiting "chan receive" start=100 dur=250ns stack=1 by=G7
//
// That is: the time; whom it is about (G, P, or "-" for nobody); begin, end or
// nothing; the kind, or of a state the state itself; and what else the record
// has. Absent ids, zeros, and times that follow from others are left out, and
// so is the previous state from Ends. The state "syscall" has its P; a "call"
// is a whole system call. [Parse] reads the text back.
type Printer struct {
	W io.Writer

	// Stacks defines each stack before the line that uses it first.
	Stacks bool

	// Keep says which records to print; all if nil.
	Keep func(r *convert.Record) bool

	stacks  []convert.Stack // by id−1
	defined []bool
	buf     []byte
}

// Begin prints nothing.
func (p *Printer) Begin(*convert.Trace) error { return nil }

// Consume prints the records of b.
func (p *Printer) Consume(b *convert.Batch) error {
	p.stacks = append(p.stacks, b.Stacks...)
	p.buf = p.buf[:0]
	for i := range b.Records {
		r := &b.Records[i]
		if p.Keep != nil && !p.Keep(r) {
			continue
		}
		if p.Stacks {
			p.define(r.Stack)
			p.define(r.ByStack)
			p.define(r.EndStack)
		}
		p.buf = appendRecord(p.buf, r)
	}
	_, err := p.W.Write(p.buf)
	return err
}

// Finish prints nothing.
func (p *Printer) Finish(*convert.Summary) error { return nil }

// define prints the definition of a stack, once.
func (p *Printer) define(id convert.StackID) {
	if id == 0 {
		return
	}
	for len(p.defined) < int(id) {
		p.defined = append(p.defined, false)
	}
	if p.defined[id-1] {
		return
	}
	p.defined[id-1] = true
	for i := range p.stacks {
		if p.stacks[i].ID == id {
			p.buf = appendStack(p.buf, &p.stacks[i])
			return
		}
	}
	p.buf = append(p.buf, "stack "...)
	p.buf = strconv.AppendUint(p.buf, uint64(id), 10)
	p.buf = append(p.buf, " is not defined\n"...)
}

// appendStack appends the line that defines s.
func appendStack(b []byte, s *convert.Stack) []byte {
	b = append(b, "stack "...)
	b = strconv.AppendUint(b, uint64(s.ID), 10)
	b = append(b, ':')
	for i, f := range s.Frames {
		if i > 0 {
			b = append(b, " <"...)
		}
		b = append(b, ' ')
		b = appendWord(b, f.Func)
		b = append(b, ' ')
		b = appendWord(b, f.File+":"+strconv.Itoa(f.Line))
	}
	return append(b, '\n')
}

// appendWord appends s, quoted if it would not read as one word.
func appendWord(b []byte, s string) []byte {
	plain := s != "" && s != "<" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c == '"' || c >= 0x7f
	})
	if plain {
		return append(b, s...)
	}
	return strconv.AppendQuote(b, s)
}

// appendRecord appends the line of r.
func appendRecord(b []byte, r *convert.Record) []byte {
	word, of := kindOf(r.Kind)
	b = strconv.AppendInt(b, int64(r.Time), 10)
	switch {
	case of == ofG && r.G != convert.NoGoroutine:
		b = appendID(b, " G", int64(r.G))
	case of == ofP && r.P != convert.NoProc:
		b = appendID(b, " P", int64(r.P))
	default:
		b = append(b, " -"...)
	}

	switch r.Phase {
	case convert.Begin:
		b = append(b, " begin"...)
	case convert.End:
		b = append(b, " end"...)
	}
	if r.Kind == convert.KindState || r.Kind == convert.KindProc {
		word = stateOf(r.State)
	}
	b = append(append(b, ' '), word...)
	if r.Name != "" {
		b = strconv.AppendQuote(append(b, ' '), r.Name)
	}
	if r.Text != "" {
		b = strconv.AppendQuote(append(b, " text="...), r.Text)
	}

	if of != ofG && r.G != convert.NoGoroutine {
		b = appendID(b, " G", int64(r.G))
	}
	if of != ofP && r.P != convert.NoProc {
		b = appendID(b, " P", int64(r.P))
	}
	if r.M != convert.NoThread {
		b = appendID(b, " M", int64(r.M))
	}
	if r.Phase == convert.Begin && r.Prev != convert.StateNone {
		b = append(append(b, " prev="...), stateOf(r.Prev)...)
	}
	b = appendFields(b, r)
	return append(b, '\n')
}

func appendFields(b []byte, r *convert.Record) []byte {
	for i := range fields {
		f := &fields[i]
		if !f.show(r) {
			continue
		}
		b = append(append(append(b, ' '), f.key...), '=')
		if f.key == "by" {
			b = append(b, 'G')
		}
		b = strconv.AppendInt(b, f.get(r), 10)
		if f.key == "start" && r.Phase == convert.End {
			b = append(append(b, " dur="...), durationText(r.Duration())...)
		}
	}
	if c, ok := r.Clock(); ok {
		b = appendID(b, " clock=", int64(c.Trace))
		b = appendID(b, "/", c.Rate)
		b = appendID(b, "/", c.Wall)
	}
	for _, f := range flags {
		if r.Flags&f.flag != 0 {
			b = append(append(b, ' '), f.word...)
		}
	}
	return b
}

func appendID(b []byte, prefix string, id int64) []byte {
	return strconv.AppendInt(append(b, prefix...), id, 10)
}

func durationText(d time.Duration) string {
	if d == 0 {
		return "0ns"
	}
	return d.String()
}
