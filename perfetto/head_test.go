package perfetto_test

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// TestUUID asks files for their ids: the UI keeps files by them, so what shows
// otherwise has another.
func TestUUID(t *testing.T) {
	data, err := os.ReadFile("../testdata/go1.26.8-annotations.trace")
	if err != nil {
		t.Fatal(err)
	}
	id := func(c convert.Options, o perfetto.Options) string {
		var file bytes.Buffer
		if _, err := convert.Run(context.Background(), bytes.NewReader(data), c, perfetto.New(&file, o)); err != nil {
			t.Fatal(err)
		}
		return traceprocessor.OpenBytes(t, file.Bytes()).Table("select str_value from metadata where name = 'trace_uuid'")
	}
	whole := id(convert.Options{}, perfetto.Options{})
	if again := id(convert.Options{}, perfetto.Options{}); again != whole || len(whole) != 37 {
		t.Errorf("the ids are %q and %q", whole, again)
	}
	seen := map[string]string{whole: "the whole"}
	for name, other := range map[string]string{
		"a part":          id(convert.Options{To: 100 * time.Microsecond}, perfetto.Options{}),
		"plain tracks":    id(convert.Options{}, perfetto.Options{Layout: perfetto.LayoutProcs}),
		"one goroutine":   id(convert.Options{}, perfetto.Options{Only: &perfetto.Selection{Text: "1", Goroutines: map[convert.GoID]bool{1: true}}}),
		"another":         id(convert.Options{}, perfetto.Options{Only: &perfetto.Selection{Text: "2", Goroutines: map[convert.GoID]bool{2: true}}}),
		"another run":     id(convert.Options{RunKey: "x"}, perfetto.Options{}),
		"another decoder": id(convert.Options{Decoder: convert.DecoderX}, perfetto.Options{}),
	} {
		if seen[other] != "" {
			t.Errorf("%s has the id of %s", name, seen[other])
		}
		seen[other] = name
	}
}
