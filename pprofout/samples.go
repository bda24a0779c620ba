package pprofout

import (
	"cmp"
	"slices"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// A sampleKey is what tells the samples of one profile apart: a key without
// what that profile does not show.
type sampleKey struct {
	stack, by                convert.StackID // by: the waker's frames go with those of stack
	fn, task, region, reason nameID
	state                    class
	flags                    keyFlags
}

func (a sampleKey) compare(b sampleKey) int {
	return cmp.Or(
		cmp.Compare(a.stack, b.stack), cmp.Compare(a.by, b.by),
		cmp.Compare(a.fn, b.fn), cmp.Compare(a.task, b.task), cmp.Compare(a.region, b.region),
		cmp.Compare(a.reason, b.reason), cmp.Compare(a.state, b.state), cmp.Compare(a.flags, b.flags),
	)
}

// A sample is a sample of a profile.
type sample struct {
	sampleKey
	value
}

// samples returns the samples of a profile, in an order that depends on
// nothing but the trace. unknown are the waits that may have been of its kind:
// those for which the trace gives no reason.
func (l *ledger) samples(k Kind, o *Options) (samples []sample, unknown value) {
	var (
		r      = &rules[k]
		stack  = o.stack(r)
		period = o.period()
		at     = make(map[sampleKey]int)
	)
	for i := range l.table.entries {
		e := &l.table.entries[i]
		if e.class&r.classes == 0 || e.value == (value{}) {
			continue
		}
		if r.reason != nil {
			switch reason := l.names.texts[e.reason]; {
			case r.reason(reason):
			case reason == convert.ReasonUnknown || reason == convert.ReasonUnspecified:
				unknown = unknown.plus(e.value)
				continue
			default:
				continue
			}
		}
		v := e.value
		switch {
		case e.class == classSample:
			v.delay = time.Duration(v.count) * period
		case k == Syscall && e.flags&continued != 0:
			v.count = 0
		}
		sk := e.key.sample(stack)
		n, ok := at[sk]
		if !ok {
			n = len(samples)
			at[sk] = n
			samples = append(samples, sample{sampleKey: sk})
		}
		samples[n].value = samples[n].plus(v)
	}
	slices.SortFunc(samples, func(a, b sample) int { return a.sampleKey.compare(b.sampleKey) })
	return samples, unknown
}

// sample returns what of k a profile shows.
func (k *key) sample(stack Stack) sampleKey {
	sk := sampleKey{
		stack: k.stack, fn: k.fn, task: k.task, region: k.region, reason: k.reason,
		state: k.class & classStates, flags: k.flags & (openStart | openEnd),
	}
	switch {
	case k.by == 0 || stack == WaiterStack:
	case stack == WakerStack:
		sk.stack = k.by
	case stack == BothStacks:
		sk.by = k.by
	}
	return sk
}
