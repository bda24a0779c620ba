package gotrace_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// seed adds the small traces at hand to a corpus.
func seed(f *testing.F) {
	for _, pattern := range []string{"hostile/*", "text/*.trace", "edge/*.trace", "*-annotations.trace", "*-wait-on-pipe.trace", "*-iter-pull.trace", "*start-stop.trace"} {
		files, err := filepath.Glob("../../testdata/" + pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 20_000 {
				f.Add(data)
			}
		}
	}
}

// stricter lists for what this package refuses traces that the oracle accepts,
// or panics on when a caller asks for more.
var stricter = []string{
	"the proc's id is out of range", // none has more than 2³¹
	"status is out of range",        // the oracle looks at the last byte alone, and lets 0 pass
	"within a batch",                // the oracle takes a cut after the first byte of a head for the end
	"is no event",                   // the oracle takes a batch that begins with 52 for the end of its generation
	"has a string that is not",      // the oracle looks at one frame of each program counter
	"malformed number",              // the oracle takes a table that ends before a number for the end
}

// FuzzDiff holds strict reading to the oracle: what both accept, they read
// alike, and they differ in what they accept only for a reason that is known.
func FuzzDiff(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte("go 1.2")) {
			return
		}
		want, wantErr := newOracle(data)
		got, gotErr := newReading(data, gotrace.Options{Strict: true, Squeeze: true})
		if wantErr != nil || gotErr != nil {
			return
		}
		var w, g []step
		for wantErr == nil {
			var s step
			if s, wantErr = want.next(); wantErr == nil {
				w = append(w, s)
			}
		}
		for gotErr == nil {
			var s step
			if s, _, gotErr = got.next(); gotErr == nil {
				g = append(g, s)
			}
		}
		switch {
		case gotErr == io.EOF && wantErr == io.EOF:
			if len(g) != len(w) {
				t.Fatalf("%d events, the oracle has %d", len(g), len(w))
			}
			for i := range g {
				if g[i] != w[i] && !sameButFrames(g[i], w[i]) {
					t.Fatalf("event %d:\ngot  %+v\nwant %+v", i+1, g[i], w[i])
				}
			}
		case gotErr == io.EOF:
			if !strings.HasPrefix(wantErr.Error(), "panic") {
				t.Fatalf("accepted; the oracle says %.200v", wantErr)
			}
		case wantErr == io.EOF:
			for _, reason := range stricter {
				if strings.Contains(gotErr.Error(), reason) {
					return
				}
			}
			t.Fatalf("refused with %v; the oracle accepts", gotErr)
		}
	})
}

// sameButFrames ignores differences of stacks: of frames that have the same
// program counter, the oracle takes the first one of the generation for all.
func sameButFrames(a, b step) bool {
	if (a.stack == "") != (b.stack == "") || (a.own == "") != (b.own == "") {
		return false
	}
	a.stack, a.own = b.stack, b.own
	return a == b
}

// FuzzLenient reads anything. It ends, and tells no more than three events for
// each two bytes.
func FuzzLenient(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
		if err != nil {
			return
		}
		n := 0
		for {
			events, err := r.Next()
			if err != nil {
				break
			}
			n += len(events)
			for _, e := range events {
				r.String(e.Name)
				r.AppendFrames(nil, e.Stack)
				if e.Type == gotrace.EvUserLog {
					r.String(uint32(e.B))
				}
			}
			if n > 2*len(data) {
				t.Fatalf("%d events of %d bytes", n, len(data))
			}
		}
		if first, last, err := gotrace.Extent(bytes.NewReader(data), int64(len(data))); err == nil && last <= first && n > 0 {
			t.Errorf("it lasts from %d to %d", first, last)
		}
		if report := r.Report(); report.Lost > int64(len(data)) || r.Offset() > int64(len(data)) {
			t.Errorf("%d bytes lost, the end at %d, of %d", report.Lost, r.Offset(), len(data))
		}
	})
}

// FuzzPrelude looks through every generation of anything before its events, which are
// those that come without that.
func FuzzPrelude(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
		if err != nil {
			return
		}
		looked, err := gotrace.NewReader(bytes.NewReader(data), gotrace.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			want, wantErr := plain.Next()
			got, err := looked.Next()
			if (err == nil) != (wantErr == nil) || len(got) != len(want) {
				t.Fatalf("%d events, %v; without a look %d, %v", len(got), err, len(want), wantErr)
			}
			if err != nil {
				return
			}
			there := looked.Prelude()
			for i := range there {
				looked.AppendFrames(nil, there[i].Stack)
				looked.Root(looked.Naming(there[i].ID))
			}
			for i := range got {
				a, b := got[i], want[i]
				a.Stack, b.Stack = 0, 0 // in the order in which they are looked up
				if a.Type == gotrace.EvGoCreate || a.Type == gotrace.EvGoCreateBlocked {
					a.B, b.B = 0, 0
				}
				if a != b {
					t.Fatalf("event %d:\ngot  %+v\nwant %+v", i, a, b)
				}
			}
		}
	})
}

// FuzzStrictlySound holds lenient reading to strict reading: what this reads to its
// end, that reads alike.
func FuzzStrictlySound(f *testing.F) {
	seed(f)
	f.Add(forge.LateSteal(nil))
	f.Fuzz(sameStrictly)
}
