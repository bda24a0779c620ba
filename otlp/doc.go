// Package otlp writes a Go execution trace as OTLP spans and metrics: files of
// OTLP JSON lines, or of binary TracesData and MetricsData, as the OpenTelemetry
// Collector reads them. Package [github.com/trace2otel/trace2otel/otlp/export]
// delivers what it writes.
//
// # The model
//
// A span is an interval of the execution trace. The spans of one execution
// trace make several OpenTelemetry traces, each small enough for a back end to
// show:
//
//   - The run: a root span for the execution trace, with a span for each proc
//     and for each stop of the world that is not the garbage collector's. It
//     links to the roots of the other traces, and they to it.
//   - One for each goroutine start function: a root span of the function's
//     name, with a span for each observed life of a goroutine and, below it,
//     its long waits and system calls, and its regions and logs that belong to
//     no task.
//   - One for garbage collection: a root span, with a span for each cycle and
//     below it the mark phase, the stops of the world and long mark assists.
//   - One for each root task: its span, with the spans of its subtasks, and of
//     the regions of all of them, and below those again their long waits and
//     system calls. Logs are span events.
//
// Goroutines, regions and tasks say where their time went, in attributes that
// exclude one another. Those of goroutines sum up to their lives, to the
// nanosecond; those of regions and tasks are other views of the same time.
//
// # Bounds
//
// An OpenTelemetry trace has at most [Options.MaxSpans] spans and
// [Options.MaxBytes] bytes. What does not fit is folded: counted, with its
// duration, on the span that would have been its parent. Goroutines, GC cycles
// and root tasks always have spans. Functions with many goroutines have several
// traces; a goroutine's place, and how much room it has there, follows from its
// number alone. So has the collector if its cycles do not fit into one.
//
// # Determinism
//
// Ids are hashes of the run and of what the span is about: converting a trace
// again gives the same ids. docs/otlp-schema.md lists all names.
package otlp
