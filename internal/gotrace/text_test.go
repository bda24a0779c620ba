package gotrace_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// TestTextBetween puts text between batches, and before the end of a generation:
// all of the trace is read, and the text is found.
func TestTextBetween(t *testing.T) {
	const text = "step one\nstep 14\n"
	traces(t, func(t *testing.T, data []byte) {
		if strings.Contains(t.Name(), "/text/") {
			t.Skip("its times are made up, and tell nothing of where it goes on")
		}
		want, clean := lanes(t, data, gotrace.Options{})
		all := batches(t, data)
		if !clean.Clean() || len(all) < 2 || all[len(all)-1].end < len(data) {
			t.Skip("it is damaged, or something follows it")
		}
		for i := 1; i < len(all); i += max(len(all)/10, 1) {
			for _, at := range []int{all[i].start, all[len(all)-1].start} {
				got, r := lanes(t, slices.Concat(data[:at], []byte(text), data[at:]), gotrace.Options{})
				if r.Cut > clean.Cut || r.Lost != int64(len(text)) || r.Text != text {
					t.Errorf("at %d of %d: %d generations cut, %d bytes lost, text %q", at, len(data), r.Cut, r.Lost, r.Text)
				}
				sameLanes(t, want, got)
			}
		}
	})
}

// TestTextBetweenTraces puts text between two traces: the second is not taken for
// a part of the first.
func TestTextBetweenTraces(t *testing.T) {
	data := multi(t)
	want, _ := lanes(t, data, gotrace.Options{})
	got, _ := lanes(t, slices.Concat(data, []byte("step one\n"), data), gotrace.Options{})
	sameLanes(t, want, got)
}

// TestTextWithin puts text into a batch, as pipes do: the events before it are
// told, and the text is found.
func TestTextWithin(t *testing.T) {
	const text = "2026/11/28 request done\n"
	data := multi(t)
	for _, w := range batches(t, data) {
		if w.end-w.data < 10_000 || data[w.data] < 9 {
			continue // it holds no events
		}
		at := (w.data + w.end) / 2
		_, r := lanes(t, slices.Concat(data[:at], []byte(text), data[at:]), gotrace.Options{})
		if !strings.Contains(r.Text, text[:len(text)-1]) || r.Cut > 0 {
			t.Errorf("at %d: text %q, %d generations cut", at, r.Text, r.Cut)
		}
	}
}

// TestNoText takes no other damage for text.
func TestNoText(t *testing.T) {
	data := multi(t)
	for i, w := range batches(t, data) {
		if i%20 != 1 || data[w.data] < 9 {
			continue
		}
		for _, junk := range [][]byte{bytes.Repeat([]byte{0}, 100), bytes.Repeat([]byte{0xff, 10, 20}, 30)} {
			_, r := lanes(t, slices.Concat(data[:w.start], junk, data[w.start:]), gotrace.Options{})
			if r.Text != "" {
				t.Errorf("at %d: %q is no text", w.start, r.Text)
			}
		}
	}
}

func sameLanes(t *testing.T, want, got map[int64][]gotrace.Event) {
	t.Helper()
	for m, events := range want {
		if !slices.Equal(events, got[m]) {
			t.Errorf("thread %d has other events: %d, want %d", m, len(got[m]), len(events))
		}
	}
}

func multi(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../../testdata/go1.26.8-multi.trace")
	if err != nil {
		t.Fatal(err)
	}
	return data
}
