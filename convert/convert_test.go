package convert_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/sinktest"
)

// TestContract holds the records of every trace to the contract: tiles, pairs,
// order, stacks.
func TestContract(t *testing.T) {
	for _, f := range sinktest.Traces(t) {
		t.Run(f.Name, func(t *testing.T) { sinktest.Run(t, f, new(sinktest.Checker)) })
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

func TestExtent(t *testing.T) {
	data := read(t, "go1.24.0-annotations.trace")
	first, last, err := convert.Extent(context.Background(), bytes.NewReader(data))
	s, _ := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{})
	if err != nil || first != s.Start || last != s.End || first >= last {
		t.Errorf("got %d to %d (%v), want %d to %d", first, last, err, s.Start, s.End)
	}
	if _, _, err := convert.Extent(context.Background(), strings.NewReader("")); err == nil {
		t.Error("nothing has an extent")
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
