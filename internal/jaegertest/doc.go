// Package jaegertest sends spans to a real Jaeger and asks it for them. It
// builds Jaeger from the Go module proxy, in a module of its own with Jaeger's
// own go.mod and go.sum, and keeps the binary under the user's cache folder.
// That takes a gigabyte of modules and some minutes, so the tests run only where
// TRACE2OTEL_JAEGER=1 asks for it, as make jaeger-test does.
package jaegertest
