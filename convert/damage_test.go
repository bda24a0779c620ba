package convert_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// TestDamage says what is kept of every kind of damaged input that is not
// repaired, and in which words the rest is reported. "fails" inputs yield
// nothing.
func TestDamage(t *testing.T) {
	tests := []struct {
		file       string
		fails      string // the error's text
		loss       string // of what is converted, if nothing is said under fails
		hint       string
		goroutines int64
		offset     int64
		bytes      int64
		broken     bool
	}{
		{file: "edge/empty.trace", fails: "the input is empty", hint: "was trace.Start called, and trace.Stop before the program ended?"},
		{file: "edge/hdr5.trace", fails: "the input ends after 5 bytes, within the header of a trace", hint: "was trace.Stop called?"},
		{file: "edge/json.trace", fails: `not a Go execution trace: it begins with "{\"json\":1}\n"`, hint: "traces come from runtime/trace, go test -trace and /debug/pprof/trace"},
		{file: "edge/hdr120.trace", fails: "trace format go 1.20 cannot be read", hint: "readable are the formats go 1.11, 1.19, 1.21, 1.22, 1.23, 1.25, 1.26"},
		{file: "edge/hdr124.trace", fails: "trace format go 1.24 cannot be read", hint: "readable are the formats go 1.11, 1.19, 1.21, 1.22, 1.23, 1.25, 1.26"},
		{file: "edge/future127.trace", fails: "trace format go 1.27 cannot be read", hint: "readable are the formats go 1.11, 1.19, 1.21, 1.22, 1.23, 1.25, 1.26"},
		{file: "http_1_5_good", fails: "trace format go 1.5 cannot be read", hint: "readable are the formats go 1.11, 1.19, 1.21, 1.22, 1.23, 1.25, 1.26"},
		{file: "edge/header-only123.trace", fails: "no complete generation", hint: "was trace.Stop called?"},
		{file: "edge/header-only126.trace", fails: "no complete generation", hint: "was trace.Stop called?"},
		{file: "go1.26.8-exit0.5.trace", fails: "no complete generation", hint: "was trace.Stop called?"},
		{file: "edge/mid126.trace", fails: "no complete generation: the trace is cut off within a batch", hint: "was the program killed, or the copy interrupted?"},
		{file: "hostile/fuzz-large-id.bin", fails: "no complete generation", hint: "was trace.Stop called?"},
		{file: "hostile/fuzz-invalid-proc-state.bin", fails: "no complete generation: generation 1 cannot be decoded: invalid status for proc 0: 69"},
		{file: "hostile/panic-1000021827.trace", fails: "no complete generation: after event 1 (t=0s, generation 1): malformed trace: runtime error: index out of range [9223372036854775808] with length 5"},
		{file: "edge/concat-123.trace", loss: "a second trace follows at byte 2853", hint: "split the file there: a trace is to have a file of its own", goroutines: 9, offset: 2853, bytes: 2853},
		{file: "edge/concat-126.trace", loss: "a second trace follows at byte 3524", hint: "split the file there: a trace is to have a file of its own", goroutines: 9, offset: 3524, bytes: 3524},
		{file: "edge/trailing-garbage123.trace", loss: "8 bytes that are no trace data follow at byte 2853: \"garbage\"", hint: "give the trace a file of its own, instead of what the program prints to", goroutines: 9, offset: 2853, bytes: 8},
		{file: "edge/trailing-garbage126.trace", loss: "8 bytes that are no trace data follow at byte 3524: \"garbage\"", hint: "give the trace a file of its own, instead of what the program prints to", goroutines: 9, offset: 3524, bytes: 8},
		{file: "edge/zeropad123.trace", loss: "zero bytes follow the trace from byte 2853 on", goroutines: 9, offset: 2853, bytes: 4096},
		{file: "edge/zeropad126.trace", loss: "zero bytes follow the trace from byte 3524 on", goroutines: 9, offset: 3524, bytes: 4096},
		{file: "hostile/panic-1000001108.trace", loss: "after event 74 (t=1.001508145s, generation 1): malformed trace: expected id 127 in string table", goroutines: 9, broken: true},
		{file: "hostile/panic-1000005757.trace", loss: "after event 38 (t=172.325µs, generation 1): malformed trace: expected id 12 in trace.stack table", goroutines: 6, broken: true},
		{file: "hostile/panic-7000012891.trace", loss: "after event 4 (t=127ns, generation 1): malformed trace: runtime error: index out of range [4294967296] with length 5", goroutines: 1, offset: 16, bytes: 83, broken: true},
		{file: "hostile/slow-7000002822.trace", loss: "after event 1428 (t=101.862656ms, generation 1): found invalid event type: 144", goroutines: 19, offset: 16, bytes: 69617, broken: true},
		{file: "text/go122-create-syscall-with-p.trace", loss: "after event 10 (t=511ns, generation 1): expected a proc but didn't have one", goroutines: 2, offset: 16, bytes: 88, broken: true},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			data := read(t, test.file)
			s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Decoder: convert.DecoderX}, new(sinktest.Checker))
			if test.fails != "" {
				var input *convert.InputError
				if !errors.As(err, &input) {
					t.Fatalf("got error %v, want an InputError", err)
				}
				if got, want := err.Error(), "convert: "+test.fails; got != want || input.Hint() != test.hint {
					t.Errorf("got  %s\n  hint: %s\nwant %s\n  hint: %s", got, input.Hint(), want, test.hint)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Loss == nil {
				t.Fatal("no loss reported")
			}
			if got := s.Loss.Err.Error(); got != test.loss || s.Loss.Hint != test.hint {
				t.Errorf("got  %s\n  hint: %s\nwant %s\n  hint: %s", got, s.Loss.Hint, test.loss, test.hint)
			}
			if s.Goroutines != test.goroutines || s.Loss.Offset != test.offset || s.Loss.Bytes != test.bytes || s.Loss.Broken != test.broken {
				t.Errorf("%d goroutines, %d bytes lost at %d, broken %v; want %d, %d at %d, %v",
					s.Goroutines, s.Loss.Bytes, s.Loss.Offset, s.Loss.Broken,
					test.goroutines, test.bytes, test.offset, test.broken)
			}
			if s.Bytes != int64(len(data)) {
				t.Errorf("%d bytes read of %d", s.Bytes, len(data))
			}
		})
	}
}

// TestTruncation cuts small traces of each format at every offset: whatever is
// left is converted, or refused, but accounted for.
func TestTruncation(t *testing.T) {
	for _, file := range []string{
		"go1.22.0-wait-on-pipe.trace", "go1.24.0-annotations.trace", "go1.26.8-annotations.trace",
		"user_task_region_1_21_good", "user_task_region_1_11_good",
	} {
		t.Run(file, func(t *testing.T) {
			data := read(t, file)
			for n := range data {
				s, err := convert.Run(context.Background(), bytes.NewReader(data[:n]), convert.Options{}, new(sinktest.Checker))
				var input *convert.InputError
				switch {
				case err != nil && !errors.As(err, &input):
					t.Fatalf("cut at %d: %v", n, err)
				case err == nil && s.Loss == nil && s.Version >= "go 1.26":
					// Traces before Go 1.26 have no mark at their end: one that
					// is cut between two of its parts may look whole.
					t.Fatalf("cut at %d: converted without a word", n)
				}
			}
		})
	}
}

// TestCutBetweenGenerations keeps the generations before a cut, whichever
// decoder refuses the rest.
func TestCutBetweenGenerations(t *testing.T) {
	for _, o := range []convert.Options{{Decoder: convert.DecoderX}, {Decoder: convert.DecoderOwn, StrictDecode: true}} {
		t.Run(o.Decoder.String(), func(t *testing.T) {
			data := read(t, "go1.26.8-multi.trace")
			whole, err := convert.Run(context.Background(), bytes.NewReader(data), o)
			if err != nil || whole.Loss != nil {
				t.Fatal(err, whole)
			}
			cut := data[:len(data)*2/3]
			s, err := convert.Run(context.Background(), bytes.NewReader(cut), o, new(sinktest.Checker))
			if err != nil {
				t.Fatal(err)
			}
			if s.Generations == 0 || s.Generations >= whole.Generations || s.Loss == nil || s.Loss.Broken {
				t.Fatalf("%d generations of %d, loss %+v", s.Generations, whole.Generations, s.Loss)
			}
			if got, want := s.Loss.Err.Error(), "the trace is cut off within a batch"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if s.Loss.Offset+s.Loss.Bytes != int64(len(cut)) || s.Loss.Bytes <= 0 {
				t.Errorf("%d bytes lost at %d, of %d", s.Loss.Bytes, s.Loss.Offset, len(cut))
			}
			// What is kept is what the whole trace has there.
			upTo, err := convert.Run(context.Background(), bytes.NewReader(data[:s.Loss.Offset]), o)
			if err != nil || upTo.Loss != nil || upTo.Events != s.Events || upTo.End != s.End {
				t.Errorf("converted %+v, of the bytes before the loss alone %+v (%v)", s, upTo, err)
			}
		})
	}
}

// TestRepairs says what is made of damaged inputs when they are repaired.
func TestRepairs(t *testing.T) {
	tests := []struct {
		file       string
		cut        int // to so many bytes, if not 0
		loss       string
		bytes      int64 // lost at the end
		goroutines int64
		events     int64
		repairs    string
	}{
		{file: "edge/mid126.trace", loss: "the trace is cut off within a batch", bytes: 1742, goroutines: 9, events: 48, repairs: "47 events salvaged of a generation that is cut: from t=24µs on, other events, most names and all stacks are missing"},
		{file: "edge/concat-126.trace", loss: "a second trace follows at byte 3524", bytes: 3524, goroutines: 9, events: 48},
		{file: "edge/trailing-garbage123.trace", loss: "8 bytes that are no trace data follow at byte 2853: \"garbage\"", bytes: 8, goroutines: 9, events: 34},
		{file: "edge/zeropad126.trace", loss: "zero bytes follow the trace from byte 3524 on", bytes: 4096, goroutines: 9, events: 48},
		{file: "go1.26.8-multi.trace", goroutines: 3880, events: 223317},
		{file: "go1.26.8-multi.trace", cut: 786946, loss: "the trace is cut off within a batch", bytes: 5, goroutines: 2739, events: 149120, repairs: "1601 events repaired, 20233 events salvaged of a generation that is cut: from t=4.885325s on, other events, most names and all stacks are missing"},
		{file: "edge/future127.trace", goroutines: 9, events: 48, repairs: "read as go 1.26, though its format is newer"},
		{file: "hostile/panic-7000012891.trace", goroutines: 1, events: 6, repairs: "1 event dropped"},
		{file: "hostile/slow-7000002822.trace", goroutines: 21, events: 12841, repairs: "1 event repaired, 1 event dropped, 1 event of unknown type left out"},
		{file: "text/go122-create-syscall-with-p.trace", goroutines: 2, events: 14, repairs: "1 event repaired"},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			data := read(t, test.file)
			if test.cut > 0 {
				data = data[:test.cut]
			}
			s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Decoder: convert.DecoderOwn}, new(sinktest.Checker))
			if err != nil {
				t.Fatal(err)
			}
			loss, lost := "", int64(0)
			if s.Loss != nil {
				loss, lost = s.Loss.Err.Error(), s.Loss.Bytes
			}
			if loss != test.loss || lost != test.bytes || s.Goroutines != test.goroutines || s.Events != test.events || s.Repairs.String() != test.repairs {
				t.Errorf("got\n{file: %q, cut: %d, loss: %q, bytes: %d, goroutines: %d, events: %d, repairs: %q},",
					test.file, test.cut, loss, lost, s.Goroutines, s.Events, s.Repairs)
			}
		})
	}
}

// TestSeries reads traces that follow one another, each from where the one before
// ends. What else is wrong with one is loss in a series, too.
func TestSeries(t *testing.T) {
	one, other := read(t, "go1.26.8-annotations.trace"), read(t, "go1.24.0-annotations.trace")
	alone := func(data []byte) (s *convert.Summary) {
		t.Helper()
		s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, d := range []convert.Decoder{convert.DecoderOwn, convert.DecoderX} {
		data := slices.Concat(one, other, one[:len(one)-1])
		o := convert.Options{Decoder: d, StrictDecode: true, Series: true}
		for i, want := range [][]byte{one, other} {
			s, err := convert.Run(context.Background(), bytes.NewReader(data), o, new(sinktest.Checker))
			if err != nil {
				t.Fatal(err)
			}
			if s.Loss != nil || s.Next != int64(len(want)) || s.Bytes != s.Next || s.Events != alone(want).Events {
				t.Errorf("%v, trace %d: loss %+v, next at %d, %d bytes, %d events", d, i+1, s.Loss, s.Next, s.Bytes, s.Events)
			}
			data = data[s.Next:]
		}
		// The last one is cut, so that Run fails.
		if _, err := convert.Run(context.Background(), bytes.NewReader(data), o); err == nil {
			t.Errorf("%v: the cut trace is whole", d)
		}
		o.Series = false
		s, err := convert.Run(context.Background(), bytes.NewReader(slices.Concat(one, other)), o)
		if err != nil || s.Loss == nil || s.Next != int64(len(one)) || s.Bytes != int64(len(one)+len(other)) {
			t.Errorf("%v: without Series: %v, %+v", d, err, s)
		}
	}
}

// TestLossFarFromTheEnd breaks a rule in one of many small generations, which
// decoders read ahead of. All bytes from that on are lost, however many follow.
func TestLossFarFromTheEnd(t *testing.T) {
	const generations, broken, idle = 50, 3, 2
	f := forge.New()
	want := 0
	for gen := uint64(1); gen <= generations; gen++ {
		event := forge.Event[gotrace.Type](nil, gotrace.EvProcStatus, 1, 0, idle)
		if gen == broken {
			want = f.Len()
			event = forge.Event[gotrace.Type](nil, gotrace.EvProcStart, 1, 7, 9) // a proc that there is not
		}
		f.Sync(gen)
		f.Batch(gen, 1, 100*gen, event)
		f.End()
	}
	for _, d := range []convert.Decoder{convert.DecoderX, convert.DecoderOwn} {
		o := convert.Options{Decoder: d, StrictDecode: true}
		s, err := convert.Run(context.Background(), bytes.NewReader(f.Bytes()), o, new(sinktest.Checker))
		if err != nil || s.Loss == nil {
			t.Fatal(err, s)
		}
		if l := s.Loss; l.Offset != int64(want) || l.Bytes != int64(f.Len()-want) {
			t.Errorf("%v: lost are %d bytes from byte %d on, want %d from %d on", d, l.Bytes, l.Offset, f.Len()-want, want)
		}
	}
}

// TestFailingReader loses what a reader that fails does not give.
func TestFailingReader(t *testing.T) {
	data := read(t, "go1.26.8-multi.trace")
	broken := errors.New("gzip: invalid checksum")
	r := &failingReader{data: data[:len(data)*2/3], err: broken}
	s, err := convert.Run(context.Background(), r, convert.Options{}, new(sinktest.Checker))
	if err != nil || s.Loss == nil {
		t.Fatal(err, s)
	}
	if got, want := s.Loss.Err.Error(), "the input could not be read further: gzip: invalid checksum"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := convert.Run(context.Background(), iotest.ErrReader(broken), convert.Options{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

type failingReader struct {
	data []byte
	err  error
}

func (r *failingReader) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, r.err
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../testdata", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestUnstopped suspects traces of programs that were killed, or of which the
// last generation is not there, and no others.
func TestUnstopped(t *testing.T) {
	killed := map[string]bool{
		"go1.22.0-sigkill2.5.trace": true,
		"go1.26.8-sigkill2.5.trace": true,
		"go122-gc-stress.trace":     true, // is but the beginning of one
	}
	for _, f := range fixtures.All(t) {
		if s := fixtures.Run(t, f); s.Unstopped != killed[f.Name] {
			t.Errorf("%s: unstopped is %v", f.Name, s.Unstopped)
		}
	}
	whole := read(t, "go1.26.8-multi.trace")
	const between = 993798 // generations
	for _, c := range []struct {
		what string
		data []byte
		o    convert.Options
		want bool
	}{
		{"the whole", whole, convert.Options{}, false},
		{"a part", whole, convert.Options{To: time.Second}, false},
		{"cut between generations", whole[:between], convert.Options{}, true},
		{"cut between generations, by x", whole[:between], convert.Options{Decoder: convert.DecoderX}, true},
		{"cut within a generation, which is told as a loss", whole[:between+50000], convert.Options{}, false},
		{"cut between generations, and damaged: it may be the damage", slices.Concat(
			whole[:firstBatch(whole)], []byte("\xff\xff\xff"), whole[firstBatch(whole):between]), convert.Options{}, false},
	} {
		s, err := convert.Run(t.Context(), bytes.NewReader(c.data), c.o)
		if err != nil || s.Unstopped != c.want {
			t.Errorf("%s: unstopped is %v, error %v", c.what, s.Unstopped, err)
		}
	}
}

// firstBatch returns where the first batch of a trace ends.
func firstBatch(data []byte) int {
	at := 16 + 1 // the header, and the type
	size := uint64(0)
	for range 4 { // generation, thread, time and size
		v, n := binary.Uvarint(data[at:])
		size, at = v, at+n
	}
	return at + int(size)
}

// TestTimesThatCannotBe converts a trace whose events are 73 years apart: that is
// damage, and said, whichever decoder reads it, and no record has a time that is
// negative or out of order.
func TestTimesThatCannotBe(t *testing.T) {
	data := forge.Late(1 << 55)
	for _, o := range []convert.Options{{}, {StrictDecode: true}, {AsGo: true}, {Decoder: convert.DecoderX}} {
		var rec sinktest.Recorder
		s, err := convert.Run(context.Background(), bytes.NewReader(data), o, &rec, new(sinktest.Checker))
		if err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		if s.Loss == nil && s.Repairs.Misdated == 0 || s.End < 0 || s.End > 1<<62 {
			t.Errorf("%+v: up to %d, %v, %v", o, s.End, s.Loss, s.Repairs)
		}
		for _, r := range rec.Records {
			if r.Time < 0 || r.Start < 0 && r.Kind != convert.KindSync || r.Phase == convert.End && r.Duration() < 0 {
				t.Errorf("%+v: %+v", o, r)
			}
		}
	}
}
