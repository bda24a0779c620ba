// Package export delivers OTLP spans to a back end, by the clients of the
// OpenTelemetry SDK's exporters: over gRPC, or over HTTP as protobuf or JSON.
//
// An [Exporter] is a writer: what package otlp writes to it in its binary
// format is turned back into messages and sent, in batches of a bounded size.
//
//	client, err := export.Target{URL: "http://localhost:4317"}.NewClient(export.Retry{})
//	e, err := export.New(ctx, client, export.Options{})
//	_, err = convert.Run(ctx, trace, convert.Options{}, otlp.New(e, otlp.Options{Format: otlp.Binary}))
//	report, err := e.Close()
//
// # What becomes of a batch
//
// A batch that the back end finds too large is halved and sent again, and those
// that follow are made no larger. One that meets an outage (gRPC's Unavailable
// and its kin, HTTP's 429, 502, 503 and 504, a broken connection) is sent again
// for a while, see [Retry], as the back end's Retry-After or RetryInfo has it;
// after that the back end is given up, and nothing more is sent. One that HTTP
// answers with success but with a body of another content type has not arrived:
// a proxy, a captive portal or another server has it, and nothing more is sent.
// Any other refusal fails the batch alone. Spans of which the back end says, in a partial
// success, that it rejected them are counted and never sent again.
//
// Spans may arrive twice, when the answer to a batch is lost; their ids are the
// same, which is for back ends to notice.
package export
