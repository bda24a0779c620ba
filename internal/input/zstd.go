package input

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Magic numbers of zstd (RFC 8878, 3.1.1 and 3.1.2).
const (
	zstdMagic      = 0xfd2fb528
	skippableMagic = 0x184d2a50 // to 0x184d2a5f
)

// maxWindow bounds the memory to decompress zstd: what its own command takes
// without --long.
const maxWindow = 128 << 20

// A zstdReader decompresses frames of zstd, one behind the other, up to the end
// of the last: padding may follow, and anything else is a [*TrailingError].
type zstdReader struct {
	io.ReadCloser
	frames *zstdFrames
}

// OpenZstd returns the plain data of r, which is compressed by zstd.
func OpenZstd(r io.Reader) (io.ReadCloser, error) {
	frames := &zstdFrames{r: bufio.NewReaderSize(r, 64<<10)}
	z, err := zstd.NewReader(frames, zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return &zstdReader{z.IOReadCloser(), frames}, nil
}

func (z *zstdReader) Read(p []byte) (int, error) {
	n, err := z.ReadCloser.Read(p)
	if err == io.EOF && z.frames.after != nil {
		err = z.frames.after
	}
	return n, err
}

// zstdFrames passes frames of zstd on, and ends where no more of them follow. What
// is no frame in itself it passes on as it is, for the decoder to refuse.
type zstdFrames struct {
	r     *bufio.Reader
	left  int64 // bytes to pass on before step is taken
	step  func() error
	sum   int64 // bytes of the checksum of the frame
	after error // what follows the frames, if not nothing; read after the end
}

func (f *zstdFrames) Read(p []byte) (int, error) {
	for f.left == 0 {
		if f.step == nil {
			f.step = f.frame
		}
		if err := f.step(); err != nil {
			return 0, err
		}
	}
	n, err := f.r.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, err
}

// frame is the step at the beginning of a frame, or behind the last.
func (f *zstdFrames) frame() error {
	const most = 4 + 1 + 1 + 4 + 8 // a frame header
	b, err := f.r.Peek(most)
	if err != nil && err != io.EOF {
		return err
	}
	if len(b) < 4 {
		if isMagicStart(b) {
			f.left = int64(len(b)) // it is cut
			return nil
		}
		return f.end()
	}
	magic := binary.LittleEndian.Uint32(b)
	switch {
	case magic&^0xf == skippableMagic && len(b) >= 8:
		f.left = 8 + int64(binary.LittleEndian.Uint32(b[4:]))
		return nil
	case magic&^0xf == skippableMagic || magic == zstdMagic && len(b) < 5:
		f.left = int64(len(b))
		return nil
	case magic != zstdMagic:
		return f.end()
	}
	descriptor := b[4]
	single := descriptor>>5&1 == 1
	size := 5 + []int{0, 1, 2, 4}[descriptor&3] + []int{0, 2, 4, 8}[descriptor>>6]
	if !single {
		size++ // for the window
	} else if descriptor>>6 == 0 {
		size++ // for the size of the content
	}
	f.left = int64(min(size, len(b)))
	f.sum = int64(descriptor>>2&1) * 4
	f.step = f.block
	return nil
}

// block is the step at the beginning of a block.
func (f *zstdFrames) block() error {
	b, err := f.r.Peek(3)
	if len(b) < 3 {
		if f.left = int64(len(b)); len(b) == 0 {
			return err
		}
		return nil
	}
	header := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
	size := header >> 3
	if header>>1&3 == 1 {
		size = 1 // one byte, repeated
	}
	f.left = 3 + size
	if header&1 == 1 {
		f.left += f.sum
		f.step = f.frame
	}
	return nil
}

// end reads what follows the frames.
func (f *zstdFrames) end() error {
	err := endsWith(f.r, "zstd")
	if _, ok := err.(*TrailingError); ok {
		f.after, err = err, io.EOF
	}
	f.step = func() error { return err }
	return err
}

// isMagicStart reports whether a frame may begin with b, which is shorter than a
// magic number.
func isMagicStart(b []byte) bool {
	var zstd, skippable [4]byte
	binary.LittleEndian.PutUint32(zstd[:], zstdMagic)
	binary.LittleEndian.PutUint32(skippable[:], skippableMagic)
	if len(b) == 0 {
		return false
	}
	return string(b) == string(zstd[:len(b)]) || b[0]&^0xf == skippable[0] && string(b[1:]) == string(skippable[1:len(b)])
}
