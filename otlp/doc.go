// Package otlp writes a Go execution trace as OTLP spans: a file of OTLP JSON
// lines, or of binary TracesData, as the OpenTelemetry Collector reads them.
//
// # The model
//
// A span is an interval of the execution trace. The spans of one execution
// trace make several OpenTelemetry traces, each small enough for a back end to
// show:
//
//   - The run: a root span for the execution trace, with a span for each proc
//     and for each stop of the world that is not the garbage collector's.
//   - One for each goroutine start function: a root span of the function's
//     name, with a span for each observed life of a goroutine and, below it,
//     its system calls, and its regions and logs that belong to no task. Every
//     1,000 goroutines begin another.
//   - One for garbage collection: a root span, with a span for each cycle and
//     below it the mark phase, the stops of the world and the mark assists.
//     Every 500 cycles begin another.
//   - One for each root task: its span, with the spans of its subtasks, and of
//     the regions of all of them. Logs are span events.
//
// The attributes of a goroutine's span say how its life divides up into states,
// and its waits into reasons: these sum up to the life, to the nanosecond.
//
// # Bounds
//
// An OpenTelemetry trace has at most [Options.MaxSpans] spans and
// [Options.MaxBytes] bytes. What does not fit is folded: counted, with its
// duration, on the span that would have been its parent. Goroutines and root
// tasks always have spans.
//
// # Determinism
//
// Ids are hashes of the run and of what the span is about: converting a trace
// again gives the same ids. docs/otlp-schema.md lists all names.
package otlp
