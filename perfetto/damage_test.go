package perfetto_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// TestDamageIsShown asks where a timeline says that it is not what the program
// did.
func TestDamageIsShown(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(fixtures.Root(t), "testdata", "go1.26.8-multi.trace"))
	if err != nil {
		t.Fatal(err)
	}
	const generations = 993798 // bytes of the trace without its last generation
	for _, test := range []struct {
		name  string
		bytes int
		o     convert.Options
		want  []string // name, since the start in ms, a part of the message
	}{
		{"whole", len(whole), convert.Options{}, nil},
		{"cut", 1160324, convert.Options{Decoder: convert.DecoderOwn}, []string{
			"incomplete from here on, 5887, other events, most names and all stacks are missing",
			"the rest is lost, 6503, the trace is cut off within a batch",
		}},
		{"cut before the window", 1160324, convert.Options{Decoder: convert.DecoderOwn, From: 6 * time.Second}, []string{
			"incomplete from here on, 6000, other events, most names and all stacks are missing",
			"the rest is lost, 6503, the trace is cut off within a batch",
		}},
		{"the window ends before the loss", 1160324, convert.Options{Decoder: convert.DecoderOwn, From: 6 * time.Second, To: 6100 * time.Millisecond}, []string{
			"incomplete from here on, 6000, other events, most names and all stacks are missing",
		}},
		{"the window ends before the end, which may be missing", generations, convert.Options{To: 5800 * time.Millisecond}, nil},
		{"ended between generations", generations, convert.Options{}, []string{
			"the end may be missing, 5887, the trace ends as if it went on",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var file bytes.Buffer
			var start firstTime
			if _, err := convert.Run(context.Background(), bytes.NewReader(whole[:test.bytes]), test.o, perfetto.New(&file, perfetto.Options{}), &start); err != nil {
				t.Fatal(err)
			}
			db := traceprocessor.OpenBytes(t, file.Bytes())
			db.CheckImport()
			rows := db.Query(`select s.name, s.ts, extract_arg(s.arg_set_id, 'debug.message'), t.name, s.dur
				from slice s join track t on s.track_id = t.id where s.category = 'damage' order by s.ts, s.id`)
			if len(rows) != len(test.want) {
				t.Fatalf("there are %q, want %q", rows, test.want)
			}
			for i, row := range rows {
				var ts int64
				fmt.Sscan(row[1], &ts)
				parts := strings.SplitN(test.want[i], ", ", 3)
				ms := fmt.Sprint((ts - int64(start) + int64(test.o.From)) / 1e6)
				if row[0] != parts[0] || ms != parts[1] || !strings.Contains(row[2], parts[2]) || row[3] != "Damage" || row[4] != "0" {
					t.Errorf("%q at %s ms, want %q", row, ms, test.want[i])
				}
			}
		})
	}
}

// A firstTime is when a trace, or the window on it, begins.
type firstTime convert.Time

func (f *firstTime) Begin(t *convert.Trace) error { *f = firstTime(t.Start); return nil }
func (*firstTime) Consume(*convert.Batch) error   { return nil }
func (*firstTime) Finish(*convert.Summary) error  { return nil }
