package perfetto_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/gzwriter"
	"github.com/trace2otel/trace2otel/perfetto"
)

// TestSize holds how many bytes an event of a server's trace may take, with what
// the command has for defaults, and with what makes files small.
func TestSize(t *testing.T) {
	f := fixtures.File{Name: "go1.26.8-multi", Path: "../testdata/go1.26.8-multi.trace"}
	for _, test := range []struct {
		name        string
		o           perfetto.Options
		raw, zipped float64
	}{
		{"default", perfetto.Options{CounterStep: 100 * time.Microsecond}, 48, 6.6},
		{"small", perfetto.Options{CounterStep: time.Millisecond, NoThreads: true}, 28, 4.5},
	} {
		var file, zipped bytes.Buffer
		s := fixtures.Run(t, f, perfetto.New(&file, test.o))
		z := gzwriter.New(&zipped)
		if _, err := z.Write(file.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		raw, zip := float64(file.Len())/float64(s.Events), float64(zipped.Len())/float64(s.Events)
		if raw > test.raw || zip > test.zipped {
			t.Errorf("%s: %.1f and, gzipped, %.1f bytes an event; want %.1f and %.1f at most", test.name, raw, zip, test.raw, test.zipped)
		}
	}
}
