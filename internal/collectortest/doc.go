// Package collectortest reads OTLP files back with the OpenTelemetry
// Collector's own library, which the otlpjsonfile receiver and the OTLP
// receivers use. It is a module of its own, so that nobody who uses ours has
// to take the Collector with it.
package collectortest
