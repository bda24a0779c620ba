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

// TestRegionTypesAreForgotten has a goroutine exit within regions of more types than
// are remembered. When the last of them is ended elsewhere, a third goroutine has
// one like it open, which goes on.
func TestRegionTypesAreForgotten(t *testing.T) {
	const types = 1<<16 + 10
	var story strings.Builder
	story.WriteString("100: sync\n110 P0 M1: G1 Undetermined->Running\n110 P1 M2: G5 Undetermined->Running\n110 P2 M3: G6 Undetermined->Running\n")
	story.WriteString("115 G1 P0 M1: task begin 7 0 \"request\"\n")
	for i := range types {
		fmt.Fprintf(&story, "120 G5 P1 M2: region begin 7 \"type %d\"\n", i)
	}
	fmt.Fprintf(&story, "130 G5 P1 M2: G5 Running->NotExist\n140 G6 P2 M3: region begin 7 \"type %d\"\n", types-1)
	// All of G5's are closed from the last one on: the first to begin are forgotten.
	fmt.Fprintf(&story, "150 G6 P2 M3: region begin 7 \"type 0\"\n160 G1 P0 M1: region end 7 \"type 0\"\n170: end\n")
	var rec sinktest.Recorder
	if err := convert.RunStory("go 1.26", story.String(), convert.Options{}, &rec); err != nil {
		t.Fatal(err)
	}
	for i := range rec.Records {
		if r := &rec.Records[i]; r.Kind == convert.KindRegion && r.Phase == convert.End && r.By != convert.NoGoroutine {
			t.Errorf("G%d ends a region of G%d", r.By, r.G)
		}
	}
}
