package input

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const content = "go 1.26 trace\x00\x00\x00 and more"

func gzipText(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(z, text)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zstdWindow returns a frame without content that asks for a window of 2^log
// bytes (RFC 8878, 3.1.1.1.2).
func zstdWindow(log byte) string {
	const lastEmptyBlock = "\x01\x00\x00"
	return "\x28\xb5\x2f\xfd\x00" + string([]byte{(log - 10) << 3}) + lastEmptyBlock
}

func TestDecompress(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"plain", content, content},
		{"empty", "", ""},
		{"shorter than any magic", "go", "go"},
		{"first half of a magic", "\x28\xb5", "\x28\xb5"},
		{"gzip", gzipText(t, content), content},
		{"gzip of nothing", gzipText(t, ""), ""},
		{"zstd", zstandard(t, content), content},
		{"zstd with a window of 128 MiB", zstdWindow(27), ""},
		{"zstd after a skippable frame", "\x50\x2a\x4d\x18\x02\x00\x00\x00xx" + zstandard(t, content), content},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A pipe may give a byte at a time.
			r, _, err := Decompress(iotest.OneByteReader(strings.NewReader(test.data)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, %v", got, err)
			}
			if c, ok := r.(io.Closer); ok {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestDamagedCompression(t *testing.T) {
	gz, zst := gzipText(t, content), zstandard(t, content)
	for _, test := range []struct{ name, data, want string }{
		{"gzip cut in its head", gz[:5], "the gzip data is cut off"},
		{"gzip cut in its body", gz[:20], "the gzip data is cut off"},
		{"gzip cut in its checksum", gz[:len(gz)-1], "the gzip data is cut off"},
		{"gzip with an unknown method", "\x1f\x8b\x07" + gz[3:], "the gzip data is damaged: gzip: invalid header"},
		{"gzip with a wrong checksum", gz[:len(gz)-8] + "12345678", "the gzip data is damaged: gzip: invalid checksum"},
		{"gzip with something after it", gz + "something more", "bytes that are no gzip data follow it: 14, \"something more\""},
		{"gzip with a damaged member after it", gz + "\x1f\x8b\x07" + gz[3:], "the gzip data is damaged: gzip: invalid header"},
		{"zstd cut", zst[:len(zst)-6], "the zstd data is cut off"},
		{"zstd with something after it", zst + "something more", "bytes that are no zstd data follow it: 14, \"something more\""},
		{"zstd with a window of 256 MiB", zstdWindow(28), "the zstd data is damaged: window size exceeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, _, err := Decompress(strings.NewReader(test.data))
			if err == nil {
				_, err = io.ReadAll(r)
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// What the system says about a file is no damage of what is in it.
func TestReadErrorIsNoDamage(t *testing.T) {
	broken := &fs.PathError{Op: "read", Path: "x", Err: errors.New("input/output error")}
	r, _, err := Decompress(io.MultiReader(strings.NewReader(gzipText(t, content)[:20]), iotest.ErrReader(broken)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.ReadAll(r); !errors.Is(err, broken) || strings.Contains(err.Error(), "gzip") {
		t.Errorf("got %v", err)
	}
	_, _, err = Decompress(iotest.ErrReader(broken))
	if err == nil || err.Error() != "cannot be read: input/output error" {
		t.Errorf("got %v", err)
	}
}
