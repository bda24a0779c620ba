package sinktest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
)

// Story parses text and fails the test if it cannot. See [Parse].
func Story(tb testing.TB, text string) *Recorder {
	tb.Helper()
	r, err := Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// Parse reads records from text as a [Printer] writes it, and makes what goes
// without saying: an End repeats its Begin and need not say it again; regions
// are numbered, and an End without a number is of the one on its goroutine that
// began last, of the type and task that it gives, if any; a Sync
// that is missing at the start is added, and so are the Ends of what is open
// at the end. Blank lines, and lines that begin with "#", say nothing.
//
// Stacks may be defined in any order, but every number from 1 has to be. The
// trace itself can be described by lines of their own, all their fields
// optional:
//
//	trace "name" version="go 1.26" start=0 end=1000 wall=1700000000000000000 firsttask=7
//	loss "what is wrong" broken
//
// where wall dates the trace's start, for it and its first Sync, and firsttask
// is convert.Trace.FirstTask.
func Parse(text string) (*Recorder, error) {
	p := parser{rec: &Recorder{Trace: convert.Trace{Name: "story", Version: "go 1.26"}}}
	for i, line := range strings.Split(text, "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("story: line %d: %q: %w", i+1, line, err)
		}
	}
	slices.SortStableFunc(p.rec.Stacks, func(a, b convert.Stack) int { return cmp.Compare(a.ID, b.ID) })
	for i, s := range p.rec.Stacks {
		if s.ID != convert.StackID(i+1) {
			return nil, fmt.Errorf("story: stack %d is missing or defined twice", i+1)
		}
	}
	return p.finish(), nil
}

// A parser reads a story.
type parser struct {
	rec     *Recorder
	open    intervals
	regions uint64 // the highest number of a region
	start   *convert.Time
	end     convert.Time
	wall    *int64
}

func (p *parser) line(line string) error {
	words, err := split(line)
	if err != nil || len(words) == 0 || strings.HasPrefix(words[0].text, "#") {
		return err
	}
	switch words[0].text {
	case "trace":
		return p.trace(words[1:])
	case "loss":
		return p.loss(words[1:])
	case "stack":
		return p.stack(words[1:])
	}
	return p.record(words)
}

// finish adds what goes without saying.
func (p *parser) finish() *Recorder {
	r := p.rec
	if p.start != nil {
		r.Trace.Start = *p.start
	} else if len(r.Records) > 0 {
		r.Trace.Start = r.Records[0].Time
		for i := range r.Records {
			r.Trace.Start = min(r.Trace.Start, r.Records[i].Time)
		}
	}
	if p.wall != nil {
		r.Trace.Clock = convert.Clock{Trace: r.Trace.Start, Wall: *p.wall}
	}
	if len(r.Records) == 0 || r.Records[0].Kind != convert.KindSync {
		sync := blank(r.Trace.Start)
		sync.Kind, sync.Phase, sync.ID = convert.KindSync, convert.Instant, 1
		setClock(&sync, r.Trace.Clock)
		r.Records = append([]convert.Record{sync}, r.Records...)
	}

	// The Ends below come at the end of the trace: a Sync cannot end it later.
	if n := len(r.Records); p.end > r.Records[n-1].Time {
		sync := blank(p.end)
		sync.Kind, sync.Phase = convert.KindSync, convert.Instant
		setClock(&sync, convert.Clock{})
		for i := range r.Records {
			if r.Records[i].Kind == convert.KindSync {
				sync.ID = r.Records[i].ID + 1
			}
		}
		r.Records = append(r.Records, sync)
	}
	loss := r.Summary.Loss
	r.closeAll()
	r.Summary.Loss = loss
	r.Summary.Events = int64(len(r.Records))
	r.Summary.Generations = 1
	return r
}

func (p *parser) trace(words []word) error {
	for _, w := range words {
		n, err := w.number()
		switch w.key {
		case "":
			p.rec.Trace.Name, err = w.text, nil
		case "version":
			p.rec.Trace.Version, err = w.text, nil
		case "start":
			t := convert.Time(n)
			p.start = &t
		case "end":
			p.end = convert.Time(n)
		case "wall":
			p.wall = &n
		case "firsttask":
			p.rec.Trace.FirstTask = uint64(n)
		default:
			return fmt.Errorf("what is %s?", w.key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) loss(words []word) error {
	if len(words) == 0 {
		return errors.New("what is wrong?")
	}
	p.rec.Summary.Loss = &convert.Loss{
		Err:    errors.New(words[0].text),
		Broken: len(words) > 1 && words[1].text == "broken",
	}
	return nil
}

// stack reads "1: main.recv main.go:10 < main.main main.go:5".
func (p *parser) stack(words []word) error {
	if len(words) == 0 {
		return errors.New("which stack?")
	}
	id, err := strconv.Atoi(strings.TrimSuffix(words[0].text, ":"))
	if err != nil {
		return err
	}
	s := convert.Stack{ID: convert.StackID(id)}
	words = words[1:]
	for len(words) > 0 {
		if words[0].text == "<" && !words[0].quoted {
			words = words[1:]
			continue
		}
		if len(words) < 2 {
			return errors.New("a frame is a function and file:line")
		}
		colon := strings.LastIndexByte(words[1].text, ':')
		if colon < 0 {
			return fmt.Errorf("%s is not file:line", words[1].text)
		}
		line, err := strconv.Atoi(words[1].text[colon+1:])
		if err != nil {
			return err
		}
		s.Frames = append(s.Frames, convert.Frame{Func: words[0].text, File: words[1].text[:colon], Line: line})
		words = words[2:]
	}
	p.rec.Stacks = append(p.rec.Stacks, s)
	return nil
}

// A word of a line: text, or key=text.
type word struct {
	key, text string
	quoted    bool
}

func (w word) number() (int64, error) {
	text := w.text
	if w.key == "by" {
		text = strings.TrimPrefix(text, "G")
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return int64(n), nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// split cuts a line into words; quoted text is one.
func split(line string) ([]word, error) {
	var words []word
	for {
		line = strings.TrimLeft(line, " \t\r")
		if line == "" {
			return words, nil
		}
		var w word
		if key, rest, ok := strings.Cut(line, "="); ok && isKey(key) {
			w.key, line = key, rest
		}
		if strings.HasPrefix(line, `"`) {
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, err
			}
			if w.text, err = strconv.Unquote(q); err != nil {
				return nil, err
			}
			w.quoted, line = true, line[len(q):]
		} else {
			n := strings.IndexAny(line, " \t\r")
			if n < 0 {
				n = len(line)
			}
			w.text, line = line[:n], line[n:]
		}
		words = append(words, w)
	}
}

// isKey reports whether s is a word of small letters.
func isKey(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}
