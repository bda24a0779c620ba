package forge

import "time"

// Clocked returns a trace of a generation a second, and how far the wall clock
// was from the trace's at the reading of each: offsets[0] is the date of the
// first. In each generation but the last a task "child" begins at 500 ms, which
// ends 600 ms into the next, on a goroutine that has all the time been in the
// region and the task "parent": these begin at 500 ms, and end together with
// the last child.
func Clocked(date time.Time, offsets ...time.Duration) []byte {
	const (
		second = 1e9 / 64 // ticks
		milli  = second / 1000

		procStatus, goStatus, taskBegin, taskEnd, regionBegin, regionEnd = 13, 25, 40, 41, 42, 43
		thread, running                                                  = 7, 2
	)
	t := New()
	last := len(offsets) - 1
	for i, offset := range offsets {
		gen, at := uint64(i+1), uint64(i+1)*second
		t.Reading(gen, at, date.Add(time.Duration(i)*time.Second+offset))
		t.Batch(gen, ^uint64(0), at, append([]byte("\x04\x05\x01\x06parent\x05\x02\x05child"), 5, 3, 2, 'i', 'n'))

		data := Event[byte](nil, procStatus, 0, 0, 1)
		data = Event[byte](data, goStatus, 0, 1, thread, running)
		child := uint64(i + 2)
		if i == 0 {
			data = Event[byte](data, taskBegin, 500*milli, 1, 0, 1, 0)
			data = Event[byte](data, regionBegin, 0, 1, 3, 0)
			data = Event[byte](data, taskBegin, 0, child, 1, 2, 0)
		} else if i < last {
			data = Event[byte](data, taskBegin, 500*milli, child, 1, 2, 0)
			data = Event[byte](data, taskEnd, 100*milli, child-1, 0)
		} else {
			data = Event[byte](data, taskEnd, 600*milli, child-1, 0)
			data = Event[byte](data, regionEnd, 0, 1, 3, 0)
			data = Event[byte](data, taskEnd, 0, 1, 0)
		}
		t.Batch(gen, thread, at, data)
		t.End()
	}
	return t.Bytes()
}
