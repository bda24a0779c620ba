package otlp

import "io"

// An encoder is one of the two encodings.
type encoder interface {
	begin(h head)

	// span appends an encoded span to the others of a chunk.
	span(b []byte, s *span) []byte

	// attr appends an attribute of a span, as it stands in an attrEncoded.
	attr(b []byte, a *attr) []byte

	// chunk returns a whole TracesData with encoded spans, in three pieces.
	chunk(spans []byte) (before, within, after []byte)
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
	spans []byte // encoded, of the next chunk
	err   error
}

// chunkSize is when a chunk is written.
const chunkSize = 1 << 17

func (o *output) span(s *span) {
	if o.spans == nil {
		o.spans = make([]byte, 0, chunkSize+chunkSize/16) // growing to that is copying it
	}
	o.spans = o.enc.span(o.spans, s)
	if len(o.spans) >= chunkSize {
		o.flush()
	}
}

func (o *output) flush() {
	if len(o.spans) == 0 {
		return
	}
	before, within, after := o.enc.chunk(o.spans)
	for _, b := range [][]byte{before, within, after} {
		if o.err == nil && len(b) > 0 {
			_, o.err = o.w.Write(b)
		}
	}
	o.spans = o.spans[:0]
}
