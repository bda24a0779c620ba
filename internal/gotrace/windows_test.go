package gotrace_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// TestWindowsTimes reads a trace as Go 1.22.0 writes it on Windows, with the
// frequency of the processor's counter instead of the clock's, which has 256 times
// fewer ticks. Its times are corrected, unless they are to be as Go has them.
func TestWindowsTimes(t *testing.T) {
	const right = 1e9 / 64
	data, err := os.ReadFile("../../testdata/go1.22.0-annotations-stress.trace")
	if err != nil {
		t.Fatal(err)
	}
	later := func(data []byte) []byte {
		return append([]byte("go 1.23"), data[7:]...)
	}
	lasting := func(data []byte, o gotrace.Options) (lasts, factor int64) {
		r, err := gotrace.NewReader(bytes.NewReader(data), o)
		if err != nil {
			t.Fatal(err)
		}
		first := int64(-1)
		for {
			events, err := r.Next()
			if err != nil {
				if report := r.Report(); !report.Clean() {
					t.Errorf("%+v", report)
				}
				return lasts, r.Factor()
			}
			if first < 0 {
				first = events[0].Time
			}
			lasts = events[len(events)-1].Time - first
		}
	}
	want, _ := lasting(data, gotrace.Options{})
	short := want / 256
	asGo := gotrace.Options{Strict: true, Squeeze: true}
	for _, test := range []struct {
		name   string
		data   []byte
		o      gotrace.Options
		want   int64
		factor int64
	}{
		{"Go 1.22.0 on Windows", forge.Windows(data, right*256, true), gotrace.Options{}, want, 256},
		{"strictly", forge.Windows(data, right*256, true), gotrace.Options{Strict: true}, want, 256},
		{"as Go has them", forge.Windows(data, right*256, true), asGo, short, 0},
		{"a later Go on Windows", forge.Windows(data, right, true), gotrace.Options{}, want, 0},
		{"not on Windows", forge.Windows(data, right*256, false), gotrace.Options{}, short, 0},
		{"not Go 1.22", later(forge.Windows(data, right*256, true)), gotrace.Options{}, short, 0},
		// GODEBUG=traceadvanceperiod=3906250: generations are as short, times are not.
		{"a short period", forge.Windows(data, 20e6, true), gotrace.Options{}, want * 25 / 32, 0},
	} {
		got, factor := lasting(test.data, test.o)
		if got < test.want*99/100-1000 || got > test.want*101/100+100_000 || factor != test.factor {
			t.Errorf("%s: %d ns, factor %d; want %d, %d", test.name, got, factor, test.want, test.factor)
		}
		if first, last, err := gotrace.Extent(bytes.NewReader(test.data), int64(len(test.data))); err == nil && factor != 0 {
			t.Errorf("%s: extent %d", test.name, last-first)
		}
	}
}
