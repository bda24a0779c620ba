// Package perfetto writes a Go execution trace as a Perfetto trace, for the
// Perfetto UI and for trace_processor's SQL.
//
// # Layout
//
//   - A process for each start function, a thread in it for each goroutine that
//     runs it, a CPU for each P. The states of goroutines are thread states, so
//     that the views and tables that Perfetto has for an operating system's
//     scheduler (sched, thread_state, "CPU Scheduling") work for Go's.
//   - On a goroutine's own track: its waits, named by reason, with the stack
//     where it blocked and, at their end, who woke it from where; its syscalls,
//     mark assists and regions; its logs, its creation and the modes of GC
//     workers as instants.
//   - A process "Go runtime" for the rest: GC cycles and mark phases, stops of
//     the world, sweeps by P, the counters.
//   - A process "OS threads" with a track for each M: what it ran.
//   - A process "Tasks" with a track for each type of task; tasks begun within
//     a task lie on tracks below its own.
//
// docs/perfetto.md describes it for users. [LayoutProcs] is another layout.
//
// A goroutine's states map to those of threads so:
//
//	Running, and Syscall while the P is kept   Running, on the CPU of the P
//	Runnable                                   R   runnable
//	Waiting                                    S   interruptible sleep
//	SyscallBlocked                             D   uninterruptible sleep
//	Running, but the trace does not say where  T   stopped
//	ended                                      X   destroyed
//
// T claims no CPU that nobody saw; an instant on the goroutine's track says
// what it means. A goroutine that lives at the end of the trace gets a last
// state there, of no length: R if it ran, its own otherwise. That ends the
// state before it, which trace_processor would leave open (dur = -1).
//
// The clock of the trace is the file's MONOTONIC, and REALTIME, where the
// trace has wall times, follows it.
//
// # Versions
//
// Files load without error in Perfetto v55 and later. What came after that
// (state tracks, stack samples, thread order) is not used: older
// trace_processors count it as errors.
package perfetto
