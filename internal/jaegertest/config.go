package jaegertest

import "fmt"

// Config returns the configuration of a Jaeger that serves its user interface,
// its queries over gRPC, and OTLP over gRPC and HTTP at these addresses, and
// nothing else. It keeps spans in memory, and stores what it takes before it
// answers.
func Config(ui, query, otlpGRPC, otlpHTTP string) []byte {
	return fmt.Appendf(nil, config, ui, query, otlpGRPC, otlpHTTP)
}

const config = `
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}
  telemetry:
    metrics: {level: none}
    logs: {level: warn}
extensions:
  jaeger_storage:
    backends: {memory: {memory: {max_traces: 1000000}}}
  jaeger_query:
    storage: {traces: memory}
    http: {endpoint: %s}
    grpc: {endpoint: %s}
receivers:
  otlp:
    protocols:
      grpc: {endpoint: %s}
      http: {endpoint: %s}
exporters:
  jaeger_storage_exporter: {trace_storage: memory}
`
