package export_test

import (
	"context"
	"fmt"
	"os"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// Converts a trace and delivers its spans to a back end on this machine.
func Example() {
	f, err := os.Open("../../testdata/go1.26.8-annotations.trace")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()

	ctx := context.Background()
	retry := export.Retry{For: -1} // once only
	client, err := export.Target{URL: "http://127.0.0.1:1"}.NewClient(retry)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := export.New(ctx, client, export.Options{Retry: retry})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, convertErr := convert.Run(ctx, f, convert.Options{}, otlp.New(e, otlp.Options{Format: otlp.Binary}))
	report, err := e.Close()
	fmt.Println(convertErr, err)
	fmt.Println(report.Sent, report.Rejected, report.Failed > 0)
	// Output:
	// <nil> <nil>
	// 0 0 true
}
