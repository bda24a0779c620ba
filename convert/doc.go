// Package convert is the engine of trace2otel: it reads a Go execution trace
// once and feeds what the runtime did to any number of output formats.
//
// # The flow
//
//	input → source → engine ─ batches of records ─┬→ sink → output
//	        └── one goroutine owns all state ──┘   └→ sink → output
//
// A source turns the decoder's events into plain values. The engine passes
// each to the state machine concerned: of goroutines, procs, ranges (garbage
// collection, stops of the world) or tasks. These emit records: the beginning
// and the end of every state of every goroutine and proc, of syscalls, GC
// cycles, tasks and regions; logs, metrics and CPU samples. Records travel in
// batches, which all sinks share, to one goroutine per sink.
//
// [Run] does it all. The contract of an output format is in [Record], [Batch]
// and [Sink]; a format needs nothing else, and knows nothing of the decoder.
//
// # What holds
//
// Time is conserved: the states of a goroutine tile its life, from its
// creation or the first Sync of the trace to its exit or the last event, with
// no gap and no overlap. What was under way when the trace began or ended is
// there and flagged, [OpenStart] or [OpenEnd].
//
// Nothing is invented: a wait that was under way at the start has no reason,
// because a status carries none, and a trace before Go 1.25 has no date.
//
// Nothing is lost in silence: [Summary] says in Loss what of the input could
// not be converted.
//
// Memory is bounded by the largest generation of the trace, its live
// goroutines, open tasks and distinct stacks, not by its length. (Traces
// before Go 1.22 have no generations, and the decoder holds them whole.)
package convert
