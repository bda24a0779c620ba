// Package otlpserver is a back end for tests: it takes OTLP traces over gRPC
// and HTTP, on loopback, and does what real back ends do on bad days. What it
// answers, the test says, request by request.
package otlpserver
