package stats_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/stats"
)

// What a program waited for.
func Example() {
	trace, err := os.Open("../testdata/go1.26.8-multi.trace")
	if err != nil {
		log.Fatal(err)
	}
	defer trace.Close()

	sink := stats.New(nil, stats.Options{}) // with a writer, it also writes the report
	if _, err := convert.Run(context.Background(), trace, convert.Options{}, sink); err != nil {
		log.Fatal(err)
	}

	report := sink.Report()
	fmt.Println("scheduling latency: at worst", report.Totals.Latency.Max)
	for _, wait := range report.Totals.Waits[:3] {
		fmt.Printf("%s: %v, in %d waits\n", wait.Reason, wait.Time, wait.Each.Count)
	}
	// Output:
	// scheduling latency: at worst 822.017152ms
	// network: 31.855641221s, in 7607 waits
	// sleep: 17.511433536s, in 6670 waits
	// select: 15.828512258s, in 13450 waits
}
