package convert_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// TestContract holds the records of every trace to the contract: tiles, pairs,
// order, stacks.
func TestContract(t *testing.T) {
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) { fixtures.Run(t, f, new(sinktest.Checker)) })
	}
}

// TestSameRecords converts with batches of several sizes, and beside other
// sinks: the records are the same. (Those of v1 traces are not, since the
// decoder orders ties by a map.)
func TestSameRecords(t *testing.T) {
	data := read(t, "go1.26.8-gc-stress.trace")
	var want string
	for i, size := range []int{0, 1, 17, 1 << 20} {
		var got, other strings.Builder
		_, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{BatchSize: size},
			&sinktest.Printer{W: &got, Stacks: true}, new(sinktest.Sums), &sinktest.Printer{W: &other, Stacks: true})
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != other.String() {
			t.Error("two sinks got different records")
		}
		if i > 0 && got.String() != want {
			t.Errorf("batches of %d give other records", size)
		}
		want = got.String()
	}
}

// A failing sink fails when it has seen after records.
type failing struct {
	after int
	fail  func() error
	calls []string
}

func (f *failing) Begin(*convert.Trace) error { f.calls = append(f.calls, "begin"); return nil }

func (f *failing) Consume(b *convert.Batch) error {
	if f.after -= len(b.Records); f.after < 0 {
		f.calls = append(f.calls, "fail")
		return f.fail()
	}
	return nil
}

func (f *failing) Finish(*convert.Summary) error { f.calls = append(f.calls, "finish"); return nil }

func (f *failing) saw() string { return strings.Join(f.calls, " ") }

func TestOneSinkFails(t *testing.T) {
	full := errors.New("disk full")
	for _, fail := range []func() error{
		func() error { return full },
		func() error { panic(full) },
	} {
		bad := &failing{after: 5000, fail: fail}
		good := &failing{after: 1 << 30}
		sums := new(sinktest.Sums)
		s, err := convert.Run(context.Background(), bytes.NewReader(read(t, "go1.26.8-multi.trace")), convert.Options{}, good, bad, sums)
		var errs convert.SinkErrors
		if !errors.As(err, &errs) || errs[0] != nil || errs[1] == nil || errs[2] != nil || !strings.Contains(err.Error(), "disk full") {
			t.Fatalf("got error %v", err)
		}
		if s == nil || s.Events == 0 {
			t.Error("no summary, though sinks finished")
		}
		if good.saw() != "begin finish" || bad.saw() != "begin fail" {
			t.Errorf("good sink saw %q, bad one %q", good.saw(), bad.saw())
		}
	}
}

func TestEverySinkFails(t *testing.T) {
	full := errors.New("disk full")
	r := bytes.NewReader(read(t, "go1.26.8-multi.trace"))
	_, err := convert.Run(context.Background(), r, convert.Options{}, &failing{fail: func() error { return full }})
	if !errors.Is(err, full) {
		t.Fatalf("got error %v", err)
	}
	if r.Len() == 0 {
		t.Error("read on to the end, for nobody")
	}
}

func TestCancel(t *testing.T) {
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	sink := &failing{after: 5000, fail: func() error { cancel(stop); return nil }}
	s, err := convert.Run(ctx, bytes.NewReader(read(t, "go1.26.8-multi.trace")), convert.Options{}, sink)
	if err != stop || s != nil {
		t.Errorf("got %v, %v", s, err)
	}
	if strings.Contains(sink.saw(), "finish") {
		t.Error("a sink finished")
	}
}

// dates is a sink that dates the trace's first and last record.
type dates struct {
	wall        convert.WallClock
	first, last int64
	ok          bool
}

func (d *dates) Begin(t *convert.Trace) error { return nil }

func (d *dates) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		d.wall.Sync(r)
		d.last, d.ok = d.wall.Wall(r.Time)
		if d.first == 0 {
			d.first = d.last
		}
	}
	return nil
}

func (d *dates) Finish(*convert.Summary) error { return nil }

func TestDates(t *testing.T) {
	start := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	recorded := time.Date(2026, 11, 22, 20, 55, 47, 21855851, time.UTC) // by its own clock
	tests := []struct {
		file  string
		start time.Time
		want  time.Time
	}{
		{"go1.26.8-annotations.trace", time.Time{}, recorded.Add(-17088 * time.Nanosecond)},
		{"go1.26.8-annotations.trace", start, recorded.Add(-17088 * time.Nanosecond)},
		{"go1.24.0-annotations.trace", time.Time{}, time.Time{}},
		{"go1.24.0-annotations.trace", start, start},
		{"user_task_region_1_21_good", start, start},
	}
	for _, test := range tests {
		d := new(dates)
		s, err := convert.Run(context.Background(), bytes.NewReader(read(t, test.file)), convert.Options{Start: test.start}, d)
		if err != nil {
			t.Fatal(err)
		}
		if test.want.IsZero() {
			if d.ok || !s.Clock.IsZero() {
				t.Errorf("%s: dated %d, though nothing dates it", test.file, d.first)
			}
			continue
		}
		if got := time.Unix(0, d.first).UTC(); !got.Equal(test.want) {
			t.Errorf("%s: first event dated %v, want %v", test.file, got, test.want)
		}
		if got, want := d.last-d.first, int64(s.End-s.Start); got != want {
			t.Errorf("%s: lasts %d ns on the wall, %d on the trace's clock", test.file, got, want)
		}
	}
}

// TestWallClock dates times of several generations, each by its own reading.
func TestWallClock(t *testing.T) {
	var w convert.WallClock
	rec := sinktest.Story(t, "trace start=100\n100 - sync id=1 clock=90/0/1000\n200 - sync id=2 clock=210/0/5000\n300 - sync id=3 clock=300/0/4000")
	for i := range rec.Records {
		w.Sync(&rec.Records[i])
	}
	for at, want := range map[convert.Time]int64{50: 960, 100: 1010, 199: 1109, 200: 4990, 250: 5040, 299: 5089, 300: 4000, 400: 4100} {
		if got, ok := w.Wall(at); !ok || got != want {
			t.Errorf("%d: got %d, want %d", at, got, want)
		}
	}
}

// TestBeforeGo122 looks at what statuses of v1 traces must not say: a syscall
// under way has no proc, whatever the context says, and a proc is not older
// than its first start.
func TestBeforeGo122(t *testing.T) {
	var text strings.Builder
	if _, err := convert.Run(context.Background(), bytes.NewReader(read(t, "http_1_21_good")), convert.Options{},
		&sinktest.Printer{W: &text}, new(sinktest.Checker)); err != nil {
		t.Fatal(err)
	}
	calls := 0
	for line := range strings.Lines(text.String()) {
		switch words := strings.Fields(line); {
		case words[2] == "syscall" && strings.Contains(line, "open-start"),
			words[2] == "call" && strings.Contains(line, "open-start") && strings.Contains(line, " P"):
			t.Errorf("a syscall under way at the start has a proc: %s", line)
		case strings.Contains(line, "begin syscall-blocked") && strings.Contains(line, "open-start"):
			calls++
		case strings.HasPrefix(words[1], "P") && strings.Contains(line, "open-start"):
			t.Errorf("a proc from before its first start: %s", line)
		}
	}
	if calls != 1 {
		t.Errorf("%d syscalls under way at the start, want 1", calls)
	}
}

func TestExtent(t *testing.T) {
	for _, name := range []string{"go1.24.0-annotations.trace", "go1.26.8-multi.trace", "user_task_region_1_21_good"} {
		data := read(t, name)
		s, _ := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{})
		for _, r := range []io.Reader{bytes.NewReader(data), struct{ io.Reader }{bytes.NewReader(data)}} {
			first, last, err := convert.Extent(context.Background(), r, convert.Options{})
			if err != nil || first != s.Start || last != s.End || first >= last {
				t.Errorf("%s: got %d to %d (%v), want %d to %d", name, first, last, err, s.Start, s.End)
			}
		}
	}
	if _, _, err := convert.Extent(context.Background(), strings.NewReader(""), convert.Options{}); err == nil {
		t.Error("nothing has an extent")
	}

	// How much of a damaged trace can be read depends on the decoder.
	data := read(t, "go1.26.8-multi.trace")
	data = data[:len(data)*2/3]
	for _, o := range []convert.Options{
		{}, {Decoder: convert.DecoderX}, {StrictDecode: true}, {AsGo: true}, {From: time.Second, To: 2 * time.Second},
	} {
		s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{
			Decoder: o.Decoder, StrictDecode: o.StrictDecode, AsGo: o.AsGo,
		})
		if err != nil {
			t.Fatal(err)
		}
		first, last, err := convert.Extent(context.Background(), bytes.NewReader(data), o)
		if err != nil || first != s.Start || last != s.End {
			t.Errorf("%+v: got %d to %d (%v), want %d to %d", o, first, last, err, s.Start, s.End)
		}
	}
}

func TestRunKey(t *testing.T) {
	data := read(t, "go1.26.8-multi.trace")
	key := func(data []byte, o convert.Options) [32]byte {
		s, err := convert.Run(context.Background(), bytes.NewReader(data), o)
		if err != nil {
			t.Fatal(err)
		}
		return s.RunKey
	}
	whole := key(data, convert.Options{})
	if key(data[:len(data)*2/3], convert.Options{}) != whole {
		t.Error("a cut of a trace has another key")
	}
	if key(read(t, "go1.26.8-stacks.trace"), convert.Options{}) == whole {
		t.Error("two traces have one key")
	}
	if a := key(data, convert.Options{RunKey: "a"}); a == whole || a != key(read(t, "go1.26.8-stacks.trace"), convert.Options{RunKey: "a"}) {
		t.Error("Options.RunKey does not replace the key")
	}
}
