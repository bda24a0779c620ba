package perfetto

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
)

// TestClocks loads timelines of traces whose wall clock drifts from the trace's,
// or is set: they date what they show as other outputs do, and no clock makes an
// import error.
func TestClocks(t *testing.T) {
	const drift = 870 * time.Microsecond
	for _, test := range []struct {
		name    string
		offsets []time.Duration
		pairs   int // of times, at the least
		steps   string
	}{
		{"steady", []time.Duration{0, 0, 0, 0, 0}, 1, ""},
		{"ahead", []time.Duration{0, drift, 2 * drift, 3 * drift, 4 * drift}, 4, ""},
		{"behind", []time.Duration{0, -drift, -2 * drift, -3 * drift, -4 * drift}, 4, ""},
		{"set ahead", []time.Duration{0, 0, time.Hour, time.Hour, time.Hour}, 1, "set ahead by 1h0m0s"},
		{"set back", []time.Duration{0, 0, -time.Hour, -time.Hour, -time.Hour}, 1, "set back by 1h0m0s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := forge.Clocked(time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC), test.offsets...)
			var file bytes.Buffer
			var rec sinktest.Recorder
			if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, New(&file, Options{}), &rec); err != nil {
				t.Fatal(err)
			}
			db := traceprocessor.OpenBytes(t, file.Bytes())
			db.CheckImport()

			var wall convert.WallClock
			for i := range rec.Records {
				wall.Sync(&rec.Records[i])
			}
			var values []string
			for i := range rec.Records {
				values = append(values, fmt.Sprintf("(%d)", rec.Records[i].Time))
			}
			for _, row := range db.Query("with t(ts) as (values " + strings.Join(values, ",") + ") select ts, to_realtime(ts) from t") {
				at, _ := strconv.ParseInt(row[0], 10, 64)
				got, _ := strconv.ParseInt(row[1], 10, 64)
				want, _ := wall.Wall(convert.Time(at))
				off := max(got-want, want-got)
				if off > maxAstray || test.pairs == 1 && off != 0 {
					t.Errorf("to_realtime(%d) is %d, want %d", at, got, want)
				}
			}
			n, _ := strconv.Atoi(db.Query("select count(distinct snapshot_id) from clock_snapshot where clock_name = 'REALTIME'")[0][0])
			if n < test.pairs || test.pairs == 1 && n != 1 {
				t.Errorf("%d pairs of times, want %d", n, test.pairs)
			}
			steps := db.Table("select str_value from metadata where name = 'trace_attribute.clock_steps'")
			if !strings.Contains(steps, test.steps) || (steps == "") != (test.steps == "") {
				t.Errorf("the steps told are %q, want %q", steps, test.steps)
			}
		})
	}
}
