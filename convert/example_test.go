package convert_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/trace2otel/trace2otel/convert"
)

// waits is an output format in its smallest form: it sums up the time that
// goroutines waited, by reason.
type waits map[string]time.Duration

func (w waits) Begin(*convert.Trace) error { return nil }

func (w waits) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		if r.Kind == convert.KindState && r.Phase == convert.End && r.State == convert.StateWaiting {
			w[r.Reason()] += r.Duration()
		}
	}
	return nil
}

func (w waits) Finish(*convert.Summary) error { return nil }

func Example() {
	f, err := os.Open("../testdata/go1.26.8-multi.trace")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()

	w := waits{}
	s, err := convert.Run(context.Background(), f, convert.Options{}, w)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Version, "trace of", s.End.Sub(s.Start).Round(time.Millisecond))
	fmt.Println("waited on the network:", w["network"].Round(time.Millisecond))
	fmt.Println("waited to receive:", w["chan receive"].Round(time.Millisecond))
	// Output:
	// go 1.26 trace of 6.504s
	// waited on the network: 31.856s
	// waited to receive: 19.516s
}
