package gotrace

// A Type is the wire number of a kind of event, as the runtime writes it
// (internal/trace/tracev2/events.go), or EvSync.
type Type uint8

// What stands in a trace. The first group structures it; the others are
// events, whose arguments follow the time that has passed since the one before.
const (
	evEventBatch        Type = 1 // generation, thread, time, size
	evStacks            Type = 2
	evStack             Type = 3 // id, count, count × {pc, function, file, line}
	evStrings           Type = 4
	evString            Type = 5 // id, size, bytes
	evCPUSamples        Type = 6
	EvCPUSample         Type = 7 // time, thread, proc, goroutine, stack
	evFrequency         Type = 8 // ticks per second
	evExperimentalBatch Type = 49
	evSyncBatch         Type = 50
	evClockSnapshot     Type = 51 // ticks, monotonic, seconds, nanoseconds
	evEndOfGeneration   Type = 52

	EvProcsChange Type = 9  // GOMAXPROCS, stack
	EvProcStart   Type = 10 // proc, sequence
	EvProcStop    Type = 11
	EvProcSteal   Type = 12 // proc, sequence, thread
	EvProcStatus  Type = 13 // proc, status

	EvGoCreate            Type = 14 // goroutine, its stack, stack
	EvGoCreateSyscall     Type = 15 // goroutine
	EvGoStart             Type = 16 // goroutine, sequence
	EvGoDestroy           Type = 17
	EvGoDestroySyscall    Type = 18
	EvGoStop              Type = 19 // reason, stack
	EvGoBlock             Type = 20 // reason, stack
	EvGoUnblock           Type = 21 // goroutine, sequence, stack
	EvGoSyscallBegin      Type = 22 // sequence of the proc, stack
	EvGoSyscallEnd        Type = 23
	EvGoSyscallEndBlocked Type = 24
	EvGoStatus            Type = 25 // goroutine, thread, status

	EvSTWBegin           Type = 26 // reason, stack
	EvSTWEnd             Type = 27
	EvGCActive           Type = 28 // sequence
	EvGCBegin            Type = 29 // sequence, stack
	EvGCEnd              Type = 30 // sequence
	EvGCSweepActive      Type = 31 // proc
	EvGCSweepBegin       Type = 32 // stack
	EvGCSweepEnd         Type = 33 // bytes swept, bytes reclaimed
	EvGCMarkAssistActive Type = 34 // goroutine
	EvGCMarkAssistBegin  Type = 35 // stack
	EvGCMarkAssistEnd    Type = 36
	EvHeapAlloc          Type = 37 // bytes
	EvHeapGoal           Type = 38 // bytes

	EvGoLabel         Type = 39 // label
	EvUserTaskBegin   Type = 40 // task, parent, type, stack
	EvUserTaskEnd     Type = 41 // task, stack
	EvUserRegionBegin Type = 42 // task, type, stack
	EvUserRegionEnd   Type = 43 // task, type, stack
	EvUserLog         Type = 44 // task, category, message, stack

	EvGoSwitch        Type = 45 // goroutine, sequence
	EvGoSwitchDestroy Type = 46 // goroutine, sequence
	EvGoCreateBlocked Type = 47 // goroutine, its stack, stack
	EvGoStatusStack   Type = 48 // goroutine, thread, status, stack

	// Experimental events (GODEBUG=traceallocfree=1).
	EvSpan                Type = 128 // id, pages, kind
	EvSpanAlloc           Type = 129 // id, pages, kind
	EvSpanFree            Type = 130 // id
	EvHeapObject          Type = 131 // id, type
	EvHeapObjectAlloc     Type = 132 // id, type
	EvHeapObjectFree      Type = 133 // id
	EvGoroutineStack      Type = 134 // id, order
	EvGoroutineStackAlloc Type = 135 // id, order
	EvGoroutineStackFree  Type = 136 // id

	// EvSync is no event of the wire: it begins a generation, and ends a trace.
	EvSync Type = 255
)

// Limits of the format (tracev2.MaxBatchSize, …).
const (
	maxBatchSize  = 64 << 10
	maxStringSize = 1 << 10
	maxFrames     = 128
	maxArgs       = 4
)

// notTimed marks types that are no events, or that cannot stand in a batch of
// events.
const notTimed = 0xff

// argCounts has the number of arguments of each type of event, without its
// time.
var argCounts = func() (counts [256]uint8) {
	for i := range counts {
		counts[i] = notTimed
	}
	for n, types := range [maxArgs + 1][]Type{
		0: {EvProcStop, EvGoDestroy, EvGoDestroySyscall, EvGoSyscallEnd, EvGoSyscallEndBlocked, EvSTWEnd,
			EvGCMarkAssistEnd},
		1: {EvGoCreateSyscall, EvGCActive, EvGCEnd, EvGCSweepActive, EvGCSweepBegin, EvGCMarkAssistActive,
			EvGCMarkAssistBegin, EvHeapAlloc, EvHeapGoal, EvGoLabel, EvSpanFree, EvHeapObjectFree,
			EvGoroutineStackFree},
		2: {EvProcsChange, EvProcStart, EvProcStatus, EvGoStart, EvGoStop, EvGoBlock, EvGoSyscallBegin,
			EvSTWBegin, EvGCBegin, EvGCSweepEnd, EvUserTaskEnd, EvGoSwitch, EvGoSwitchDestroy,
			EvHeapObject, EvHeapObjectAlloc, EvGoroutineStack, EvGoroutineStackAlloc},
		3: {EvProcSteal, EvGoCreate, EvGoUnblock, EvGoStatus, EvUserRegionBegin, EvUserRegionEnd,
			EvGoCreateBlocked, EvSpan, EvSpanAlloc},
		4: {EvUserTaskBegin, EvUserLog, EvGoStatusStack},
	} {
		for _, t := range types {
			counts[t] = uint8(n)
		}
	}
	return counts
}()

// uvarint reads a varint from the start of b. n is its length, 0 if b ends
// within it or it does not fit into 64 bits.
func uvarint(b []byte) (v uint64, n int) {
	var shift uint
	for i, c := range b {
		if c < 0x80 {
			if i > 9 || i == 9 && c > 1 {
				return 0, 0
			}
			return v | uint64(c)<<shift, i + 1
		}
		if i >= 9 {
			return 0, 0
		}
		v |= uint64(c&0x7f) << shift
		shift += 7
	}
	return 0, 0
}
