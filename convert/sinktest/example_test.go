package sinktest_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"log"
	"strconv"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
)

// A waitSink is a small format: a row of CSV for each wait that ended. It needs
// the name of a goroutine that only its Begin has; all else is on the End of the
// wait.
type waitSink struct {
	w         *csv.Writer
	functions map[convert.GoID]string
}

func newWaitSink(w io.Writer) convert.Sink {
	return &waitSink{w: csv.NewWriter(w), functions: make(map[convert.GoID]string)}
}

func (s *waitSink) Begin(*convert.Trace) error {
	return s.w.Write([]string{"goroutine", "function", "reason", "start_ns", "duration_ns"})
}

func (s *waitSink) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		switch {
		case r.Kind == convert.KindGoroutine && r.Phase == convert.Begin:
			s.functions[r.G] = r.Name
		case r.Kind == convert.KindGoroutine && r.Phase == convert.End:
			delete(s.functions, r.G)
		case r.Kind == convert.KindState && r.State == convert.StateWaiting && r.Phase == convert.End:
			s.w.Write([]string{
				strconv.FormatInt(int64(r.G), 10), s.functions[r.G], r.Reason(),
				strconv.FormatInt(int64(r.Start), 10), strconv.FormatInt(int64(r.Duration()), 10),
			})
		}
	}
	return s.w.Error()
}

func (s *waitSink) Finish(*convert.Summary) error {
	s.w.Flush()
	return s.w.Error()
}

// A test of a sink is one line, wherever it is written.
func TestWaitSink(t *testing.T) { sinktest.Test(t, newWaitSink) }

// A story is a trace as text: what a sink makes of it can be looked at.
func Example() {
	story, err := sinktest.Parse(`
0 G1 begin goroutine "main.worker" open-start
0 G1 begin waiting open-start
40 G1 end waiting
40 G1 begin running P0 prev=waiting
50 G1 end running
50 G1 begin waiting "chan receive" prev=running
80 G1 end waiting by=G2`)
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	if err := story.Replay(newWaitSink(&out), convert.DefaultBatchSize); err != nil {
		log.Fatal(err)
	}
	fmt.Print(out.String())
	// Output:
	// goroutine,function,reason,start_ns,duration_ns
	// 1,main.worker,unknown (waiting since start),0,40
	// 1,main.worker,chan receive,50,30
}
