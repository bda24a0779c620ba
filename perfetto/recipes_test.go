package perfetto_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// TestRecipes runs the SQL of docs/perfetto.md on the beginning of a
// server's trace: each finds something.
func TestRecipes(t *testing.T) {
	page, err := os.ReadFile("../docs/perfetto.md")
	if err != nil {
		t.Fatal(err)
	}
	trace, err := os.Open("../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	defer trace.Close()
	var timeline bytes.Buffer
	_, err = convert.Run(t.Context(), trace, convert.Options{To: 300 * time.Millisecond},
		perfetto.New(&timeline, perfetto.Options{Wakers: true}))
	if err != nil {
		t.Fatal(err)
	}
	db := traceprocessor.OpenBytes(t, timeline.Bytes())
	recipes := strings.Split(string(page), "```sql\n")[1:]
	if len(recipes) < 4 {
		t.Fatalf("%d recipes", len(recipes))
	}
	for _, text := range recipes {
		sql, _, _ := strings.Cut(text, "```")
		if rows := db.Query(sql); len(rows) == 0 {
			t.Errorf("this finds nothing:\n%s", sql)
		}
	}
}
