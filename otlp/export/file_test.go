package export_test

import (
	"bytes"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/trace2otel/trace2otel/internal/otlpserver"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// What failed can be sent again from either kind of file, and so can the files
// of package otlp.
func TestFiles(t *testing.T) {
	binary, lines := traceSpans(t, otlp.Binary), traceSpans(t, otlp.JSONL)
	want := decode(t, binary)

	nowhere := export.Target{URL: otlpserver.Refusing(t)}
	var failedLines, failedBinary bytes.Buffer
	toLines, toBinary := export.FileWriter(&failedLines, otlp.JSONL), export.FileWriter(&failedBinary, otlp.Binary)
	batches := 0
	report := deliver(t, nowhere, export.Options{BatchSize: 300_000, Retry: export.Retry{For: -1}, Failed: func(batch []*tracepb.ResourceSpans) error {
		batches++
		if err := toLines(batch); err != nil {
			return err
		}
		return toBinary(batch)
	}}, binary)
	counts(t, report, 0, 0, int64(len(want)))
	if n := bytes.Count(failedLines.Bytes(), []byte("\n")); batches < 2 || n <= batches {
		t.Errorf("%d batches of %d bytes are kept in %d lines", batches, len(binary), n)
	}

	for name, file := range map[string][]byte{
		"binary": binary, "lines": lines, "failed binary": failedBinary.Bytes(), "failed lines": failedLines.Bytes(),
		"last line without an end": bytes.TrimSuffix(lines, []byte("\n")),
	} {
		t.Run(name, func(t *testing.T) {
			s := otlpserver.Start(t, otlpserver.Options{})
			e := start(t, t.Context(), export.Target{URL: s.GRPC, Protocol: export.GRPC}, export.Options{Retry: quick})
			if err := e.Send(bytes.NewReader(file)); err != nil {
				t.Fatal(err)
			}
			report, err := e.Close()
			if err != nil {
				t.Fatal(err)
			}
			counts(t, report, int64(len(want)), 0, 0)
			if !equal(s.Spans(), want) {
				t.Error("what arrived is not what the file has")
			}
		})
	}
}

func TestEmptyFile(t *testing.T) {
	s := otlpserver.Start(t, otlpserver.Options{})
	e := start(t, t.Context(), export.Target{URL: s.HTTP}, export.Options{})
	if err := e.Send(new(bytes.Buffer)); err != nil {
		t.Error(err)
	}
	if report, err := e.Close(); err != nil || report != (export.Report{}) || len(s.Requests()) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
