package main

import "github.com/trace2otel/trace2otel/stats"

const rootLong = `trace2otel says what a Go program waited for: it analyses execution traces, and
converts them to what other tools open:

  perfetto  a timeline, for https://ui.perfetto.dev
  otlp      spans, for Jaeger and other OpenTelemetry back ends
  pprof     profiles of where goroutines spent their time, for go tool pprof
  stats     an analysis, to read or as JSON; diff compares traces by it

Traces come from runtime/trace, go test -trace, /debug/pprof/trace and the
flight recorder, of every Go since 1.11. They may be URLs, compressed by gzip or
zstd, in zip and tar archives, and damaged: what can be read is converted, and
the loss is said.

Outputs go to standard output or to files, messages to standard error. Files
appear under their names when they are whole.

Exit codes:
  0    all is converted
  1    an input gave nothing, took longer than --timeout or would write
       more than --max-output, an output could not be written,
       or no span could be delivered;
       with --strict, also if anything was lost
  2    the command line is wrong, and nothing was done
  3    converted, but not everything: a trace is damaged,
       or lacks what one of several outputs needs,
       or some spans could not be delivered
  4    an assertion does not hold
  128+ ended by a signal: 130 by Ctrl-C, 143 by SIGTERM,
       141 when the reader of standard output went away
If several apply to a run, it is the first in the order 2, 1, 4, 3.`

const rootExample = `  trace2otel stats trace.out
  trace2otel view trace.out
  trace2otel perfetto trace.out -o timeline.pftrace
  trace2otel otlp trace.out -o spans.otlp.jsonl
  trace2otel otlp trace.out --endpoint http://localhost:4317
  trace2otel pprof trace.out --kind sched -o sched.pb.gz
  trace2otel convert *.trace --to perfetto,otlp,pprof,stats --out converted
  trace2otel diff before.trace after.trace
  trace2otel perfetto 'http://localhost:6060/debug/pprof/trace?seconds=5' -o live.pftrace`

const perfettoLong = `Write a timeline for the Perfetto UI: what ran on each P, what each goroutine
did and waited for, with call stacks and with who woke it from where, the GC,
tasks and regions, the heap and the number of goroutines.

Open the file at https://ui.perfetto.dev; it does not leave your machine. SQL on
it: see trace_processor at https://perfetto.dev/docs.`

const perfettoExample = `  trace2otel perfetto trace.out -o timeline.pftrace
  trace2otel perfetto trace.out.gz > timeline.pftrace
  trace2otel perfetto go1.22.trace --start mtime -o dated.pftrace`

const viewLong = `Convert a trace to a Perfetto timeline and open it in the Perfetto UI.

The UI's page, https://ui.perfetto.dev, fetches the timeline from this program,
which serves it at 127.0.0.1:9001 and ends when that is done. The timeline does
not leave your machine, and no other page can fetch it. The link is printed, for
the case that no browser opens; who has it can fetch the timeline, too.

INPUT is a trace, plain or compressed by gzip or zstd, or the URL of one; - is
standard input. It may be a zip or tar archive of one trace, or ARCHIVE!NAME.`

const viewExample = `  trace2otel view trace.out
  trace2otel view trace.out --from 2s --to 3s --wakers
  trace2otel view 'http://localhost:6060/debug/pprof/trace?seconds=5'
  curl -s localhost:6060/debug/pprof/trace?seconds=5 | trace2otel view - --no-browser`

const otlpLong = `Write OTLP spans, for Jaeger and other OpenTelemetry back ends: tasks with their
regions and logs, goroutines, procs, system calls and the GC. A back end's user
interface fails on traces of many thousand spans: --max-spans bounds each, and
what is folded away for it is counted on its parent.

Spans have dates. Traces carry the time of day since Go 1.25; older ones need
--start, and are refused without.

With --endpoint or --export, the spans are sent, and written only if there is -o
too. The variables OTEL_EXPORTER_OTLP_* configure how they are sent (headers,
certificates, compression, timeout), but never cause it. What a back end rejects
is counted; what does not arrive can be kept by --failed-out. The last line says
how many spans were sent, rejected, failed.`

const otlpExample = `  trace2otel otlp trace.out -o spans.otlp.jsonl
  trace2otel otlp trace.out --service checkout -o spans.otlp.binpb
  trace2otel otlp trace.out --endpoint http://localhost:4317
  trace2otel otlp trace.out --export --failed-out failed.otlp.jsonl
  trace2otel otlp go1.22.trace --start 2026-01-31T15:04:05Z > spans.otlp.jsonl
  trace2otel otlp go1.22.trace --start mtime > spans.otlp.jsonl`

const sendLong = `Send a file of OTLP spans to a back end: what trace2otel otlp has written or, as
--failed-out, could not deliver, or OTLP of another program. Metrics, as
otlp --metrics writes them, are sent too; binary ones need .otlp-metrics. in the
file's name.

FILE is OTLP JSON lines or protobuf, plain or compressed by gzip or zstd; - is
standard input. Sending spans twice does no harm where their ids are heeded.`

const sendExample = `  trace2otel send failed.otlp.jsonl --endpoint http://localhost:4317
  trace2otel send spans.otlp.binpb --export --failed-out failed.otlp.jsonl`

const pprofLong = `Write a profile of where goroutines spent their time, for go tool pprof. --kind
selects what it counts:

%s
Profiles are complete: what lasted until the end of the trace counts until then,
and a wait to be run counts from the goroutine's creation on. --compat gotool
counts what go tool trace -pprof counts instead, which is less.

Running time (run, wall) counts at the stack where the goroutine was next seen:
where it stopped running, was sampled by the CPU profiler, or began or ended a
region or a task. So it says how far a goroutine got with it, and not, as a CPU
profile does, what exactly it did.

Samples have the labels goroutine_func, state, reason, task, region, and open
for what the start or the end of the trace cut. --goroutine, --task, --region,
--from and --to restrict a profile to a part of all time: what is only partly
within counts with that part.`

const pprofExample = `  trace2otel pprof trace.out --kind sched -o sched.pb.gz
  trace2otel pprof trace.out --kind wait > wait.pb.gz; go tool pprof -top wait.pb.gz
  trace2otel pprof trace.out --kind wall --region '^render$' --from 2s -o render.pb.gz
  trace2otel pprof trace.out --kind sync --stack both --reason-frames -o sync.pb.gz
  trace2otel pprof trace.out --kind net --compat gotool -o net.pb.gz`

const statsLong = `Say where goroutines spent their time: by start function, by what they waited
for, with percentiles and the worst case of each; what the scheduler and the
garbage collector did; how long tasks, regions, system calls and network waits
took.

Sums hold all time seen. Percentiles, off by 1 % at most, and maxima are of
intervals whose beginning and end are both in the trace.

--format html writes one page for a browser, with charts and tables that can be
sorted. It loads nothing from anywhere.`

const statsExample = `  trace2otel stats trace.out
  trace2otel stats trace.out --goroutine '^main\.' --from 2s
  trace2otel stats trace.out --goroutine 17
  trace2otel stats trace.out --format json | jq .scheduler.latency
  trace2otel stats trace.out -o trace.html
  trace2otel stats trace.out --assert 'sched.p99 < 5ms' --assert 'gc.stw.max < 1ms'`

// assertLong says what --assert takes.
const assertLong = `

--assert holds a bound against what was measured, and exits with 4 if it is not
kept:

` + stats.Measures + `

A trace that is damaged, or in which too little happened for the figure to mean
anything, does not pass, unless --allow-partial.`

const diffLong = `Say what changed between traces: by start function, for what goroutines waited
and how long, in nanoseconds and in percent; tasks, regions, the scheduler, the
garbage collector.

OLD and NEW are each a trace, the JSON of trace2otel stats, or a folder of
such; of several on a side, name all of the old, then --, then all of the new.
With several on both sides, medians are compared, and a significance test
(Mann-Whitney U, as benchstat does it) tells what chance explains: that is left
out, or comes last. Four on each side is the least that can show anything.`

const diffExample = `  trace2otel diff before.trace after.trace
  trace2otel diff --per-second before.trace after.trace
  trace2otel diff old1.trace old2.trace old3.trace old4.trace -- new/
  trace2otel diff yesterday.stats.json after.trace --format json`

const singleLong = `

INPUT is a trace, plain or compressed by gzip or zstd, or the URL of one; - is
standard input. It may be a zip or tar archive of one trace, or ARCHIVE!NAME.
FILE appears, or is replaced, when it is whole. Without -o, the output goes to
standard output.`

const convertLong = `Write several outputs of one or more traces. Each trace is read once, whatever
the number of outputs.

INPUT is a trace, plain or compressed by gzip or zstd; a folder, which is
searched for traces, and links in it followed; a pattern like 'traces/*.trace';
a zip or tar archive, perhaps compressed, or a trace in one, ARCHIVE!NAME;
a URL, like that of a program's /debug/pprof/trace; or - for standard input.
Outputs are named after the trace, without .gz or .zst and then .trace or .out,
or after the URL's host; those of a folder or an archive lie as the traces lie
in it, those of an archive in a folder named after it:

%s
A trace that cannot be converted does not stop the others. A trace without
dates (before Go 1.25), without --start, makes no OTLP; its other outputs are
written, and the exit code is 3.

An input whose outputs would have the names of another's (x.trace beside
x.trace.gz, or one named twice) is an error of its own. Nothing is done if an
output exists already (exit code 1) and there is no --force.

--report, --junit and --annotations say what became of each input, for machines.`

const convertExample = `  trace2otel convert trace.out --to perfetto,otlp,pprof --out converted
  trace2otel convert traces --to perfetto,stats --out converted --report report.json
  trace2otel convert build.zip --to perfetto,stats --out converted
  trace2otel convert a.trace b.trace.gz c.trace.zst --to perfetto --out timelines
  trace2otel convert *.trace --to pprof --kind sync,sched --out profiles --force
  trace2otel convert *.trace --to stats --out stats --assert 'sched.p99 < 5ms'
  trace2otel convert old/*.trace --to otlp --start mtime --strict --out spans`
