package convert_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
)

// TestLengthsOfRegions holds the lengths of regions that do not nest, and what
// is said of them, to what their programs slept within them.
func TestLengthsOfRegions(t *testing.T) {
	for _, test := range []struct{ name, want, said string }{
		{
			// Sleeps of 100 and 300 ms; load ends as store begins. Then 50 ms in two
			// regions tx, the inner of which is ended twice, and 200 ms in none.
			"regions-overlap", "load 119ms, store 313ms, tx 56ms, tx 56ms",
			`regions do not nest: 1 region ended before one that began within it, 1 end matches no open region; ` +
				`the longest: "load", 119ms, begun in main.main:15, ended with "store" open`,
		},
		{
			// Five regions begin 10 ms after one another, and end so.
			"wrappers", "send 65ms, send 65ms, send 52ms, send 52ms, send 52ms",
			`regions do not nest: 4 regions ended before others that began within them; ` +
				`the longest: "send" of task 2, 65ms, begun in main.batch:24, ended with "send" open`,
		},
		{"annotations", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, strict := range []bool{false, true} {
				data, err := os.ReadFile("../testdata/go1.26.8-" + test.name + ".trace")
				if err != nil {
					t.Fatal(err)
				}
				var rec sinktest.Recorder
				s, err := convert.Run(t.Context(), bytes.NewReader(data), convert.Options{StrictDecode: strict}, &rec)
				if err != nil {
					t.Fatal(err)
				}
				var lengths []string
				for i := range rec.Records {
					if r := &rec.Records[i]; r.Kind == convert.KindRegion && r.Phase == convert.End {
						lengths = append(lengths, fmt.Sprintf("%s %v", r.Name, r.Duration().Round(time.Millisecond)))
						if r.Flags != 0 && test.want != "" {
							t.Errorf("%s has flags %b", r.Name, r.Flags)
						}
					}
				}
				if got := strings.Join(lengths, ", "); test.want != "" && got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
				if got := s.Regions.String(); got != test.said {
					t.Errorf("got  %s\nwant %s", got, test.said)
				}
			}
		})
	}
}
