package sinktest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trace2otel/trace2otel/convert"
)

// A Recorder is a sink that keeps all it is given, to be replayed to others.
// The zero value is empty and ready.
type Recorder struct {
	Trace   convert.Trace
	Records []convert.Record
	Stacks  []convert.Stack // ascending
	Summary convert.Summary
}

// Begin keeps t.
func (r *Recorder) Begin(t *convert.Trace) error {
	*r = Recorder{Trace: *t}
	return nil
}

// Consume keeps a copy of b.
func (r *Recorder) Consume(b *convert.Batch) error {
	r.Records = append(r.Records, b.Records...)
	for _, s := range b.Stacks {
		s.Frames = slices.Clone(s.Frames)
		r.Stacks = append(r.Stacks, s)
	}
	return nil
}

// Finish keeps s.
func (r *Recorder) Finish(s *convert.Summary) error {
	r.Summary = *s
	return nil
}

// Replay gives the records to sink in batches of size, and returns its first
// error. It copies nothing, so that a benchmark measures the sink alone.
func (r *Recorder) Replay(sink convert.Sink, size int) error {
	return r.replay(sink, size, func(b *convert.Batch) error { return sink.Consume(b) })
}

// replay is Replay with a consume of the caller's.
func (r *Recorder) replay(sink convert.Sink, size int, consume func(*convert.Batch) error) error {
	trace, summary := r.Trace, r.Summary
	if err := sink.Begin(&trace); err != nil {
		return err
	}
	defined := 0
	for from := 0; from < len(r.Records); from += size {
		to := min(from+size, len(r.Records))
		b := convert.Batch{Records: r.Records[from:to]}
		used := len(r.Stacks) // the last batch brings those never used
		if to < len(r.Records) {
			used = max(defined, r.used(b.Records))
		}
		b.Stacks = r.Stacks[defined:used]
		defined = used
		if err := consume(&b); err != nil {
			return err
		}
	}
	return sink.Finish(&summary)
}

// used returns how many of the stacks must be defined for records.
func (r *Recorder) used(records []convert.Record) int {
	var last convert.StackID
	for i := range records {
		last = max(last, records[i].Stack, records[i].ByStack, records[i].EndStack)
	}
	n, found := slices.BinarySearchFunc(r.Stacks, last, func(s convert.Stack, id convert.StackID) int {
		return cmp.Compare(s.ID, id)
	})
	if found {
		n++
	}
	return n
}

// Prefix returns a recording that breaks off after n records: what is open
// then gets its End, with [convert.OpenEnd], innermost first.
func (r *Recorder) Prefix(n int) *Recorder {
	p := &Recorder{Trace: r.Trace, Stacks: r.Stacks, Summary: r.Summary}
	p.Records = slices.Clone(r.Records[:n])
	p.closeAll()
	p.Summary.Loss = &convert.Loss{
		Err:    fmt.Errorf("broken off after %d records", n),
		Broken: true,
	}
	return p
}

// closeAll ends all that is open at the end of the trace: at the last record,
// or at Summary.End if that is later.
func (r *Recorder) closeAll() {
	last := r.Trace.Start
	var open intervals
	for i := range r.Records {
		last = max(last, r.Records[i].Time)
		open.apply(&r.Records[i])
	}
	for _, begin := range slices.Backward(open.begun()) {
		end := begin
		end.Phase, end.Time = convert.End, last
		end.Flags |= convert.OpenEnd
		if end.Kind == convert.KindSyscall {
			end.ID = uint64(open.keptP(&end))
		}
		r.Records = append(r.Records, end)
	}
	r.Summary.Trace, r.Summary.End = r.Trace, last
}
