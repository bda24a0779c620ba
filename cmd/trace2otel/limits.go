package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// limits bound what a single input may take. They are counted as it comes in,
// before memory is spent on it, and as outputs are written.
type limits struct {
	input        byteSize // as it is stored
	decompressed byteSize
	generation   byteSize
	output       byteSize      // 0: none
	timeout      time.Duration // 0: none

	hashed bool // what is read is, for a report
}

// The limits unless others are asked for: well above what programs write.
const (
	maxInput        = byteSize(16 << 30)
	maxDecompressed = byteSize(64 << 30)
	maxGeneration   = byteSize(2 << 30)
	maxOutput       = byteSize(64 << 30)
)

// noLimits is for looking at the first bytes of an input.
var noLimits limits

func (l *limits) addFlags(fs *pflag.FlagSet) {
	*l = limits{input: maxInput, decompressed: maxDecompressed, generation: maxGeneration}
	fs.Var(&l.input, "max-input", "read no more than this `size` of an input, as it is stored")
	fs.Var(&l.decompressed, "max-decompressed", "read no more than this `size` of an input, decompressed")
	fs.Var(&l.generation, "max-generation", "take a generation of more than this `size` for damage: one is held in memory")
	fs.DurationVar(&l.timeout, "timeout", 0, "give an input up after this `time`; 0 is never")
}

// addOutputFlag adds the flag of commands that write outputs of an input.
func (l *limits) addOutputFlag(fs *pflag.FlagSet) {
	l.output = maxOutput
	fs.Var(&l.output, "max-output", "give an input up that would write more than this `size`, all its outputs together")
}

// within returns a context that ends when the time for an input is over.
func (l *limits) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, l.timeout, fmt.Errorf("given up after %v", l.timeout))
}

func (l *limits) stored(r io.Reader) io.Reader {
	return limitReader(r, l.input, "more than %v are not read", "--max-input")
}

func (l *limits) plain(r io.Reader) io.Reader {
	return limitReader(r, l.decompressed, "more than %v, decompressed, are not read", "--max-decompressed")
}

// limitReader returns r up to limit, if there is one, and an error behind that.
func limitReader(r io.Reader, limit byteSize, text, flag string) io.Reader {
	if limit <= 0 {
		return r
	}
	return &limited{r, int64(limit), hinted{fmt.Errorf(text, limit), "pass a larger " + flag}}
}

type limited struct {
	r    io.Reader
	left int64
	err  error
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1] // one more tells the end from what is too much
	}
	n, err := l.r.Read(p)
	if int64(n) > l.left {
		n, err = int(l.left), l.err
	}
	l.left -= int64(n)
	return n, err
}

// A byteSize is a flag for a number of bytes: 64MiB.
type byteSize int64

var byteUnits = []struct {
	name string
	size byteSize
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}

func (b *byteSize) Type() string { return "size" }

func (b byteSize) String() string {
	for _, u := range byteUnits {
		if b >= u.size && b%u.size == 0 {
			return fmt.Sprintf("%d%s", b/u.size, u.name)
		}
	}
	return fmt.Sprintf("%dB", int64(b))
}

// Set takes a number with a unit, or of bytes.
func (b *byteSize) Set(text string) error {
	number, unit := text, byteSize(1)
	for _, u := range byteUnits {
		if n, ok := strings.CutSuffix(text, u.name); ok {
			number, unit = strings.TrimSpace(n), u.size
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > 1<<62/int64(unit) {
		return fmt.Errorf("want a size, like 512MiB")
	}
	*b = byteSize(n) * unit
	return nil
}
