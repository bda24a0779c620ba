package sinktest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
)

//go:embed everything.txt
var everything string

// Everything returns a recording with records of every kind.
func Everything(tb testing.TB) *Recorder {
	tb.Helper()
	return Story(tb, everything)
}

// A Named recording has a name for the tests that use it.
type Named struct {
	Name string
	*Recorder
}

// Test puts a sink through what every sink must stand: batches of any size, a
// writer that fails, a trace that breaks off anywhere, a trace with nothing in
// it, and batches that are not its own. newSink returns a fresh sink that
// writes to w; more are recordings to use beside those that the package has.
//
// The traces it uses are dated, and sinks must take them all.
func Test(t *testing.T, newSink func(w io.Writer) convert.Sink, more ...Named) {
	s := suite{newSink}
	all := Everything(t)
	t.Run("empty trace", func(t *testing.T) {
		s.write(t, Story(t, "trace wall=1700000000000000000\n5 - sync id=1 clock=5/5/1700000000000000000"), 1)
	})
	t.Run("broken off", func(t *testing.T) { s.testPrefixes(t, all) })
	s.testRecording(t, "everything", all)
	s.testRecording(t, "annotations", annotations(t))
	for _, m := range more {
		s.testRecording(t, m.Name, m.Recorder)
	}
}

//go:embed testdata/annotations.trace
var annotated []byte

// annotations returns a recording of a real trace with tasks, regions and logs.
func annotations(t *testing.T) *Recorder {
	rec := new(Recorder)
	if _, err := convert.Run(context.Background(), bytes.NewReader(annotated), convert.Options{Name: "annotations"}, rec); err != nil {
		t.Fatal(err)
	}
	return rec
}

type suite struct {
	newSink func(w io.Writer) convert.Sink
}

func (s suite) testRecording(t *testing.T, name string, rec *Recorder) {
	t.Run(name, func(t *testing.T) {
		want := s.write(t, rec, 1024)
		t.Run("batch sizes", func(t *testing.T) {
			for _, size := range []int{1, 7, 1024, 1 << 20} {
				if got := s.write(t, rec, size); !bytes.Equal(got, want) {
					t.Errorf("batches of %d records change the output at %s", size, firstDifference(got, want))
				}
			}
		})
		t.Run("batches are shared", func(t *testing.T) { s.testShared(t, rec, want) })
		t.Run("write failure", func(t *testing.T) { s.testWriteFailure(t, rec, len(want)) })
	})
}

// write returns what a sink writes of rec.
func (s suite) write(t *testing.T, rec *Recorder, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := rec.Replay(s.newSink(&out), size); err != nil {
		t.Fatalf("batches of %d records: %v", size, err)
	}
	return out.Bytes()
}

// testPrefixes breaks the trace off after every record. Its output must be as
// deterministic as any.
func (s suite) testPrefixes(t *testing.T, rec *Recorder) {
	for n := 1; n <= len(rec.Records); n++ {
		p := rec.Prefix(n)
		if a, b := s.write(t, p, 3), s.write(t, p, 1<<20); !bytes.Equal(a, b) {
			t.Errorf("after %d records: batches of 3 records change the output at %s", n, firstDifference(a, b))
		}
	}
}

// testShared checks that a sink neither changes nor keeps a batch.
func (s suite) testShared(t *testing.T, rec *Recorder, want []byte) {
	var out bytes.Buffer
	sink := s.newSink(&out)
	seed := maphash.MakeSeed()
	var batch convert.Batch // used again and again, as the engine does
	err := rec.replay(sink, 16, func(b *convert.Batch) error {
		batch.Records = append(batch.Records[:0], b.Records...)
		batch.Stacks = append(batch.Stacks[:0], b.Stacks...)
		before := checksum(seed, &batch)
		err := sink.Consume(&batch)
		if err == nil && checksum(seed, &batch) != before {
			err = errors.New("a batch was changed")
		}
		scribble(&batch)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("a batch was kept: what becomes of it changes the output at %s", firstDifference(out.Bytes(), want))
	}
}

// checksum sums up the records and stacks of b, and the frames behind them.
func checksum(seed maphash.Seed, b *convert.Batch) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for i := range b.Records {
		maphash.WriteComparable(&h, b.Records[i])
	}
	for i := range b.Stacks {
		maphash.WriteComparable(&h, b.Stacks[i].ID)
		for _, f := range b.Stacks[i].Frames {
			maphash.WriteComparable(&h, f)
		}
	}
	return h.Sum64()
}

// scribble overwrites what a sink must not have kept.
func scribble(b *convert.Batch) {
	for i := range b.Records {
		b.Records[i] = convert.Record{
			Time: -1, Start: -1, G: 666, P: 666, M: 666, Stack: 1, ByStack: 1, EndStack: 1,
			Kind: convert.KindLog, Phase: convert.Instant, Name: "scribble", Text: "scribble",
		}
	}
	for i := range b.Stacks {
		b.Stacks[i] = convert.Stack{ID: 1, Frames: []convert.Frame{{Func: "scribble", File: "scribble", Line: 666}}}
	}
}

var errFull = errors.New("no space left")

// testWriteFailure lets the writer fail after some bytes.
func (s suite) testWriteFailure(t *testing.T, rec *Recorder, size int) {
	if size == 0 {
		t.Skip("writes nothing")
	}
	for _, after := range []int{0, 1, size / 2, size - 1} {
		err := rec.Replay(s.newSink(&failingWriter{left: after}), 64)
		if !errors.Is(err, errFull) {
			t.Errorf("writer failed after %d of %d bytes: the sink's error is %v", after, size, err)
		}
	}
}

// A failingWriter takes some bytes, and fails.
type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.left -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// firstDifference says where a and b differ.
func firstDifference(a, b []byte) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return fmt.Sprintf("byte %d of %d and %d", n, len(a), len(b))
}
