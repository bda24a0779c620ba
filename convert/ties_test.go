package convert_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

// TestSameRecordsBeforeGo122 reads traces again and again whose events the
// reference decoder gives in the order of maps, which differs each time.
func TestSameRecordsBeforeGo122(t *testing.T) {
	for _, f := range fixtures.All(t) {
		data, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 4<<20 || !bytes.HasPrefix(data, []byte("go 1.1")) && !bytes.HasPrefix(data, []byte("go 1.21")) {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			records := func() [32]byte {
				hash := sha256.New()
				if _, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{}, &sinktest.Printer{W: hash}, new(sinktest.Checker)); err != nil {
					t.Fatal(err)
				}
				return [32]byte(hash.Sum(nil))
			}
			first := records()
			for range 10 {
				if records() != first {
					t.Fatal("the same trace gives other records")
				}
			}
		})
	}
}
