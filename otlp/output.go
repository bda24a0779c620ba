package otlp

import "io"

// An encoder is one of the two encodings.
type encoder interface {
	begin(h head)

	// span appends an encoded span to the others of a chunk.
	span(b []byte, s *span) []byte

	// chunk appends a whole TracesData with encoded spans.
	chunk(b []byte, h head, spans []byte) []byte
}

// A head is what stands once in each chunk: the resource and the scope.
type head struct {
	resource []attr
	scope    string
	version  string
}

// An output writes spans, in chunks. After an error it drops what it is given.
type output struct {
	w     io.Writer
	enc   encoder
	head  head
	spans []byte // encoded, of the next chunk
	buf   []byte
	err   error
}

// chunkSize is when a chunk is written.
const chunkSize = 1 << 20

func (o *output) begin(h head) {
	o.head = h
	o.enc.begin(h)
}

func (o *output) span(s *span) {
	o.spans = o.enc.span(o.spans, s)
	if len(o.spans) >= chunkSize {
		o.flush()
	}
}

func (o *output) flush() {
	if len(o.spans) == 0 {
		return
	}
	o.buf = o.enc.chunk(o.buf[:0], o.head, o.spans)
	o.spans = o.spans[:0]
	if o.err == nil {
		_, o.err = o.w.Write(o.buf)
	}
}
