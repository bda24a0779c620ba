package account

import "github.com/trace2otel/trace2otel/convert"

// A horizon is up to when something is settled: answers were given for it. In
// damaged traces an interval can be told of only after that, as having begun
// before; it counts from the horizon on. The zero value is before all times.
type horizon struct {
	at  convert.Time
	set bool
}

// pass moves the horizon to t, unless it is there already.
func (h *horizon) pass(t convert.Time) {
	if !h.set || t > h.at {
		h.at, h.set = t, true
	}
}

// after returns t, or the horizon if t lies before it.
func (h *horizon) after(t convert.Time) convert.Time {
	if h.set {
		return max(t, h.at)
	}
	return t
}
