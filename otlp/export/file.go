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
	"maps"
	"slices"
	"strings"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/otlp"
)

// pieceSize is the most bytes that FileWriter encodes at once, if they are not of
// a single span: little memory, and soon written.
const pieceSize = 128 << 10

// FileWriter returns a function for Options.Failed that writes batches to w, as
// files of package otlp: [Exporter.Send] and the Collector read them. A large
// batch is written in pieces.
func FileWriter(w io.Writer, f otlp.Format) func([]*tracepb.ResourceSpans) error {
	var write func([]*tracepb.ResourceSpans) error
	write = func(batch []*tracepb.ResourceSpans) error {
		if sizeOf(batch) > pieceSize && countSpans(batch) > 1 {
			a, b := halve(batch)
			if err := write(a); err != nil {
				return err
			}
			return write(b)
		}
		data := &tracepb.TracesData{ResourceSpans: batch}
		b, err := proto.Marshal(data)
		if f == otlp.JSONL {
			b, err = marshalSpans(data)
		}
		return writeEncoded(w, b, err)
	}
	return write
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
// the first byte. Lines that are bad do not keep others from being delivered; the
// error says which they are. Other errors are those of r, and of Write.
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
	return eachLine(b, func(line []byte) error {
		data, err := UnmarshalJSON(line)
		switch {
		case err != nil:
			return badLine{plainSpaces(err)}
		case len(data.ResourceSpans) == 0:
			return holdsOther(line, "resourceSpans", "spans")
		}
		for _, rs := range data.ResourceSpans {
			e.add(rs, proto.Size(rs))
		}
		return e.err
	})
}

// A badLine is the error of a line that is not what it should be. Others may be.
type badLine struct{ error }

// plainSpaces makes a line of what protojson says, which varies its spaces so that
// nobody relies on it.
func plainSpaces(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\u00a0", " "))
}

// eachLine calls take with each line that is not empty. Lines that are bad are
// left out: the error, once all are read, is that of the first, and says how many
// there are.
func eachLine(b *bufio.Reader, take func(line []byte) error) error {
	var first error
	bad := 0
	for n := 1; ; n++ {
		line, readErr := b.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			err := take(line)
			if _, is := err.(badLine); is {
				if bad++; bad == 1 {
					first = fmt.Errorf("otlp/export: line %d: %w", n, err)
				}
			} else if err != nil {
				return err
			}
		}
		switch {
		case readErr == io.EOF && bad > 1:
			return fmt.Errorf("%w (and %d more lines are bad)", first, bad-1)
		case readErr == io.EOF:
			return first
		case readErr != nil:
			return readErr
		}
	}
}

// holdsOther returns an error if a line without what it should hold, under that
// name, holds anything else.
func holdsOther(line []byte, name, what string) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return badLine{err}
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if key != name {
			return badLine{fmt.Errorf("it holds no %s, but %s", what, key)}
		}
	}
	return nil
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
