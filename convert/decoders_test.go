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
	"github.com/trace2otel/trace2otel/internal/forge"
)

// TestDecodersAgree converts every trace with both decoders: read as Go's
// tools do, they give the same records.
func TestDecodersAgree(t *testing.T) {
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) {
			data, err := os.ReadFile(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			records := func(d convert.Decoder) ([32]byte, *convert.Summary) {
				sum := sha256.New()
				s, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Decoder: d, AsGo: true}, &sinktest.Printer{W: sum, Stacks: true})
				if err != nil {
					t.Fatal(err)
				}
				return [32]byte(sum.Sum(nil)), s
			}
			x, xs := records(convert.DecoderX)
			own, owns := records(convert.DecoderOwn)
			if xs.Loss != nil || xs.Version < "go 1.22" {
				return // said in other words; or read by the same decoder, which has no fixed order of ties
			}
			if x != own || xs.Events != owns.Events || xs.Adjusted != owns.Adjusted || xs.End != owns.End || owns.Loss != nil || owns.Repairs.Any() {
				t.Errorf("records differ: %+v, the other decoder %+v", owns, xs)
			}
		})
	}
}

// TestStrictlySound converts every trace leniently and strictly. If nothing is
// wrong with it by the strict rules, the records are the same, and nothing is
// repaired. A steal that comes much later than what follows it is not wrong.
func TestStrictlySound(t *testing.T) {
	sound := 0
	check := func(t *testing.T, data []byte) {
		records := func(o convert.Options) ([32]byte, *convert.Summary) {
			sum := sha256.New()
			s, err := convert.Run(context.Background(), bytes.NewReader(data), o, &sinktest.Printer{W: sum, Stacks: true})
			if err != nil {
				t.Fatal(err)
			}
			return [32]byte(sum.Sum(nil)), s
		}
		want, strict := records(convert.Options{StrictDecode: true})
		if strict.Loss != nil || strict.Version < "go 1.22" {
			return // not sound; or read by the same decoder both times
		}
		sound++
		got, s := records(convert.Options{})
		if got != want || s.Loss != nil || s.Repairs.Any() {
			t.Errorf("records differ: %+v, strictly %+v", s, strict)
		}
	}
	t.Run("late steal", func(t *testing.T) { check(t, forge.LateSteal(nil)) })
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) {
			data, err := os.ReadFile(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			check(t, data)
		})
	}
	if sound < 20 {
		t.Errorf("only %d sound traces", sound)
	}
}

// TestRepairedEnds converts a trace that has lost a piece: what had to be
// guessed is flagged on the ends of intervals, and counted.
func TestRepairedEnds(t *testing.T) {
	data := read(t, "go1.26.8-multi.trace")
	const from, to = 524288, 655360 // bytes
	damaged := append(bytes.Clone(data[:from]), data[to:]...)
	var rec sinktest.Recorder
	s, err := convert.Run(context.Background(), bytes.NewReader(damaged), convert.Options{Decoder: convert.DecoderOwn}, &rec, new(sinktest.Checker))
	if err != nil {
		t.Fatal(err)
	}
	var repaired int64
	for _, r := range rec.Records {
		if r.Flags&convert.Repaired != 0 {
			repaired++
		}
	}
	if s.Loss != nil || s.Repairs.Repaired == 0 || s.Repairs.Lost == 0 || repaired == 0 || repaired > 4*s.Repairs.Repaired {
		t.Errorf("%d ends repaired; %v; loss %v", repaired, s.Repairs, s.Loss)
	}
	whole, err := convert.Run(context.Background(), bytes.NewReader(data), convert.Options{Decoder: convert.DecoderOwn})
	if err != nil {
		t.Fatal(err)
	}
	// The piece is a ninth of the trace. What is lost besides is little.
	if s.Events < whole.Events*80/100 {
		t.Errorf("%d events of %d", s.Events, whole.Events)
	}
}
