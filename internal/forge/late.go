package forge

import "github.com/trace2otel/trace2otel/internal/gotrace"

// LateSteal returns a sound trace in which thread 1 finds, at the end of a
// system call, that thread 2 has stolen its proc; but thread 2 was descheduled
// before it read the clock, so that the steal has a time 5 ms later. Thread 3
// works on all the while. rest is appended to thread 1's events.
func LateSteal(rest []byte) []byte {
	const ms = 15_625 // ticks
	t := New()
	t.Sync(1)
	data := Event(nil, gotrace.EvProcStatus, 1, 0, 1)
	data = Event(data, gotrace.EvGoStatus, 1, 1, 1, 2)
	data = Event(data, gotrace.EvGoSyscallBegin, 1, 1, 0)
	data = Event(data, gotrace.EvGoSyscallEndBlocked, ms/2)
	t.Batch(1, 1, 1, append(data, rest...))
	data = Event(nil, gotrace.EvProcSteal, 11*ms/2, 0, 2, 1)
	data = Event(data, gotrace.EvProcStart, 1, 0, 3)
	data = Event(data, gotrace.EvGoStart, 1, 1, 1)
	t.Batch(1, 2, 1, data)
	data = Event(nil, gotrace.EvProcStatus, 1, 1, 1)
	data = Event(data, gotrace.EvGoStatus, 1, 2, 3, 2)
	for id := range uint64(1000) {
		data = Event(data, gotrace.EvGoCreate, ms/100, 3+id, 0, 0)
	}
	t.Batch(1, 3, 1, data)
	t.End()
	return t.Bytes()
}

// Late returns a trace of a goroutine that creates sixty others, so many ticks
// after one another.
func Late(ticks uint64) []byte {
	t := New()
	t.Sync(1)
	data := Event(nil, gotrace.EvProcStatus, 1, 0, 1)
	data = Event(data, gotrace.EvGoStatus, 1, 1, 1, 2)
	for id := range uint64(60) {
		data = Event(data, gotrace.EvGoCreate, ticks, 3+id, 0, 0)
	}
	t.Batch(1, 1, 1, data)
	t.End()
	return t.Bytes()
}
