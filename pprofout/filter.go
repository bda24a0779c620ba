package pprofout

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A filter is what of the trace counts: the time of goroutines whose start
// function matches, in tasks and regions whose types match.
type filter struct {
	goroutine, task, region pattern
}

func newFilter(o *Options) filter {
	return filter{newPattern(o.Goroutine), newPattern(o.Task), newPattern(o.Region)}
}

// unmatched returns an error if something was asked for that nothing in the
// trace matches.
func (f *filter) unmatched() error {
	var what []string
	for _, p := range []struct {
		what string
		*pattern
	}{{"goroutine", &f.goroutine}, {"task", &f.task}, {"region", &f.region}} {
		if p.on() && !p.hit {
			what = append(what, fmt.Sprintf("no %s matches %q", p.what, p.re))
		}
	}
	if what == nil {
		return nil
	}
	return errors.New(strings.Join(what, ", "))
}

// none reports whether everything counts.
func (f *filter) none() bool { return !f.goroutine.on() && !f.task.on() && !f.region.on() }

// A pattern is a regular expression that remembers what it matched.
type pattern struct {
	re    *regexp.Regexp // nil: matches everything
	known map[string]bool
	hit   bool // something matched
}

func newPattern(re *regexp.Regexp) pattern {
	return pattern{re: re, known: make(map[string]bool)}
}

func (p *pattern) on() bool { return p.re != nil }

func (p *pattern) matches(name string) bool {
	if p.re == nil {
		return true
	}
	matches, ok := p.known[name]
	if !ok {
		matches = p.re.MatchString(name)
		p.known[name] = matches
		p.hit = p.hit || matches
	}
	return matches
}
