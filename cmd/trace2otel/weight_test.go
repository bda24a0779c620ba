package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// TestWeight reserves memory for inputs by what they unpack to: also for such as
// say otherwise, as gzip of several members does.
func TestWeight(t *testing.T) {
	const size = 10 << 20
	dir := t.TempDir()
	zeros := make([]byte, size)
	pack := func(data []byte, wrap func(w io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		w := wrap(&b)
		w.Write(data)
		w.Close()
		return b.Bytes()
	}
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zst := func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }
	zipped := pack(zeros, gz)
	for _, test := range []struct {
		name string
		data []byte
		want int64
	}{
		{"plain", zeros, leastMemory + memoryRatio*size},
		{"gzip", zipped, leastMemory + memoryRatio*size},
		{"zstd", pack(zeros, zst), leastMemory + memoryRatio*size},
		{"members", append(bytes.Clone(zipped), pack([]byte("x"), gz)...), leastMemory + memoryRatio*(size+1)},
		{"cut", zipped[:len(zipped)-8], leastMemory + memoryRatio*size},
		{"beyond all memory", pack(make([]byte, 20*size), gz), poolMemory},
		{"empty", nil, leastMemory},
	} {
		path := filepath.Join(dir, test.name)
		if err := os.WriteFile(path, test.data, 0o666); err != nil {
			t.Fatal(err)
		}
		j := job{input: path}
		if got := j.memory(t.Context(), noLimits); got != test.want {
			t.Errorf("%s: %d bytes of memory, want %d", test.name, got, test.want)
		}
		j.input = filepath.Join(dir, "none")
		if got := j.memory(t.Context(), noLimits); got != 2*leastMemory {
			t.Errorf("no file: %d bytes of memory", got)
		}
	}
	bounded := job{input: filepath.Join(dir, "gzip")}
	if got := bounded.memory(t.Context(), limits{decompressed: 1 << 20}); got != leastMemory+memoryRatio<<20 {
		t.Errorf("with --max-decompressed, %d bytes of memory", got)
	}
}
