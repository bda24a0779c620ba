package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A codec is a compression, and how it is undone.
type codec struct {
	name  string
	pack  func(t *testing.T, data []byte) []byte
	open  func(io.Reader) (io.ReadCloser, error)
	magic string
}

func gzipped(t *testing.T, data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zstds are frames of every layout of a header.
func zstds(t *testing.T) (all []codec) {
	for _, single := range []bool{false, true} {
		for _, sum := range []bool{false, true} {
			all = append(all, codec{
				name:  fmt.Sprintf("zstd, single %v, checksum %v", single, sum),
				open:  OpenZstd,
				magic: "\x28\xb5\x2f\xfd",
				pack: func(t *testing.T, data []byte) []byte {
					z, err := zstd.NewWriter(nil, zstd.WithSingleSegment(single), zstd.WithEncoderCRC(sum))
					if err != nil {
						t.Fatal(err)
					}
					return z.EncodeAll(data, nil)
				},
			})
		}
	}
	return append(all, codec{
		name: "zstd in skippable frames", open: OpenZstd, magic: "\x50\x2a\x4d\x18",
		pack: func(t *testing.T, data []byte) []byte {
			var b bytes.Buffer
			b.WriteString("\x50\x2a\x4d\x18\x02\x00\x00\x00xx")
			z, err := zstd.NewWriter(&b)
			if err != nil {
				t.Fatal(err)
			}
			z.Write(data)
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			b.WriteString("\x5f\x2a\x4d\x18\x00\x00\x00\x00")
			return b.Bytes()
		},
	})
}

func codecs(t *testing.T) []codec {
	return append(zstds(t), codec{"gzip", gzipped, OpenGzip, gzipMagic})
}

// contents are of sizes around those at which layouts change.
func contents() (all [][]byte) {
	random := rand.NewChaCha8([32]byte{})
	for _, size := range []int{0, 1, 200, 300, 70_000, 300_000} {
		noise := make([]byte, size)
		random.Read(noise)
		all = append(all, noise, bytes.Repeat([]byte("a"), size), bytes.Repeat([]byte{0}, size))
	}
	return all
}

// TestTrailing reads compressed data behind which something follows: padding is
// nothing, more data goes on, and anything else is an error after the whole.
func TestTrailing(t *testing.T) {
	for _, c := range codecs(t) {
		for _, data := range contents() {
			packed := c.pack(t, data)
			for _, test := range []struct{ after, want, err string }{
				{"", "", ""},
				{"\n", "", ""},
				{"\x00", "", ""},
				{strings.Repeat("\x00", 5000), "", ""},
				{"\r\n", "", ""},
				{string(packed), string(data), ""},
				{"\x00\x00garbage", "", "bytes that are no " + c.name[:4] + " data follow it: 9"},
				{"garbage\n", "", "bytes that are no " + c.name[:4] + ` data follow it: 8, "garbage"`},
				{c.magic[:1], "", "unexpected EOF"},
			} {
				// A pipe may give a byte at a time.
				var r io.Reader = strings.NewReader(string(packed) + test.after)
				if len(data) < 1000 {
					r = iotest.OneByteReader(r)
				}
				z, err := c.open(r)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(z)
				z.Close()
				if want := string(data) + test.want; string(got) != want {
					t.Fatalf("%s, %d bytes, behind it %.20q: %d bytes read: %v", c.name, len(data), test.after, len(got), err)
				}
				var trailing *TrailingError
				switch {
				case test.err == "" && err == nil:
				case err == nil || err.Error() != test.err || errors.As(err, &trailing) != strings.HasPrefix(test.err, "bytes"):
					t.Errorf("%s, %d bytes, behind it %.20q: error %v, want %q", c.name, len(data), test.after, err, test.err)
				}
			}
		}
	}
}

// TestCutCompression is cut everywhere: it is no whole data with something behind.
func TestCutCompression(t *testing.T) {
	for _, c := range codecs(t) {
		packed := c.pack(t, []byte("some data, not too much"))
		for size := 1; size < len(packed); size++ {
			z, err := c.open(bytes.NewReader(packed[:size]))
			if err == nil {
				_, err = io.ReadAll(z)
				z.Close()
			}
			var trailing *TrailingError
			if errors.As(err, &trailing) || err == nil && c.magic == gzipMagic {
				t.Errorf("%s, %d of %d bytes: %v", c.name, size, len(packed), err)
			}
		}
	}
}
