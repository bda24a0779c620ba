package convert

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// RunStory passes events, written as text, through the engine to sinks. A line
// is an event:
//
//	time context: what
//
// The context is the acting G, P and M, each optional: "100 G7 P1 M2: …". What
// happened is one of
//
//	sync [clock=TRACE/WALL]           a generation begins, with a reading
//	G1 Running->Waiting "chan receive" at main.worker<main.main
//	G2 NotExist->Runnable at main.f by main.main
//	P0 Idle->Running
//	begin|active|end stw "reason"     also mark, assist, sweep
//	task begin 1 0 "type"             id, parent
//	task end 1
//	region begin|end 1 "type"         task
//	log 1 "category" "message"
//	metric "name" 42
//	sample
//	label "GC (dedicated)"
//
// "at" has the stack of whom it is about, "by" that of the acting goroutine;
// frames leaf first, separated by "<". The last line's time ends the trace;
// "end" does nothing else.
func RunStory(version, text string, o Options, sinks ...Sink) error {
	c := newConversion(context.Background(), o, sinks)
	var last Time
	in := newInterner(c.stacks)
	d := newAhead(&storyReader{lines: strings.Split(text, "\n"), stacks: in}, in)
	for {
		var ev event
		if err := d.read(&ev); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if !c.begun {
			c.begin(Trace{Version: version, Start: ev.time, Clock: ev.clock})
		}
		if c.out.window != nil && c.out.window.ends(&ev) {
			break
		}
		if ev.kind == evSync {
			c.date(&ev)
		}
		if !c.started {
			c.approach(&ev)
		}
		c.engine.handle(&ev)
		if ev.kind == evSync {
			c.engine.prelude(ev.time, d.prelude(nil))
		}
		last = ev.time
	}
	c.finish(last)
	c.end(true)
	return c.sinkErrors()
}

// A storyReader reads the events of a story.
type storyReader struct {
	lines  []string
	next   int
	stacks *interner
}

func (r *storyReader) read(ev *event) error {
	for r.next < len(r.lines) {
		line := strings.TrimSpace(r.lines[r.next])
		r.next++
		if line == "" || line[0] == '#' {
			continue
		}
		p := storyLine{words: storyWords(line), stacks: r.stacks}
		*ev = p.event()
		if p.err != nil {
			return fmt.Errorf("line %d: %q: %w", r.next, line, p.err)
		}
		return nil
	}
	return io.EOF
}

type storyLine struct {
	words  []string
	stacks *interner
	err    error
}

// storyWords splits at blanks, but not within quotes.
func storyWords(line string) []string {
	var words []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		n := strings.IndexByte(line+" ", ' ')
		if q, err := strconv.QuotedPrefix(line); err == nil {
			n = len(q)
		}
		words = append(words, line[:n])
		line = line[n:]
	}
	return words
}

// next returns the next word, or nothing.
func (p *storyLine) next() string {
	if len(p.words) == 0 {
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *storyLine) number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil && p.err == nil {
		p.err = err
	}
	return n
}

// text returns the next word without its quotes, if it is quoted.
func (p *storyLine) text() string {
	if len(p.words) == 0 || p.words[0][0] != '"' {
		return ""
	}
	s, err := strconv.Unquote(p.next())
	if err != nil && p.err == nil {
		p.err = err
	}
	return s
}

func (p *storyLine) stack(s string) StackID {
	var frames []Frame
	for _, f := range strings.Split(s, "<") {
		frames = append(frames, Frame{Func: f, File: "x.go", Line: 1})
	}
	return p.stacks.intern(frames)
}

func (p *storyLine) event() event {
	ev := event{g: NoGoroutine, p: NoProc, m: NoThread}
	first := p.next()
	ev.time = Time(p.number(strings.TrimSuffix(first, ":")))
	for done := strings.HasSuffix(first, ":"); !done && p.err == nil; {
		w := p.next()
		done = strings.HasSuffix(w, ":")
		w = strings.TrimSuffix(w, ":")
		if w == "" {
			p.err = fmt.Errorf("no colon after the context")
			break
		}
		n := p.number(w[1:])
		switch w[0] {
		case 'G':
			ev.g = GoID(n)
		case 'P':
			ev.p = ProcID(n)
		case 'M':
			ev.m = ThreadID(n)
		}
	}
	p.what(&ev)
	for p.err == nil && len(p.words) > 0 {
		switch w := p.next(); w {
		case "at":
			ev.own = p.stack(p.next())
			if ev.stack == 0 && (ev.kind != evGoroutine || ev.id == int64(ev.g) || ev.g == NoGoroutine) {
				ev.stack = ev.own
			}
		case "by":
			ev.stack = p.stack(p.next())
		default:
			p.err = fmt.Errorf("what is %s?", w)
		}
	}
	return ev
}

func (p *storyLine) what(ev *event) {
	w := p.next()
	switch {
	case w == "sync":
		ev.kind = evSync
		if len(p.words) > 0 {
			trace, wall, _ := strings.Cut(strings.TrimPrefix(p.next(), "clock="), "/")
			ev.clock = Clock{Trace: Time(p.number(trace)), Wall: p.number(wall)}
		}
	case w == "end" && len(p.words) == 0:
		ev.kind = evEnd
	case w == "begin" || w == "active" || w == "end":
		p.rangeEvent(ev, w)
	case w == "task" || w == "region":
		p.annotation(ev, w+" "+p.next())
	case w == "log":
		ev.kind, ev.id = evLog, p.number(p.next())
		ev.name, ev.text = p.text(), p.text()
	case w == "metric":
		ev.kind, ev.name = evMetric, p.text()
		ev.value = uint64(p.number(p.next()))
	case w == "sample":
		ev.kind = evSample
	case w == "label":
		ev.kind, ev.id, ev.name = evLabel, int64(ev.g), p.text()
	case w != "" && (w[0] == 'G' || w[0] == 'P'):
		ev.kind = map[byte]eventKind{'G': evGoroutine, 'P': evProc}[w[0]]
		ev.id = p.number(w[1:])
		from, to, _ := strings.Cut(p.next(), "->")
		ev.from, ev.to = p.status(from), p.status(to)
		ev.name = p.text()
	default:
		p.err = fmt.Errorf("what is %q?", w)
	}
}

func (p *storyLine) rangeEvent(ev *event, w string) {
	ev.kind = map[string]eventKind{"begin": evRangeBegin, "active": evRangeActive, "end": evRangeEnd}[w]
	switch kind := p.next(); kind {
	case "stw":
		ev.rng, ev.id, ev.name = rangeSTW, int64(ev.g), p.text()
	case "mark":
		ev.rng = rangeMark
	case "assist":
		ev.rng, ev.id = rangeAssist, int64(ev.g)
	case "sweep":
		ev.rng, ev.id = rangeSweep, int64(ev.p)
	default:
		p.err = fmt.Errorf("what is a %s?", kind)
	}
	// An active range can be another's: "active assist G5".
	if len(p.words) > 0 && (p.words[0][0] == 'G' || p.words[0][0] == 'P') {
		ev.id = p.number(p.next()[1:])
	}
}

func (p *storyLine) annotation(ev *event, w string) {
	ev.id = p.number(p.next())
	switch w {
	case "task begin":
		ev.kind, ev.parent, ev.name = evTaskBegin, uint64(p.number(p.next())), p.text()
	case "task end":
		ev.kind = evTaskEnd
	case "region begin":
		ev.kind, ev.name = evRegionBegin, p.text()
	case "region end":
		ev.kind, ev.name = evRegionEnd, p.text()
	default:
		p.err = fmt.Errorf("what is a %s?", w)
	}
}

func (p *storyLine) status(s string) status {
	statuses := map[string]status{
		"Undetermined": undetermined, "NotExist": notExist, "Runnable": runnable,
		"Running": running, "Waiting": waiting, "Syscall": syscall, "Idle": idle,
	}
	st, ok := statuses[s]
	if !ok && p.err == nil {
		p.err = fmt.Errorf("what is the state %q?", s)
	}
	return st
}
