package gotrace

import "io"

// chunkSize is how much is read at once. Batches lie in chunks as they were
// read, none across two of them: what a chunk has no more room for, up to a
// batch, is copied to the next one.
const chunkSize = 4 * maxBatchSize

// padding is how many zeros follow on what is read: more than any event has
// bytes, which then need not be asked whether they are there.
const padding = 64

// A chunk is a part of the input.
type chunk [chunkSize + padding]byte

// An input reads a trace into chunks, and keeps those of one generation.
type input struct {
	r      io.Reader
	chunks []*chunk // of the generation; the last is being filled
	free   []*chunk // of the one before

	pos, end int   // what is read and not yet taken, in the last chunk
	base     int64 // offset of the last chunk in the input
	err      error // of r, when it comes to it
}

func newInput(r io.Reader) *input {
	in := &input{r: r}
	in.chunks = append(in.chunks, new(chunk))
	return in
}

// offset returns where in the input the next byte lies.
func (in *input) offset() int64 { return in.base + int64(in.pos) }

// last returns the number of the chunk that pos refers to.
func (in *input) last() int { return len(in.chunks) - 1 }

// fill reads until n bytes are there to be taken, or the input ends; n may be
// no more than a batch with its head. It returns what is there.
func (in *input) fill(n int) []byte {
	if in.end-in.pos < n && in.err == nil {
		in.read(n)
	}
	return in.chunks[len(in.chunks)-1][in.pos:in.end]
}

func (in *input) read(n int) {
	if in.pos+n > chunkSize {
		var next *chunk
		if k := len(in.free); k > 0 {
			next, in.free = in.free[k-1], in.free[:k-1]
		} else {
			next = new(chunk)
		}
		last := in.chunks[len(in.chunks)-1]
		copied := copy(next[:], last[in.pos:in.end])
		in.base += int64(in.pos)
		in.pos, in.end = 0, copied
		in.chunks = append(in.chunks, next)
	}
	buf := in.chunks[len(in.chunks)-1][:chunkSize]
	for empty := 0; in.end-in.pos < n; {
		k, err := in.r.Read(buf[in.end:])
		in.end += k
		if err != nil {
			in.err = err
			return
		}
		if k > 0 {
			empty = 0
		} else if empty++; empty == 100 {
			in.err = io.ErrNoProgress
			return
		}
	}
}

// release gives back the chunks of the generation, all but the last, where the
// next one begins.
func (in *input) release() {
	k := len(in.chunks) - 1
	in.free = in.free[:0]
	for _, c := range in.chunks[:k] {
		if c != nil {
			in.free = append(in.free, c)
		}
	}
	in.chunks = append(in.chunks[:0], in.chunks[k])
}

// drop gives back a chunk of the generation before its end, of which nothing is
// needed.
func (in *input) drop(n int) {
	in.free = append(in.free, in.chunks[n])
	in.chunks[n] = nil
}
