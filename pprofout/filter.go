package pprofout

import "regexp"

// A filter is what of the trace counts: the time of goroutines whose start
// function matches, in tasks and regions whose types match.
type filter struct {
	goroutine, task, region pattern
}

func newFilter(o *Options) filter {
	return filter{newPattern(o.Goroutine), newPattern(o.Task), newPattern(o.Region)}
}

// none reports whether everything counts.
func (f *filter) none() bool { return !f.goroutine.on() && !f.task.on() && !f.region.on() }

// A pattern is a regular expression that remembers what it matched.
type pattern struct {
	re    *regexp.Regexp // nil: matches everything
	known map[string]bool
}

func newPattern(re *regexp.Regexp) pattern {
	return pattern{re, make(map[string]bool)}
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
	}
	return matches
}
