package convert_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// TestWindowsAddUp cuts traces into windows and holds the sum of all against
// the whole: no time is hidden, and none invented.
func TestWindowsAddUp(t *testing.T) {
	for _, f := range fixtures.All(t) {
		var whole sinktest.Sums
		kept := new(keptSums)
		fixtures.Run(t, f, &whole, kept)
		if whole.Trace.Version < "go 1.22" {
			continue // the decoder orders ties differently in each run
		}
		length := whole.Summary.End.Sub(whole.Trace.Start)
		if length < 7 {
			continue // all that is in it happens at one time
		}

		sum := sinktest.Sums{}
		var parts keptSums
		cuts := []time.Duration{0, length / 7, length / 3, length/3 + 1, length * 9 / 10, 0}
		for i := range cuts[1:] {
			if to := cuts[i+1]; to != 0 && to <= cuts[i] {
				continue // a trace of nanoseconds
			}
			var part sinktest.Sums
			check := new(sinktest.Checker)
			r, err := os.Open(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := convert.Run(context.Background(), r,
				convert.Options{Start: fixtures.Wall, From: cuts[i], To: cuts[i+1], BatchSize: 1000}, &part, check, &parts)
			r.Close()
			if err != nil {
				t.Fatalf("%s: window from %v to %v: %v", f.Name, cuts[i], cuts[i+1], err)
			}
			if n := part.Begins[convert.KindGoroutine]; s.Goroutines != n {
				t.Errorf("%s: window from %v to %v: %d goroutines, told are %d", f.Name, cuts[i], cuts[i+1], s.Goroutines, n)
			}
			addTimes(&sum, &part)
		}
		compareTimes(t, f.Name+": states", sum.Goroutines, whole.Goroutines)
		compareTimes(t, f.Name+": procs", sum.Procs, whole.Procs)
		compareTimes(t, f.Name+": kinds", sum.Kinds, whole.Kinds)
		if parts.syscalls != kept.syscalls {
			t.Errorf("%s: procs kept in syscalls for %v, want %v", f.Name, parts.syscalls, kept.syscalls)
		}
		if parts.stops != kept.stops {
			t.Errorf("%s: stopping for %v, want %v", f.Name, parts.stops, kept.stops)
		}
	}
}

// TestWindowBeginsWithWhatIsOpen holds what a window tells at its start against
// the whole trace: the Begins that have no End by then, and the latest labels and
// metrics, in the order in which they come.
func TestWindowBeginsWithWhatIsOpen(t *testing.T) {
	for _, f := range fixtures.All(t) {
		for _, decoder := range []convert.Decoder{convert.DecoderOwn, convert.DecoderX} {
			var whole sinktest.Sums
			runWindow(t, f, convert.Options{Decoder: decoder}, &whole)
			length := whole.Summary.End.Sub(whole.Trace.Start)
			if whole.Trace.Version < "go 1.22" || length < 7 {
				continue // see TestWindowsAddUp
			}
			for _, from := range []time.Duration{1, length / 7, length / 3, length / 2, length * 9 / 10, length} {
				at := whole.Trace.Start + convert.Time(from)
				want := openRecords{at: at}
				runWindow(t, f, convert.Options{Decoder: decoder}, &want)
				var got startRecords
				runWindow(t, f, convert.Options{Decoder: decoder, From: from}, &got)
				compareRecords(t, f.Name+" from "+from.String(), got.records, want.cut())
			}
		}
	}
}

func runWindow(t *testing.T, f fixtures.File, o convert.Options, sinks ...convert.Sink) {
	t.Helper()
	r, err := os.Open(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := convert.Run(context.Background(), r, o, sinks...); err != nil {
		t.Fatalf("%s, from %v: %v", f.Name, o.From, err)
	}
}

func compareRecords(t *testing.T, what string, got, want []convert.Record) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("%s: %d records, want %d; from %d on they are\n%+v\nwant\n%+v", what, len(got), len(want), i,
				got[i:min(i+1, len(got))], want[i:min(i+1, len(want))])
			return
		}
	}
}

// startRecords keeps what a window tells of the time before it.
type startRecords struct {
	at      convert.Time
	begun   bool // something else has come
	records []convert.Record
}

func (s *startRecords) Begin(t *convert.Trace) error  { s.at = t.Start; return nil }
func (s *startRecords) Finish(*convert.Summary) error { return nil }
func (s *startRecords) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		if r.Kind == convert.KindSync {
			continue
		}
		if r.Flags&convert.OpenStart != 0 && r.Phase != convert.End && !s.begun {
			s.records = append(s.records, *r)
		} else {
			s.begun = true
		}
	}
	return nil
}

// openRecords keeps what is open at a time: Begins without an End, the latest
// label of each goroutine that lives, the latest values of metrics.
type openRecords struct {
	at      convert.Time
	begun   bool
	records []convert.Record
}

func (o *openRecords) Begin(*convert.Trace) error    { return nil }
func (o *openRecords) Finish(*convert.Summary) error { return nil }
func (o *openRecords) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		if o.begun || r.Kind == convert.KindSync {
			continue
		}
		if o.begun = r.Time >= o.at; o.begun {
			continue
		}
		switch {
		case r.Phase == convert.End:
			o.end(r)
		case r.Phase == convert.Begin:
			o.records = append(o.records, *r)
		case r.Kind == convert.KindLabel:
			o.remove(func(h *convert.Record) bool { return h.Kind == r.Kind && h.G == r.G })
			o.records = append(o.records, *r)
		case r.Kind == convert.KindMetric:
			o.remove(func(h *convert.Record) bool { return h.Kind == r.Kind && h.Name == r.Name })
			o.records = append(o.records, *r)
		}
	}
	return nil
}

// end removes the Begin of an End, and the label of a goroutine that exits.
func (o *openRecords) end(r *convert.Record) {
	if r.Kind == convert.KindGoroutine {
		o.remove(func(h *convert.Record) bool { return h.Kind == convert.KindLabel && h.G == r.G })
	}
	for i := len(o.records) - 1; i >= 0; i-- {
		h := &o.records[i]
		if h.Kind == r.Kind && h.Phase == convert.Begin && h.Start == r.Start && h.Stack == r.Stack &&
			h.G == r.G && h.P == r.P && h.ID|r.ID == max(h.ID, r.ID) && (r.Kind != convert.KindRegion || h.Name == r.Name) {
			o.records = slices.Delete(o.records, i, i+1)
			return
		}
	}
}

func (o *openRecords) remove(is func(*convert.Record) bool) {
	for i := range o.records {
		if is(&o.records[i]) {
			o.records = slices.Delete(o.records, i, i+1)
			return
		}
	}
}

// cut returns the records as a window that begins then has them.
func (o *openRecords) cut() []convert.Record {
	for i := range o.records {
		r := &o.records[i]
		r.Time, r.Start, r.Prev = o.at, o.at, convert.StateNone
		r.Flags |= convert.OpenStart
	}
	return o.records
}

// TestWindowKeepsStateAlone counts what is allocated before a window: the state
// of the engine, as in a conversion of the whole, but nothing for each record.
func TestWindowKeepsStateAlone(t *testing.T) {
	for _, f := range fixtures.All(t) {
		if f.Name != "go1.26.8-multi.trace" {
			continue
		}
		var whole sinktest.Sums
		runWindow(t, f, convert.Options{}, &whole)
		length := whole.Summary.End.Sub(whole.Trace.Start)
		all := mallocs(func() { runWindow(t, f, convert.Options{}) })
		last := mallocs(func() { runWindow(t, f, convert.Options{From: length - time.Millisecond}) })
		if last > all+200 {
			t.Errorf("%s: a window takes %d allocations, the whole trace %d", f.Name, last, all)
		}
		return
	}
	t.Fatal("no trace to measure with")
}

func mallocs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// keptSums adds up the parts of intervals that their Ends tell of.
type keptSums struct{ syscalls, stops time.Duration }

func (k *keptSums) Begin(*convert.Trace) error    { return nil }
func (k *keptSums) Finish(*convert.Summary) error { return nil }
func (k *keptSums) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		switch {
		case r.Phase != convert.End:
		case r.Kind == convert.KindSyscall:
			k.syscalls += time.Duration(r.ID)
		case r.Kind == convert.KindSTW:
			k.stops += time.Duration(r.ID)
		}
	}
	return nil
}

func addTimes(sum, part *sinktest.Sums) {
	sum.Goroutines = plus(sum.Goroutines, part.Goroutines)
	sum.Procs = plus(sum.Procs, part.Procs)
	sum.Kinds = plus(sum.Kinds, part.Kinds)
}

func plus[K comparable](a, b map[K]sinktest.Sum) map[K]sinktest.Sum {
	if a == nil {
		a = make(map[K]sinktest.Sum)
	}
	for k, v := range b {
		a[k] = a[k].Plus(v)
	}
	return a
}

func compareTimes[K comparable](t *testing.T, what string, got, want map[K]sinktest.Sum) {
	t.Helper()
	for k, v := range want {
		if got[k].Time != v.Time {
			t.Errorf("%s: %v lasts %v in all windows, %v in the whole", what, k, got[k].Time, v.Time)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok && v.Time != 0 {
			t.Errorf("%s: %v lasts %v in the windows, and is not in the whole", what, k, v.Time)
		}
	}
}

// reasons is a sink that adds up how long goroutines waited, by reason.
type reasons map[string]time.Duration

func (w reasons) Begin(*convert.Trace) error    { return nil }
func (w reasons) Finish(*convert.Summary) error { return nil }

func (w reasons) Consume(b *convert.Batch) error {
	for i := range b.Records {
		if r := &b.Records[i]; r.Kind == convert.KindState && r.State == convert.StateWaiting && r.Phase == convert.End && r.Duration() > 0 {
			w[r.Reason()] += r.Duration()
		}
	}
	return nil
}

// TestWindowsKeepReasons cuts traces into five, and adds up the time of each
// reason for waiting, also where a trace gives none.
func TestWindowsKeepReasons(t *testing.T) {
	for _, f := range fixtures.All(t) {
		whole, parts := make(reasons), make(reasons)
		s := fixtures.Run(t, f, whole)
		data, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		length := s.End.Sub(s.Start)
		step := length/5 + 1
		for from := time.Duration(0); from <= length; from += step {
			o := convert.Options{Start: fixtures.Wall, From: from, To: from + step, AsGo: f.AsGo}
			if _, err := convert.Run(context.Background(), bytes.NewReader(data), o, parts); err != nil {
				t.Fatal(err)
			}
		}
		if !maps.Equal(whole, parts) {
			t.Errorf("%s: got  %v\nwant %v", f.Name, parts, whole)
		}
	}
}

func TestWindowsThatNoTraceHas(t *testing.T) {
	f := fixtures.All(t)[0]
	for _, tt := range []struct {
		from, to time.Duration
		want     string
	}{
		{-1, 0, "counted from its start"},
		{0, -1, "counted from its start"},
		{2, 2, "is empty"},
		{time.Hour, 0, "nothing from 1h0m0s on: the trace lasts "},
	} {
		r, err := os.Open(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = convert.Run(context.Background(), r, convert.Options{From: tt.from, To: tt.to})
		r.Close()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("from %v to %v: %v, want %s", tt.from, tt.to, err, tt.want)
		}
		var input *convert.InputError
		if tt.from == time.Hour && !errors.As(err, &input) {
			t.Errorf("%T is no InputError", err)
		}
	}
}

// TestWindowIsTold holds what sinks are told of a window against what was asked
// for.
func TestWindowIsTold(t *testing.T) {
	for _, f := range fixtures.All(t)[:1] {
		for _, tt := range []struct {
			from, to time.Duration
			want     string
		}{
			{0, 0, ""},
			{1, 0, "from 1ns of the trace"},
			{0, 1000, "from 0s to 1µs of the trace"},
			{1, 1000, "from 1ns to 1µs of the trace"},
		} {
			r, err := os.Open(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			var sums sinktest.Sums
			_, err = convert.Run(context.Background(), r, convert.Options{From: tt.from, To: tt.to}, &sums)
			r.Close()
			if err != nil {
				t.Fatal(err)
			}
			if got := sums.Trace.Window(); got != tt.want || sums.Summary.Window() != tt.want {
				t.Errorf("from %v to %v: told %q, at the end %q", tt.from, tt.to, got, sums.Summary.Window())
			}
		}
	}
}
