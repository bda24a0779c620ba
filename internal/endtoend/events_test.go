package endtoend

import (
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// wired are the types of events that a stream is made of, with how many
// arguments they have.
var wired = []struct {
	typ  gotrace.Type
	args int
}{
	{gotrace.EvProcsChange, 2}, {gotrace.EvProcStart, 2}, {gotrace.EvProcStop, 0}, {gotrace.EvProcSteal, 3},
	{gotrace.EvProcStatus, 2}, {gotrace.EvGoCreate, 3}, {gotrace.EvGoCreateSyscall, 1}, {gotrace.EvGoStart, 2},
	{gotrace.EvGoDestroy, 0}, {gotrace.EvGoDestroySyscall, 0}, {gotrace.EvGoStop, 2}, {gotrace.EvGoBlock, 2},
	{gotrace.EvGoUnblock, 3}, {gotrace.EvGoSyscallBegin, 2}, {gotrace.EvGoSyscallEnd, 0},
	{gotrace.EvGoSyscallEndBlocked, 0}, {gotrace.EvGoStatus, 3}, {gotrace.EvSTWBegin, 2}, {gotrace.EvSTWEnd, 0},
	{gotrace.EvGCActive, 1}, {gotrace.EvGCBegin, 2}, {gotrace.EvGCEnd, 1}, {gotrace.EvGCSweepActive, 1},
	{gotrace.EvGCSweepBegin, 1}, {gotrace.EvGCSweepEnd, 2}, {gotrace.EvGCMarkAssistActive, 1},
	{gotrace.EvGCMarkAssistBegin, 1}, {gotrace.EvGCMarkAssistEnd, 0}, {gotrace.EvHeapAlloc, 1},
	{gotrace.EvHeapGoal, 1}, {gotrace.EvGoLabel, 1}, {gotrace.EvUserTaskBegin, 4}, {gotrace.EvUserTaskEnd, 2},
	{gotrace.EvUserRegionBegin, 3}, {gotrace.EvUserRegionEnd, 3}, {gotrace.EvUserLog, 4},
	{gotrace.EvGoSwitch, 2}, {gotrace.EvGoSwitchDestroy, 2}, {gotrace.EvGoCreateBlocked, 3},
	{gotrace.EvGoStatusStack, 4},
}

// stream makes a trace of whole events: of each byte of data, one, the bytes
// after it its time and arguments. They are small, so that events are about one
// another: three threads, and goroutines, procs, tasks, strings and stacks below
// eight. 0xff begins another generation.
func stream(data []byte) []byte {
	const threads = 3
	t := forge.New()
	generation := uint64(1)
	var batches [threads][]byte
	finish := func() {
		t.Sync(generation)
		t.Batch(generation, 1, 1, []byte{4, 5, 1, 1, 'a', 5, 2, 1, 'b', 5, 3, 1, 'c'})
		t.Batch(generation, 1, 1, []byte{2, 3, 1, 1, 1, 1, 2, 9, 3, 2, 2, 2, 2, 3, 8, 3, 1, 2, 7})
		for m, events := range batches {
			for len(events) > 0 {
				n := min(len(events), 60_000)
				t.Batch(generation, uint64(m+1), 1, events[:n])
				events = events[n:]
			}
			batches[m] = nil
		}
		t.End()
		generation++
	}
	for len(data) > 0 {
		b := data[0]
		data = data[1:]
		if b == 0xff {
			finish()
			continue
		}
		w := wired[int(b)%len(wired)]
		args := make([]uint64, 0, 5)
		for i := range w.args + 1 {
			if i >= len(data) {
				return nil
			}
			args = append(args, uint64(data[i])&7)
		}
		m := data[0] >> 6 % threads
		data = data[w.args+1:]
		batches[m] = forge.Event(batches[m], w.typ, args...)
	}
	finish()
	return t.Bytes()
}

// FuzzEvents feeds events that are whole, in any order, to the engine and all
// outputs: twice, for the same bytes.
func FuzzEvents(f *testing.F) {
	f.Add([]byte{4, 1, 0, 1, 16, 1, 1, 1, 2, 5, 1, 2, 1, 1, 31, 1, 1, 0, 1, 1, 33, 1, 1, 1, 1, 11, 1, 1, 1, 0xff, 4, 1, 0, 1, 16, 1, 1, 1, 2})
	f.Add([]byte{4, 0, 0, 1, 16, 0, 1, 0, 2, 20, 1, 1, 1, 17, 1, 1, 1, 18, 1, 26, 1, 1, 27, 1, 23, 1, 1, 24, 1, 1, 1, 21, 1, 2})
	all := outputs()
	f.Fuzz(func(t *testing.T, data []byte) {
		trace := stream(data)
		if trace == nil {
			return
		}
		s, first, err := runBy(convert.DecoderOwn, trace, 0, all)
		if _, refused := err.(*convert.InputError); refused {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if s.Loss != nil {
			t.Errorf("whole events, and a loss: %v", s.Loss.Err)
		}
		_, second, err := runBy(convert.DecoderOwn, trace, 3, all)
		if err != nil {
			t.Fatal(err)
		}
		for i := range first {
			if first[i] != second[i] {
				t.Errorf("%s: other bytes the second time", all[i].name)
			}
			if err := readBack(all[i].name, first[i]); err != nil {
				t.Errorf("%s: %v", all[i].name, err)
			}
		}
	})
}
