package main

import (
	"context"
	"io"
	"os"
)

// poolMemory bounds what the jobs under way may take together, by
// [job.memory]. One job always runs.
const poolMemory = 2 << 30

const (
	leastMemory = 64 << 20 // of a job
	memoryRatio = 16       // of memory to bytes of a trace
)

// memory is what converting an input takes at most, roughly: traces before Go
// 1.22 are held whole, others by generation. It goes by what the input unpacks
// to, which takes unpacking it as far as that makes a difference.
func (j *job) memory(ctx context.Context, l limits) int64 {
	const most = (poolMemory - leastMemory) / memoryRatio
	var size int64
	if j.member != nil {
		size = j.member.Size
	} else if info, err := os.Stat(j.input); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	} else {
		return 2 * leastMemory
	}
	if size < most {
		size = max(size, j.unpackedSize(ctx, l, most))
	}
	return leastMemory + memoryRatio*min(size, most)
}

// unpackedSize returns how many bytes a compressed input unpacks to, or most if
// that is less: neither what gzip nor what zstd says of it can be relied on. It
// is 0 for inputs that are not compressed, or that cannot be read.
func (j *job) unpackedSize(ctx context.Context, l limits, most int64) int64 {
	in := &opened{limits: l, member: j.member}
	if err := in.open(ctx, j.input, nil); err != nil {
		return 0
	}
	defer in.Close()
	if !in.packed {
		return 0
	}
	n, _ := io.CopyN(io.Discard, untilDone{ctx, in}, most) // an error is the conversion's to tell
	return n
}

// An untilDone reader ends when its context does.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, io.EOF
	}
	return u.Reader.Read(p)
}
