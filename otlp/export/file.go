package export

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/otlp"
)

// FileWriter returns a function for Options.Failed that writes batches to w, as
// files of package otlp: [Exporter.Send] and the Collector read them.
func FileWriter(w io.Writer, f otlp.Format) func([]*tracepb.ResourceSpans) error {
	return func(batch []*tracepb.ResourceSpans) error {
		data := &tracepb.TracesData{ResourceSpans: batch}
		b, err := proto.Marshal(data)
		if f == otlp.JSONL {
			b, err = marshalSpans(data)
		}
		return writeEncoded(w, b, err)
	}
}

// MetricsFileWriter is FileWriter for MetricsOptions.Failed.
func MetricsFileWriter(w io.Writer, f otlp.Format) func([]*metricspb.ResourceMetrics) error {
	return func(batch []*metricspb.ResourceMetrics) error {
		data := &metricspb.MetricsData{ResourceMetrics: batch}
		b, err := proto.Marshal(data)
		if f == otlp.JSONL {
			b, err = marshalLine(data)
		}
		return writeEncoded(w, b, err)
	}
}

// writeEncoded writes b, unless err says that there is none.
func writeEncoded(w io.Writer, b []byte, err error) error {
	if err != nil {
		return fmt.Errorf("otlp/export: %w", err)
	}
	_, err = w.Write(b)
	return err
}

// Send delivers a file of OTLP spans: JSON lines or binary, which it tells by
// the first byte.
func (e *Exporter) Send(r io.Reader) error {
	b := bufio.NewReaderSize(r, 1<<20)
	head, err := b.Peek(1)
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	case head[0] != '{':
		_, err := io.Copy(e, b)
		return err
	}
	for n := 1; ; n++ {
		line, err := b.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			data, err := UnmarshalJSON(line)
			if err != nil {
				e.err = fmt.Errorf("otlp/export: line %d: %w", n, err)
				return e.err
			}
			for _, rs := range data.ResourceSpans {
				if e.err = e.add(rs, proto.Size(rs)); e.err != nil {
					return e.err
				}
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// OTLP's JSON is protobuf's, but for ids in hex and enums as numbers
// (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"). Where OTLP has
// hex, protojson has base64; so let it take the hex for base64: the ids of 16
// and 8 bytes are 32 and 16 hex digits, from which base64 makes 24 and 12 bytes
// and back, nothing lost.

// marshalSpans returns a line of OTLP JSON.
func marshalSpans(data *tracepb.TracesData) ([]byte, error) {
	data = proto.CloneOf(data)
	err := eachID(data, func(id []byte) ([]byte, error) {
		return base64.StdEncoding.DecodeString(hex.EncodeToString(id))
	})
	if err != nil {
		return nil, err
	}
	return marshalLine(data)
}

// marshalLine returns a line of OTLP JSON of what has no ids.
func marshalLine(m proto.Message) ([]byte, error) {
	b, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var line bytes.Buffer // protojson varies its spaces
	if err := json.Compact(&line, b); err != nil {
		return nil, err
	}
	line.WriteByte('\n')
	return line.Bytes(), nil
}

// UnmarshalJSON reads OTLP JSON: a line of a file of package otlp, say.
func UnmarshalJSON(line []byte) (*tracepb.TracesData, error) {
	data := new(tracepb.TracesData)
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(line, data); err != nil {
		return nil, err
	}
	return data, eachID(data, func(id []byte) ([]byte, error) {
		return hex.DecodeString(base64.StdEncoding.EncodeToString(id))
	})
}

var errID = errors.New("an id is not of 16 or 8 bytes in hex")

// eachID replaces all ids. The zero id is none.
func eachID(data *tracepb.TracesData, f func([]byte) ([]byte, error)) error {
	replace := func(ids ...*[]byte) error {
		for _, id := range ids {
			b, err := f(*id)
			if err != nil {
				return errID
			}
			*id = b
		}
		return nil
	}
	for _, rs := range data.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				if err := replace(&s.TraceId, &s.SpanId, &s.ParentSpanId); err != nil {
					return err
				}
				for _, l := range s.Links {
					if err := replace(&l.TraceId, &l.SpanId); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
