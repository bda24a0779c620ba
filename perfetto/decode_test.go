package perfetto_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// print returns a Perfetto file as text, a line to each packet that says
// something by itself, so that stories can be compared. It resolves interned
// strings and stacks, and times given as differences.
//
//	track 4: process 2000000003 "main.worker"
//	track 5: thread 2000000003/7 "goroutine"
//	+100 thread 7: running on 0
//	+300 track 5: begin wait "chan receive" stack=main.worker<runtime.chanrecv1
//	+350 track 5: end waker=1
//	+350 track 1: counter 1, track 3: 0
//
// A "!" instead of "+" is before a time that was given in full, a "<" before one
// that counts from the trace's start.
func printFile(t *testing.T, file []byte) string {
	p := printer{
		t:       t,
		strings: make(map[protowire.Number]map[uint64]string),
		frames:  make(map[uint64]string),
		stacks:  make(map[uint64]string),
		clocks:  make(map[uint64]uint64),
	}
	for _, f := range p.parse(file) {
		if f.num != 1 {
			t.Fatalf("field %d in Trace", f.num)
		}
		p.packet(p.parse(f.bytes))
	}
	return p.out.String()
}

type printer struct {
	t       *testing.T
	out     strings.Builder
	strings map[protowire.Number]map[uint64]string // by field of InternedData
	frames  map[uint64]string
	stacks  map[uint64]string
	clocks  map[uint64]uint64
	start   uint64 // of the trace
}

// A field is one of a message; num is its number.
type field struct {
	num   protowire.Number
	value uint64
	bytes []byte
}

type message []field

func (p *printer) parse(b []byte) message {
	p.t.Helper()
	var m message
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			p.t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		f := field{num: num}
		switch typ {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			f.value, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			p.t.Fatalf("field %d has wire type %d", num, typ)
		}
		if n < 0 {
			p.t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		m = append(m, f)
	}
	return m
}

func (m message) has(num protowire.Number) bool {
	return slices.ContainsFunc(m, func(f field) bool { return f.num == num })
}

func (m message) value(num protowire.Number) uint64 {
	for _, f := range m {
		if f.num == num {
			return f.value
		}
	}
	return 0
}

func (m message) text(num protowire.Number) string {
	for _, f := range m {
		if f.num == num {
			return string(f.bytes)
		}
	}
	return ""
}

func (p *printer) packet(m message) {
	if m.value(10) != 1 {
		p.t.Error("a packet is on no sequence")
	}
	at := ""
	if m.has(8) && !m.has(6) {
		switch id := m.value(58); id {
		case 3:
			at = fmt.Sprintf("!%d ", m.value(8))
		case 66:
			at = fmt.Sprintf("<%d ", p.start+m.value(8))
		default:
			if id == 0 {
				id = 64
			}
			p.clocks[id] += m.value(8)
			at = fmt.Sprintf("+%d ", p.clocks[id])
		}
	}
	for _, f := range m {
		switch f.num {
		case 12:
			p.intern(p.parse(f.bytes))
		}
	}
	for _, f := range m {
		switch f.num {
		case 8, 10, 12, 13, 58, 59, 87, 89: // time, sequence, strings, defaults, uuid
		case 6:
			p.clock(p.parse(f.bytes))
		case 11:
			p.event(at, p.parse(f.bytes))
		case 60:
			p.track(p.parse(f.bytes))
		case 66:
			s := p.parse(f.bytes)
			fmt.Fprintf(&p.out, "%sthread %d/%d: sample on %d stack=%s\n", at, s.value(2), s.value(3), s.value(1), p.stacks[s.value(4)])
		case 117:
			s := p.parse(f.bytes)
			state := []string{"unknown", "created", "runnable", "running", "S", "D", "stopped", "dead", "destroyed"}[s.value(4)]
			fmt.Fprintf(&p.out, "%sthread %d: %s on %d\n", at, int64(s.value(3)), state, s.value(1))
		case 126:
			for _, a := range p.parse(f.bytes) {
				a := p.parse(a.bytes)
				value := fmt.Sprint(int64(a.value(2)))
				if a.has(3) {
					value = fmt.Sprintf("%q", a.text(3))
				}
				fmt.Fprintf(&p.out, "attribute %s=%s\n", a.text(1), value)
			}
		default:
			p.t.Errorf("field %d in TracePacket", f.num)
		}
	}
}

func (p *printer) intern(m message) {
	for _, f := range m {
		e := p.parse(f.bytes)
		id := e.value(1)
		switch f.num {
		case 6: // frames
			p.frames[id] = p.strings[5][e.value(2)] + ":" + fmt.Sprint(e.value(6))
			if _, ok := p.strings[18][e.value(5)]; !ok {
				p.t.Errorf("frame %d has no file", id)
			}
		case 7: // callstacks
			var frames []string
			for _, f := range e {
				if f.num == 2 {
					frames = append(frames, p.frames[f.value])
				}
			}
			p.stacks[id] = strings.Join(frames, "<")
		default:
			if p.strings[f.num] == nil {
				p.strings[f.num] = make(map[uint64]string)
			}
			p.strings[f.num][id] = e.text(2)
		}
	}
}

func (p *printer) clock(m message) {
	p.out.WriteString("clocks:")
	for _, f := range m {
		if f.num == 1 {
			c := p.parse(f.bytes)
			fmt.Fprintf(&p.out, " %d=%d", c.value(1), c.value(2))
			if c.value(3) != 0 {
				p.clocks[c.value(1)] = c.value(2)
			}
			if c.value(1) == 64 {
				p.start = c.value(2)
			}
		}
	}
	p.out.WriteByte('\n')
}

func (p *printer) track(m message) {
	fmt.Fprintf(&p.out, "track %d:", m.value(1))
	for _, f := range m {
		in := message{}
		if f.bytes != nil && f.num != 2 && f.num != 14 {
			in = p.parse(f.bytes)
		}
		switch f.num {
		case 1:
		case 2:
			fmt.Fprintf(&p.out, " %q", f.bytes)
		case 3:
			fmt.Fprintf(&p.out, " process %d %q", in.value(1), in.text(6))
		case 4:
			fmt.Fprintf(&p.out, " thread %d/%d %q", in.value(1), in.value(2), in.text(5))
		case 5:
			fmt.Fprintf(&p.out, " in %d", f.value)
		case 8:
			fmt.Fprintf(&p.out, " counter unit=%s", cmp.Or(in.text(6), map[uint64]string{3: "bytes"}[in.value(3)]))
			if in.value(5) != 0 {
				p.out.WriteString(" of differences")
			}
		case 14:
			fmt.Fprintf(&p.out, " (%s)", f.bytes)
		case 15:
			p.out.WriteString(map[uint64]string{2: " apart", 3: ""}[f.value])
		case 17:
			fmt.Fprintf(&p.out, " row %d", f.value)
		default:
			p.t.Errorf("field %d in TrackDescriptor", f.num)
		}
	}
	p.out.WriteByte('\n')
}

func (p *printer) event(at string, m message) {
	typ := []string{"", "begin", "end", "instant", "counter"}[m.value(9)]
	fmt.Fprintf(&p.out, "%strack %d: %s", at, m.value(11), typ)
	var extra []uint64
	for _, f := range m {
		switch f.num {
		case 9, 11:
		case 3:
			p.out.WriteString(" " + p.interned(1, f.value))
		case 10:
			fmt.Fprintf(&p.out, " %q", p.interned(2, f.value))
		case 23:
			fmt.Fprintf(&p.out, " inline %q", f.bytes)
		case 56:
			fmt.Fprintf(&p.out, " stack=%s", p.stacks[f.value])
		case 47:
			fmt.Fprintf(&p.out, " flow=%d", f.value)
		case 48:
			fmt.Fprintf(&p.out, " flow-ends=%d", f.value)
		case 52:
			fmt.Fprintf(&p.out, " correlation=%d", f.value)
		case 30:
			fmt.Fprintf(&p.out, " %d", int64(f.value))
		case 31:
			extra = append(extra, f.value)
		case 12:
			fmt.Fprintf(&p.out, ", track %d: %d", extra[0], int64(f.value))
			extra = extra[1:]
		case 4:
			a := p.parse(f.bytes)
			fmt.Fprintf(&p.out, " %s=", p.interned(3, a.value(1)))
			switch {
			case a.has(6):
				fmt.Fprintf(&p.out, "%q", a.text(6))
			case a.has(4):
				fmt.Fprint(&p.out, int64(a.value(4)))
			default:
				fmt.Fprint(&p.out, a.value(2) != 0)
			}
		default:
			p.t.Errorf("field %d in TrackEvent", f.num)
		}
	}
	p.out.WriteByte('\n')
}

func (p *printer) interned(field protowire.Number, id uint64) string {
	s, ok := p.strings[field][id]
	if !ok {
		p.t.Errorf("string %d of kind %d is not defined", id, field)
	}
	return s
}
