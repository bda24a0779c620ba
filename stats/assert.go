package stats

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// An Assertion is a bound for a figure of a report: "sched.p99 < 5ms". The zero
// value never holds.
type Assertion struct {
	text    string
	measure string        // a key of spreadMeasures or valueMeasures
	key     string        // of a task, a region, a wait, a function
	figure  string        // of a spread: "p99"
	window  time.Duration // of gc.mmu
	op      string        // < <= > >=
	bound   float64       // in unit
	unit    Unit
}

// A Check is what came of an assertion.
type Check struct {
	Assertion string `json:"assertion"`
	Holds     bool   `json:"holds"`
	Measured  string `json:"measured,omitempty"` // with its unit; empty: there is nothing to measure
	Why       string `json:"why,omitempty"`      // it does not hold, if not for what was measured
}

// Measures says what can be asserted, for a help text.
const Measures = `  sched.FIGURE                  scheduling latency: from runnable to running
  goroutine["FUNCTION"].FIGURE  the same of goroutines of a start function
  wait["REASON"].FIGURE         waits for a reason; wait.sync, if it is a word
  network.FIGURE                waits for the network
  syscall.FIGURE                system calls
  task["TYPE"].FIGURE           tasks of a type
  region["TYPE"].FIGURE         regions of a type
  stw.FIGURE                    stops of the world
  gc.stw.FIGURE                 those of the garbage collector
  gc.cycle.FIGURE               its cycles
  gc.mmu@10ms                   least share of the procs that the program got
                                over any 10ms (10µs, 20µs, 50µs … 1s): 80%
  goroutines.max                most goroutines at a time
  queue.max, queue.mean         goroutines runnable at a time
  procs.used                    share of GOMAXPROCS that ran: 80%
  heap.max                      most live heap: 64MiB
  wasted.sum, wasted.max        time with a goroutine runnable and a proc idle

FIGURE is p50, p90, p95, p99, p999, max or sum, which are times as in 5ms, or
count. The operators are <, <=, > and >=.`

// spreadMeasures have figures. Their functions return nil if the trace has
// nothing of the kind.
var spreadMeasures = map[string]func(r *Report, key string) *Spread{
	"sched":    func(r *Report, _ string) *Spread { return &r.Scheduler.Latency },
	"network":  func(r *Report, _ string) *Spread { return &r.Network.Each },
	"syscall":  func(r *Report, _ string) *Spread { return &r.Syscalls.Each },
	"stw":      func(r *Report, _ string) *Spread { return &r.GC.Stop },
	"gc.stw":   func(r *Report, _ string) *Spread { return &r.GC.GCStop },
	"gc.cycle": func(r *Report, _ string) *Spread { return &r.GC.Each },
	"task":     func(r *Report, key string) *Spread { return scopeSpread(r.Tasks, key) },
	"region":   func(r *Report, key string) *Spread { return scopeSpread(r.Regions, key) },
	"wait": func(r *Report, key string) *Spread {
		for i := range r.Totals.Waits {
			if w := &r.Totals.Waits[i]; w.Reason == key {
				return w.Each
			}
		}
		return nil
	},
	"goroutine": func(r *Report, key string) *Spread {
		for i := range r.Functions {
			if f := &r.Functions[i]; f.Name == key {
				return &f.Latency
			}
		}
		return nil
	},
}

// keyed are the measures that need a key.
var keyed = map[string]bool{"task": true, "region": true, "wait": true, "goroutine": true}

func scopeSpread(scopes []Scope, key string) *Spread {
	for i := range scopes {
		if scopes[i].Type == key {
			return &scopes[i].Each
		}
	}
	return nil
}

// A valueMeasure is one figure in itself.
type valueMeasure struct {
	unit Unit
	of   func(r *Report) float64
}

const measureMMU = "gc.mmu"

var valueMeasures = map[string]valueMeasure{
	"goroutines.max": {UnitCount, func(r *Report) float64 { return float64(r.Scheduler.Goroutines) }},
	"queue.max":      {UnitCount, func(r *Report) float64 { return float64(r.Scheduler.QueueMax) }},
	"queue.mean":     {UnitCount, func(r *Report) float64 { return r.Scheduler.QueueMean }},
	"procs.used":     {UnitPercent, func(r *Report) float64 { return 100 * r.Scheduler.Utilization }},
	"heap.max":       {UnitBytes, func(r *Report) float64 { return float64(r.GC.HeapMax) }},
	"wasted.sum":     {UnitSum, func(r *Report) float64 { return float64(r.Scheduler.Wasted) }},
	"wasted.max":     {UnitSum, func(r *Report) float64 { return float64(r.Scheduler.WastedMax) }},
	measureMMU:       {UnitPercent, nil}, // see Assertion.mmu
}

// figures of spreads, with the number of intervals that each needs to mean
// anything: of fewer, a percentile is just the longest.
var figureNeeds = map[string]int64{
	"p50": 2, "p90": 10, "p95": 20, "p99": 100, "p999": 1000, "max": 1, "sum": 0, "count": 0,
}

// ParseAssertion reads an assertion; [Measures] says what there is.
func ParseAssertion(text string) (Assertion, error) {
	a := Assertion{text: strings.TrimSpace(text)}
	left, right, err := a.split()
	if err == nil {
		err = a.parseMeasure(left)
	}
	if err == nil {
		a.bound, err = parseBound(right, a.unit)
	}
	if err != nil {
		return Assertion{}, fmt.Errorf("stats: assertion %q: %w", text, err)
	}
	return a, nil
}

// String returns the text that was parsed.
func (a Assertion) String() string { return a.text }

// split splits the text at the operator; keys in quotes may hold one as well.
func (a *Assertion) split() (left, right string, err error) {
	quoted := false
	for i := 0; i < len(a.text); i++ {
		switch c := a.text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '<' || c == '>'):
			a.op, right = a.text[i:i+1], a.text[i+1:]
			if rest, ok := strings.CutPrefix(right, "="); ok {
				a.op, right = a.op+"=", rest
			}
			return strings.TrimSpace(a.text[:i]), strings.TrimSpace(right), nil
		}
	}
	return "", "", errors.New("it has none of <, <=, > and >=")
}

func (a *Assertion) parseMeasure(text string) error {
	if name, window, ok := strings.Cut(text, "@"); ok && name == measureMMU {
		return a.parseMMU(window)
	}
	if v, ok := valueMeasures[text]; ok && text != measureMMU {
		a.measure, a.unit = text, v.unit
		return nil
	}
	name, rest, hasKey := strings.Cut(text, "[")
	var err error
	if hasKey {
		quoted, figure, ok := cutLast(rest, "].")
		if a.key, err = strconv.Unquote(quoted); !ok || err != nil {
			return errors.New(`a key is in brackets and quotes, and a figure follows: task["checkout"].p95`)
		}
		a.figure = figure
	} else {
		name, a.figure, _ = cutLast(text, ".")
		if word, ok := strings.CutPrefix(name, "wait."); ok {
			name, a.key, hasKey = "wait", word, true
		}
	}
	a.measure = name
	switch _, known := spreadMeasures[name]; {
	case !known:
		return fmt.Errorf("there is nothing called %q", text)
	case keyed[name] && !hasKey:
		return fmt.Errorf(`which %s? It is %s["…"].%s`, name, name, a.figure)
	case hasKey && !keyed[name]:
		return fmt.Errorf("%s has no parts to choose from", name)
	}
	if _, ok := figureNeeds[a.figure]; !ok {
		return fmt.Errorf("%s has the figures p50, p90, p95, p99, p999, max, sum and count, not %q", name, a.figure)
	}
	a.unit = UnitEach
	if a.figure == "count" {
		a.unit = UnitCount
	}
	return nil
}

// cutLast is strings.Cut around the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func (a *Assertion) parseMMU(text string) error {
	d, err := time.ParseDuration(text)
	for _, w := range windows {
		if err == nil && w == d {
			a.measure, a.unit, a.window = measureMMU, UnitPercent, d
			return nil
		}
	}
	var all []string
	for _, w := range windows {
		all = append(all, w.String())
	}
	return fmt.Errorf("gc.mmu is known over %s", strings.Join(all, ", "))
}

// parseBound reads what a figure is compared with.
func parseBound(text string, unit Unit) (bound float64, err error) {
	switch unit {
	case UnitSum, UnitEach:
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("it compares with a time, as in 5ms, not %q", text)
		}
		return float64(d), nil
	case UnitPercent:
		number, ok := strings.CutSuffix(text, "%")
		bound, err = strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !ok || math.IsNaN(bound) {
			return 0, fmt.Errorf("it compares with a percentage, as in 80%%, not %q", text)
		}
		return bound, nil
	case UnitBytes:
		if bound, err = parseBytes(text); err != nil {
			return 0, fmt.Errorf("it compares with a number of bytes, as in 64MiB, not %q", text)
		}
		return bound, nil
	}
	bound, err = strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(bound) {
		return 0, fmt.Errorf("it compares with a number, not %q", text)
	}
	return bound, nil
}

func parseBytes(text string) (float64, error) {
	factor := 1.0
	for _, u := range []struct {
		suffix string
		factor float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}} {
		if number, ok := strings.CutSuffix(text, u.suffix); ok {
			text, factor = strings.TrimSpace(number), u.factor
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err == nil && math.IsNaN(n) {
		err = errors.New("not a number")
	}
	return n * factor, err
}

// Check holds the assertion against a report. A trace that is damaged, or has
// too little for the figure to mean anything, does not pass, unless partial is
// set: then what there is decides; if that is nothing, the assertion holds.
//
// An interval that an edge of the trace cut was at least as long as the part
// that was seen, so that it can exceed a bound on the longest; percentiles leave
// such intervals out.
func (a Assertion) Check(r *Report, partial bool) Check {
	c := Check{Assertion: a.text}
	value, needs := a.value(r, &c)
	if r.Trace.Loss != nil || r.Trace.Repairs != "" {
		needs = "the trace is damaged"
	}
	measured := c.Measured != ""
	switch {
	case measured && !a.compare(value):
		// Whatever else there is to say, the bound is exceeded.
	case partial || needs == "":
		c.Holds = measured || partial
	default:
		c.Why = needs
	}
	if !c.Holds && !measured {
		c.Why = needs
	}
	return c
}

// value returns the figure, and sets c.Measured if there is one. needs says what
// the trace has too little of.
func (a *Assertion) value(r *Report, c *Check) (v float64, needs string) {
	if a.measure == measureMMU {
		for _, m := range r.GC.MMU {
			if m.Window == a.window {
				if m.Short {
					needs = fmt.Sprintf("the trace is shorter than %v", a.window)
				}
				v = 100 * m.All
				c.Measured = a.unit.text(v)
				return v, needs
			}
		}
		return 0, "GOMAXPROCS is not known"
	}
	if m, ok := valueMeasures[a.measure]; ok {
		v = m.of(r)
		c.Measured = a.unit.text(v)
		return v, ""
	}
	of := spreadMeasures[a.measure]
	if of == nil {
		return 0, "it asserts nothing"
	}
	s := of(r, a.key)
	if s == nil {
		s = new(Spread)
	}
	if a.figure == "count" {
		v = float64(s.Count + s.Cut)
		c.Measured = a.unit.text(v)
		return v, ""
	}
	if a.figure == "max" && s.CutMax > s.Max {
		v = float64(s.CutMax)
		c.Measured = "at least " + a.unit.text(v)
		return v, ""
	}
	if s.Count == 0 {
		return 0, "there is none in the trace from beginning to end"
	}
	if need := figureNeeds[a.figure]; s.Count < need {
		needs = fmt.Sprintf("there are %s in the trace, and %s needs %s", count(s.Count), a.figure, count(need))
	}
	v = map[string]float64{
		"p50": float64(s.P50), "p90": float64(s.P90), "p95": float64(s.P95), "p99": float64(s.P99),
		"p999": float64(s.P999), "max": float64(s.Max), "sum": float64(s.Sum),
	}[a.figure]
	c.Measured = a.unit.text(v)
	return v, needs
}

func (a *Assertion) compare(v float64) bool {
	switch a.op {
	case "<":
		return v < a.bound
	case "<=":
		return v <= a.bound
	case ">":
		return v > a.bound
	case ">=":
		return v >= a.bound
	}
	return false
}

// String returns a check in a line: what was asserted, and what is the case.
func (c Check) String() string {
	text := c.Assertion
	switch {
	case c.Holds && c.Measured == "":
		return text + ": there is nothing to measure"
	case c.Measured == "":
		return text + ": " + c.Why
	}
	text += ": it is " + c.Measured
	if c.Why != "" {
		text += ", but " + c.Why
	}
	return text
}
