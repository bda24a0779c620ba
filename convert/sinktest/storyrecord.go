package sinktest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/trace2otel/trace2otel/convert"
)

// blank returns a record at t with nothing in it.
func blank(t convert.Time) convert.Record {
	return convert.Record{
		Time: t, Start: t,
		G: convert.NoGoroutine, By: convert.NoGoroutine, P: convert.NoProc, M: convert.NoThread,
	}
}

// setClock gives a Sync its Clock, or none if c is zero.
func setClock(r *convert.Record, c convert.Clock) {
	r.Start, r.By, r.Parent = c.Trace, convert.GoID(c.Rate), uint64(c.Wall)
	if c.IsZero() {
		r.Start, r.By = noClock, convert.NoGoroutine
	}
}

// record reads the line of a record: time, subject, phase, kind, fields.
func (p *parser) record(words []word) error {
	if len(words) < 3 {
		return errors.New("a record has a time, a subject and a kind")
	}
	t, err := words[0].number()
	if err != nil {
		return err
	}
	r := blank(convert.Time(t))
	r.Phase = convert.Instant
	subject, words := words[1], words[2:]
	switch words[0].text {
	case "begin":
		r.Phase, words = convert.Begin, words[1:]
	case "end":
		r.Phase, words = convert.End, words[1:]
	}
	if len(words) == 0 {
		return errors.New("a record has a kind")
	}
	if err := setKind(&r, words[0].text, subject.text); err != nil {
		return err
	}
	if subject.text != "-" {
		if err := setWord(&r, subject); err != nil {
			return err
		}
	}
	if r.Kind == convert.KindSync {
		setClock(&r, convert.Clock{})
	}

	// What identifies an End's interval may be among its fields.
	end := r
	for _, w := range words[1:] {
		if err := setWord(&end, w); err != nil {
			return err
		}
	}
	p.numberRegion(&end)
	if begin := p.open.current(&end); end.Phase == convert.End && begin != nil {
		state := end.State
		end = *begin
		end.Time, end.Phase = r.Time, convert.End
		if end.State != state {
			return fmt.Errorf("%s ends, but %s began", stateOf(state), stateOf(end.State))
		}
		for _, w := range words[1:] {
			if err := setWord(&end, w); err != nil {
				return err
			}
		}
	}
	p.open.apply(&end)
	p.rec.Records = append(p.rec.Records, end)
	return nil
}

// numberRegion gives a region that has no number one: a Begin, or the End of one
// begun before the trace, the next, another End that of its Begin.
func (p *parser) numberRegion(r *convert.Record) {
	if r.Kind != convert.KindRegion {
		return
	}
	if r.ID == 0 && r.Phase == convert.End {
		if begin := p.open.region(r); begin != nil {
			r.ID = begin.ID
		}
	}
	if r.ID == 0 {
		r.ID = p.regions + 1
	}
	p.regions = max(p.regions, r.ID)
}

// setKind sets r's kind, and of states and procs the state.
func setKind(r *convert.Record, word, subject string) error {
	if s := slices.Index(states[:], word); s > 0 {
		r.Kind, r.State = convert.KindState, convert.State(s)
		if strings.HasPrefix(subject, "P") {
			r.Kind = convert.KindProc
		}
		return nil
	}
	for k := range kinds {
		if kinds[k].word == word && word != "" {
			r.Kind = convert.Kind(k)
			return nil
		}
	}
	return fmt.Errorf("%q is no kind and no state", word)
}

// setWord sets the field of r that w is about.
func setWord(r *convert.Record, w word) error {
	switch {
	case w.key == "" && w.quoted:
		r.Name = w.text
		return nil
	case w.key == "":
		return setBare(r, w.text)
	case w.key == "text":
		r.Text = w.text
		return nil
	case w.key == "dur":
		return nil // follows from the times
	case w.key == "prev":
		s := slices.Index(states[:], w.text)
		if s < 0 {
			return fmt.Errorf("%q is no state", w.text)
		}
		r.Prev = convert.State(s)
		return nil
	case w.key == "clock":
		var c convert.Clock
		if _, err := fmt.Sscanf(w.text, "%d/%d/%d", &c.Trace, &c.Rate, &c.Wall); err != nil {
			return fmt.Errorf("a clock is trace/rate/wall: %w", err)
		}
		setClock(r, c)
		return nil
	}
	n, err := w.number()
	if err != nil {
		return err
	}
	for i := range fields {
		if fields[i].key == w.key {
			fields[i].set(r, n)
			return nil
		}
	}
	return fmt.Errorf("what is %s?", w.key)
}

// setBare sets what a word without a key stands for: G1, P2, M3, or a flag.
func setBare(r *convert.Record, text string) error {
	for _, f := range flags {
		if f.word == text {
			r.Flags |= f.flag
			return nil
		}
	}
	if text == "" {
		return errors.New("empty word")
	}
	n, err := strconv.ParseInt(text[1:], 10, 64)
	if err != nil {
		return fmt.Errorf("what is %s?", text)
	}
	switch text[0] {
	case 'G':
		r.G = convert.GoID(n)
	case 'P':
		r.P = convert.ProcID(n)
	case 'M':
		r.M = convert.ThreadID(n)
	default:
		return fmt.Errorf("what is %s?", text)
	}
	return nil
}
