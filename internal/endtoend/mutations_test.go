package endtoend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/stats"
)

// The damage that TestCuts, TestBitFlips and TestEdits do, the same on each run.
const (
	cuts  = 200
	flips = 2000
	edits = 500
	seed  = 20261123
)

// mutable returns small traces of all formats that differ in their decoding.
// The larger ones are left out for time's sake: a mutation of them takes
// longer, and finds no more.
func mutable(t *testing.T) [][]byte {
	var traces [][]byte
	for _, name := range []string{
		"go1.26.8-annotations-stress.trace", "go1.26.8-iter-pull.trace", "go1.26.8-wait-on-pipe.trace",
		"go1.24.0-annotations.trace", "go1.22.0-annotations-stress.trace",
		"user_task_region_1_21_good", "user_task_region_1_11_good", "http_1_19_good",
	} {
		data, err := os.ReadFile(filepath.Join(fixtures.Root(t), "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		traces = append(traces, data)
	}
	return traces
}

// TestCuts cuts traces off anywhere: what is left converts, or is refused, and
// every byte is accounted for.
func TestCuts(t *testing.T) {
	random := rand.New(rand.NewPCG(seed, 1))
	traces := mutable(t)
	var kept int
	for i := range cuts {
		data := traces[i%len(traces)]
		at := random.IntN(len(data))
		if mutated(t, fmt.Sprintf("trace %d cut at %d", i%len(traces), at), data[:at]) {
			kept++
		}
	}
	t.Logf("%d of %d were converted in part", kept, cuts)
	if kept == 0 || kept == cuts {
		t.Error("the cuts are of one kind")
	}
}

// TestBitFlips changes single bits of traces anywhere.
func TestBitFlips(t *testing.T) {
	random := rand.New(rand.NewPCG(seed, 2))
	traces := mutable(t)
	n := flips
	if testing.Short() {
		n /= 10
	}
	var kept int
	for i := range n {
		data := bytes.Clone(traces[i%len(traces)])
		bit := random.IntN(8 * len(data))
		data[bit/8] ^= 1 << (bit % 8)
		if mutated(t, fmt.Sprintf("trace %d with bit %d flipped", i%len(traces), bit), data) {
			kept++
		}
	}
	t.Logf("%d of %d were converted", kept, n)
	if kept == 0 || kept == n {
		t.Error("the flips are of one kind")
	}
}

// TestEdits changes, takes out and puts in some bytes here and there.
func TestEdits(t *testing.T) {
	random := rand.New(rand.NewPCG(seed, 3))
	traces := mutable(t)
	n := edits
	if testing.Short() {
		n /= 10
	}
	for i := range n {
		data := bytes.Clone(traces[i%len(traces)])
		for range 1 + random.IntN(10) {
			at := 16 + random.IntN(len(data)-16) // past the header
			some := make([]byte, 1+random.IntN(20))
			for j := range some {
				some[j] = byte(random.Uint32())
			}
			end := min(at+len(some), len(data))
			switch random.IntN(4) {
			case 0:
				data = slices.Delete(data, at, end)
			case 1:
				data = slices.Insert(data, at, some...)
			default:
				data[at] = some[0]
			}
		}
		mutated(t, fmt.Sprintf("trace %d, edit %d", i%len(traces), i), data)
	}
}

// mutated converts a damaged trace to every output. Either it is refused with a
// clear error, or the records keep their contract (see [sinktest.Checker]) and
// every output can be read back by others. It reports which.
func mutated(t *testing.T, what string, data []byte) bool {
	t.Helper()
	outs := append(outputs(),
		output{"stats text", func(w io.Writer) convert.Sink { return stats.New(w, stats.Options{}) }},
		output{"stats json", func(w io.Writer) convert.Sink { return stats.New(w, stats.Options{Format: stats.JSON}) }},
		output{"stats html", func(w io.Writer) convert.Sink { return stats.New(w, stats.Options{Format: stats.HTML}) }},
	)
	s, texts, err := run(data, 0, outs)
	var refused *convert.InputError
	switch {
	case errors.As(err, &refused):
		if defect.MatchString(err.Error()) {
			t.Errorf("%s: %v", what, err)
		}
		return false
	case err != nil:
		t.Errorf("%s: %v", what, err)
		return false
	}
	if l := s.Loss; l != nil {
		if l.Bytes < 0 || l.Bytes > s.Bytes || s.Bytes > int64(len(data)) || defect.MatchString(l.Err.Error()) {
			t.Errorf("%s: lost is %d of %d bytes, given %d: %v", what, l.Bytes, s.Bytes, len(data), l.Err)
		}
	} else if s.Bytes != int64(len(data)) {
		t.Errorf("%s: %d of %d bytes were read, and nothing is lost", what, s.Bytes, len(data))
	}
	for i, o := range outs {
		if err := readBack(o.name, texts[i]); err != nil {
			t.Errorf("%s: %s: %v", what, o.name, err)
		}
	}
	if !strings.HasPrefix(s.Version, "go 1.1") && s.Version != "go 1.21" { // see TestSameBytes
		_, again, err := run(data, 7, outs[:3])
		if err != nil {
			t.Errorf("%s: the second time, %v", what, err)
		}
		for i := range again {
			if again[i] != texts[i] {
				t.Errorf("%s: %s: the second time, the bytes are others", what, outs[i].name)
			}
		}
	}
	return true
}

// defect matches what an error says if there was a panic.
var defect = regexp.MustCompile(`(?i)panic|runtime error|nil pointer|out of range \[`)

// readBack reads an output with a library that is not ours.
func readBack(name, text string) error {
	format, _, _ := strings.Cut(name, " ")
	switch {
	case text == "":
		return errors.New("it is empty")
	case format == "pprof":
		p, err := profile.ParseData([]byte(text))
		if err != nil {
			return err
		}
		return p.CheckValid()
	case name == "otlp binary":
		spans := new(tracepb.TracesData)
		if err := proto.Unmarshal([]byte(text), spans); err != nil {
			return err
		}
		return checkSpans(spans)
	case name == "otlp jsonl":
		for line := range strings.Lines(text) {
			// The library takes ids, which are hexadecimal, for base64; their
			// values are not asked for.
			if err := protojson.Unmarshal([]byte(line), new(tracepb.TracesData)); err != nil {
				return err
			}
		}
	case name == "stats json" && !json.Valid([]byte(text)):
		return errors.New("it is no JSON")
	case format == "perfetto":
		return packets([]byte(text))
	}
	return nil
}

// packets walks the packets of a Perfetto trace.
func packets(b []byte) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || num != 1 || typ != protowire.BytesType {
			return fmt.Errorf("field %d of type %d where a packet is to be", num, typ)
		}
		b = b[n:]
		packet, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		for len(packet) > 0 {
			_, _, n := protowire.ConsumeField(packet)
			if n < 0 {
				return protowire.ParseError(n)
			}
			packet = packet[n:]
		}
	}
	return nil
}
