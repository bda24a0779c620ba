package sinktest_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
)

// printed returns what a Printer makes of rec.
func printed(t *testing.T, rec *sinktest.Recorder, size int) string {
	t.Helper()
	var out strings.Builder
	if err := rec.Replay(&sinktest.Printer{W: &out, Stacks: true}, size); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestStoryIsPrintedInFull(t *testing.T) {
	rec := sinktest.Story(t, `
stack 1: main.recv main.go:10 < main.main main.go:5
0 G1 begin goroutine "main.main" open-start
0 G1 begin running P0 M7 open-start
100 G1 end running endstack=1
100 G1 begin waiting "chan receive" stack=1 prev=running
350 G1 end waiting by=G7
350 G1 begin runnable prev=waiting stack=1 by=G7
400 G1 log "k\xff" text="v" id=3
`)
	want := `0 - sync id=1
0 G1 begin goroutine "main.main" open-start
0 G1 begin running P0 M7 open-start
stack 1: main.recv main.go:10 < main.main main.go:5
100 G1 end running P0 M7 start=0 dur=100ns endstack=1 open-start
100 G1 begin waiting "chan receive" prev=running stack=1
350 G1 end waiting "chan receive" start=100 dur=250ns stack=1 by=G7
350 G1 begin runnable prev=waiting stack=1 by=G7
400 G1 log "k\xff" text="v" id=3
400 G1 end runnable start=350 dur=50ns stack=1 by=G7 open-end
400 G1 end goroutine "main.main" start=0 dur=400ns open-start open-end
`
	for _, size := range []int{1, 2, 100} {
		if got := printed(t, rec, size); got != want {
			t.Errorf("batches of %d: got\n%s\nwant\n%s", size, got, want)
		}
	}
}

// TestPrintedStoryReadsBack is the proof that a line says all of its record.
func TestPrintedStoryReadsBack(t *testing.T) {
	rec := sinktest.Everything(t)
	text := printed(t, rec, 1024)
	again := sinktest.Story(t, text)
	if !reflect.DeepEqual(rec.Records, again.Records) {
		t.Errorf("records differ:\n%s\n%s", text, printed(t, again, 1024))
	}
	if !reflect.DeepEqual(rec.Stacks, again.Stacks) {
		t.Errorf("stacks differ: %v\n%v", rec.Stacks, again.Stacks)
	}
}

func TestEverythingHasEveryKind(t *testing.T) {
	rec := sinktest.Everything(t)
	sinktest.CheckInvariants(t, rec)
	var sums sinktest.Sums
	if err := rec.Replay(&sums, 10); err != nil {
		t.Fatal(err)
	}
	for k := convert.KindSync; k <= convert.KindLabel; k++ {
		if sums.Kinds[k].Count == 0 {
			t.Errorf("no record of kind %d", k)
		}
	}
	if sums.Trace.Clock.IsZero() {
		t.Error("the story has no clock")
	}
	if c, ok := rec.Records[0].Clock(); !ok || c != sums.Trace.Clock {
		t.Errorf("the first sync has %v, the trace %v", c, sums.Trace.Clock)
	}
	if _, ok := sinktest.Story(t, "5 - sync id=1").Records[0].Clock(); ok {
		t.Error("a sync without a clock has one")
	}
}

func TestStoryMistakes(t *testing.T) {
	for _, text := range []string{
		"100",
		"x G1 begin running",
		"100 G1 begin dozing",
		"100 G1 begin running where=1",
		"100 G1 begin running X1",
		`100 G1 begin waiting "chan`,
		"100 G1 begin running\n200 G1 end waiting",
		"stack 2: a b:1",
		"stack 1: a b",
		"trace when=1",
		"loss",
	} {
		if _, err := sinktest.Parse(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestPrinterKeep(t *testing.T) {
	var out bytes.Buffer
	p := &sinktest.Printer{W: &out, Keep: func(r *convert.Record) bool { return r.Kind == convert.KindLabel }}
	if err := sinktest.Everything(t).Replay(p, 7); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "2130 G4 label \"GC (dedicated)\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
