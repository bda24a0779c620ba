package input

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync/atomic"
)

// A Digest is an input as it is stored. It counts the bytes that are read and
// hashes them, so that the digest is of what was converted, even if the file has
// changed since.
type Digest struct {
	r     io.Reader
	n     atomic.Int64
	hash  hash.Hash // nil: nobody wants it
	ended bool
}

// NewDigest returns a Digest of r. hashed has it hash what it counts.
func NewDigest(r io.Reader, hashed bool) *Digest {
	d := &Digest{r: r}
	if hashed {
		d.hash = sha256.New()
	}
	return d
}

func (d *Digest) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.n.Add(int64(n))
	if d.hash != nil {
		d.hash.Write(p[:n])
	}
	d.ended = d.ended || err == io.EOF
	return n, err
}

// Bytes returns how many bytes have been read. It may be called at any time.
func (d *Digest) Bytes() int64 { return d.n.Load() }

// Rest reads the input to its end, if it is hashed. Nobody else may be reading.
func (d *Digest) Rest() {
	if d.hash != nil && !d.ended {
		io.Copy(io.Discard, d)
	}
}

// Sum returns the SHA-256 of the input, in hexadecimal digits, or "" if it is not
// hashed or was not read to its end.
func (d *Digest) Sum() string {
	if d.hash == nil || !d.ended {
		return ""
	}
	return hex.EncodeToString(d.hash.Sum(nil))
}
