package gotrace_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// traces calls f with every trace at hand that has generations, each in a test
// of its own.
func traces(t *testing.T, f func(t *testing.T, data []byte)) {
	n := 0
	for _, dir := range []string{"../../testdata", "../../../shared/traces"} {
		filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".expect") {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(data), "go 1.2") || strings.HasPrefix(string(data), "go 1.21") || strings.HasSuffix(path, "hdr124.trace") {
				return nil
			}
			if testing.Short() && len(data) > 1<<20 {
				return nil
			}
			n++
			t.Run(strings.TrimPrefix(path, "../../"), func(t *testing.T) { f(t, data) })
			return nil
		})
	}
	if n < 20 {
		t.Errorf("only %d traces found", n)
	}
}

// TestSameAsOracle reads every trace with golang.org/x/exp/trace and with this
// package, step by step: events, times, contexts, strings and stacks are the
// same, and what the one refuses, the other does; except regions that do not
// nest, which are no damage.
func TestSameAsOracle(t *testing.T) {
	traces(t, func(t *testing.T, data []byte) {
		compare(t, data)
	})
}

// TestLenientSameAsOracle reads every trace that the oracle can read to its end
// leniently: nothing is repaired, and the events are the same.
func TestLenientSameAsOracle(t *testing.T) {
	traces(t, func(t *testing.T, data []byte) {
		if !accepted(data) {
			return
		}
		want, err := newOracle(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := newReading(data, gotrace.Options{Squeeze: true})
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; ; n++ {
			w, err := want.next()
			g, _, gotErr := got.next()
			if err == io.EOF {
				if report := got.r.Report(); report.Cut > 0 && strings.HasPrefix(string(data), "go 1.25") {
					return // ended by its program's death: the oracle cannot tell
				} else if gotErr != io.EOF || !report.Clean() {
					t.Errorf("after %d events: %v, %+v", n, gotErr, report)
				}
				return
			}
			if g != w {
				t.Fatalf("event %d:\ngot  %+v\nwant %+v", n, g, w)
			}
		}
	})
}

// accepted reports whether the oracle reads a trace to its end.
func accepted(data []byte) bool {
	o, err := newOracle(data)
	for err == nil {
		_, err = o.next()
	}
	return err == io.EOF
}

// compare reports the first difference between the decoders.
func compare(t *testing.T, data []byte) {
	t.Helper()
	want, wantErr := newOracle(data)
	got, gotErr := newReading(data, gotrace.Options{Strict: true, Squeeze: true})
	if wantErr != nil || gotErr != nil {
		if (gotErr == nil) != (wantErr == nil) && !strings.Contains(wantErr.Error(), "unsupported") {
			t.Errorf("opened with %v, the oracle with %v", gotErr, wantErr)
		}
		return
	}
	for n := 1; ; n++ {
		w, wantErr := want.next()
		g, _, gotErr := got.next()
		if wantErr != nil && strings.Contains(wantErr.Error(), "misuse of region") && gotErr == nil {
			return
		}
		if (wantErr == nil) != (gotErr == nil) || (wantErr == io.EOF) != (gotErr == io.EOF) {
			t.Fatalf("event %d: error %v, the oracle's %.200v", n, gotErr, wantErr)
		}
		if wantErr != nil {
			t.Logf("%d events, then %.100v", n-1, gotErr)
			return
		}
		if g != w {
			t.Fatalf("event %d:\ngot  %+v\nwant %+v", n, g, w)
		}
	}
}
