package stats_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/stats"
)

// A page with what was saved as JSON, or only just analysed.
func ExampleReport_WriteHTML() {
	trace, err := os.Open("../testdata/go1.26.8-multi.trace")
	if err != nil {
		log.Fatal(err)
	}
	defer trace.Close()
	sink := stats.New(nil, stats.Options{})
	if _, err := convert.Run(context.Background(), trace, convert.Options{}, sink); err != nil {
		log.Fatal(err)
	}

	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	page, err := os.Create(filepath.Join(dir, "trace.html"))
	if err != nil {
		log.Fatal(err)
	}
	if err := sink.Report().WriteHTML(page); err != nil {
		log.Fatal(err)
	}
	if err := page.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("open", filepath.Base(page.Name()), "in a browser")
	// Output: open trace.html in a browser
}
