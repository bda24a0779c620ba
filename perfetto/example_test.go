package perfetto_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/perfetto"
)

func Example() {
	out := filepath.Join(os.TempDir(), "annotations.pftrace")
	defer os.Remove(out)
	if err := timeline("../testdata/go1.26.8-annotations.trace", out); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("open annotations.pftrace at https://ui.perfetto.dev")
	// Output:
	// open annotations.pftrace at https://ui.perfetto.dev
}

// timeline converts the execution trace in a file to a Perfetto trace.
func timeline(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() {
		if e := out.Close(); err == nil {
			err = e
		}
		if err != nil {
			os.Remove(to) // half a file
		}
	}()
	_, err = convert.Run(context.Background(), in, convert.Options{Name: from},
		perfetto.New(out, perfetto.Options{}))
	return err
}

// A file can go anywhere: the sink writes in pieces and closes nothing.
func ExampleNew() {
	in, err := os.Open("../testdata/go1.26.8-annotations.trace")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	sink := perfetto.New(io.Discard, perfetto.Options{ToolVersion: "v1.2.3"})
	s, err := convert.Run(context.Background(), in, convert.Options{}, sink)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Goroutines > 0)
	// Output: true
}
