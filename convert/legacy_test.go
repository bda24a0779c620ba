package convert_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
)

// TestUnstoppedLegacy says of traces before Go 1.22 that they were not stopped, or
// cut within an event. The one that is not stopped lacks all from the frequency
// on: the runtime writes that at the end.
func TestUnstoppedLegacy(t *testing.T) {
	data := read(t, "user_task_region_1_21_good")
	const frequency = 372 // where its EvFrequency begins
	for _, test := range []struct {
		name string
		data []byte
		want string
		hint string
	}{
		{"header alone", data[:16], "this go 1.21 trace has no end, without which it cannot be decoded", "was trace.Stop called?"},
		{"not stopped", data[:frequency], "this go 1.21 trace has no end, without which it cannot be decoded", "was trace.Stop called?"},
		{"cut within an event", data[:frequency-1], "this go 1.21 trace is cut off within an event, and cannot be decoded without its end", "was the program killed, or the copy interrupted?"},
		{"damaged", slices.Concat(data[:1000], []byte{0xff, 0xff, 0xff}, data[1000:]), "this go 1.21 trace cannot be decoded: ", "traces before Go 1.22 can only be read whole: is this one complete?"},
	} {
		_, err := convert.Run(context.Background(), bytes.NewReader(test.data), convert.Options{})
		var input *convert.InputError
		if !errors.As(err, &input) || !strings.HasPrefix(input.Err.Error(), test.want) || input.Hint() != test.hint {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
}
