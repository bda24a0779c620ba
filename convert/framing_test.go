package convert

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestFraming finds where generations lie, and what follows the last, however
// the bytes come.
func TestFraming(t *testing.T) {
	const head = "go 1.26 trace\x00\x00\x00"
	batch := func(gen byte, data string) string {
		return string([]byte{evEventBatch, gen, 0x81, 0x01, 0x90, 0x4e, byte(len(data))}) + data
	}
	experimental := string([]byte{evExperimentalBatch, 7, 1, 5, 9, 2}) + "ab"
	end := string([]byte{evEndOfGeneration})
	tests := []struct {
		name   string
		bytes  string
		starts []int64 // of generations 1, 2…
		tail   string
	}{
		{"nothing but the header", head, nil, ""},
		{"one generation", head + batch(1, "abc") + end, []int64{16}, ""},
		{"two, the first without an end", head + batch(1, "abc") + batch(1, "") + batch(2, "de"), []int64{16, 33}, ""},
		{"two of one number", head + batch(1, "abc") + end + batch(1, "") + end, []int64{16, 27}, ""},
		{"an experimental batch", head + experimental + batch(1, "x") + end, []int64{16}, ""},
		{"cut in a batch", head + batch(1, "abc")[:8], []int64{16}, "the trace is cut off within a batch"},
		{"cut in a head", head + batch(1, "abc") + batch(1, "de")[:4], []int64{16}, "the trace is cut off within a batch"},
		{"zeros", head + batch(1, "abc") + end + "\x00\x00\x00", []int64{16}, "zero bytes follow the trace from byte 27 on"},
		{"a trace", head + batch(1, "abc") + end + head, []int64{16}, "a second trace follows at byte 27"},
		{"garbage", head + batch(1, "abc") + end + "garbage", []int64{16}, "7 bytes that are no trace data follow at byte 27: \"garbage\""},
		{"a varint without end", head + batch(1, "abc") + "\x01" + strings.Repeat("\xff", 40), []int64{16}, "41 bytes that are no trace data follow at byte 26"},
		{"a batch beyond all bounds", head + "\x01\x01\x01\x01\xff\xff\xff\x7f", []int64{16}, "8 bytes that are no trace data follow at byte 16"},
	}
	for _, test := range tests {
		for _, slow := range []bool{false, true} {
			var r io.Reader = strings.NewReader(test.bytes)
			if slow {
				r = iotest.OneByteReader(r)
			}
			f := newFraming(r, header{26})
			f.rest()
			if got, _ := f.tail(); got != test.tail {
				t.Errorf("%s: got tail %q, want %q", test.name, got, test.tail)
			}
			for i, want := range test.starts {
				if got, ok := f.start(i + 1); got != want || !ok {
					t.Errorf("%s: generation %d is at %d, want %d", test.name, i+1, got, want)
				}
			}
			if f.seen != len(test.starts) || f.off != int64(len(test.bytes)) {
				t.Errorf("%s: %d generations in %d bytes", test.name, f.seen, f.off)
			}
		}
	}
}

// TestFramingForgets keeps the offsets of the last generations alone.
func TestFramingForgets(t *testing.T) {
	const generations = 10 * keptStarts
	var b bytes.Buffer
	b.WriteString("go 1.26 trace\x00\x00\x00")
	for i := range generations {
		b.Write([]byte{evEventBatch, byte(1 + i%100), 1, 1, 0, evEndOfGeneration})
	}
	f := newFraming(&b, header{26})
	f.rest()
	if len(f.starts) > 2*keptStarts {
		t.Errorf("%d offsets are kept", len(f.starts))
	}
	for n := 1; n <= generations; n++ {
		got, ok := f.start(n)
		if want := int64(16 + 6*(n-1)); ok && got != want || !ok && n > generations-keptStarts {
			t.Fatalf("generation %d is at %d, %v, want %d", n, got, ok, want)
		}
	}
	if _, ok := f.start(generations + 1); ok {
		t.Error("there is one generation more")
	}
}
