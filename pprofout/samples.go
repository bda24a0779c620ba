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

func (a *sampleKey) compare(b *sampleKey) int {
	if c := compare(a.stack, a.by, b.stack, b.by); c != 0 {
		return c
	}
	if c := compare(a.fn, a.task, b.fn, b.task); c != 0 {
		return c
	}
	if c := compare(a.region, a.reason, b.region, b.reason); c != 0 {
		return c
	}
	return compare(uint32(a.state), uint32(a.flags), uint32(b.state), uint32(b.flags))
}

// compare compares two pairs. Most of the samples of a profile differ only in
// the last: it pays to look at two things at a time.
func compare[T ~uint32](a1, a2, b1, b2 T) int {
	return cmp.Compare(uint64(a1)<<32|uint64(a2), uint64(b1)<<32|uint64(b2))
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
		samples = append(samples, sample{e.key.sample(stack), v})
	}
	return merged(samples), unknown
}

// merged sorts samples, and adds up those with the same key.
func merged(samples []sample) []sample {
	slices.SortFunc(samples, func(a, b sample) int { return a.sampleKey.compare(&b.sampleKey) })
	n := 0
	for i := range samples {
		if n > 0 && samples[n-1].sampleKey == samples[i].sampleKey {
			samples[n-1].value = samples[n-1].plus(samples[i].value)
			continue
		}
		samples[n] = samples[i]
		n++
	}
	return samples[:n]
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
