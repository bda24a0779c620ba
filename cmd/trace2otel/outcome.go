package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/stats"
)

// An outcome is what became of a job.
type outcome struct {
	code     exitCode
	skipped  bool             // it was not begun
	unpacked bool             // it was an archive: its traces follow, and are told instead
	summary  *convert.Summary // nil if nothing could be read
	stored   int64            // bytes of the input that were read, as they are stored
	sha256   string           // of them, if they are all there is
	written  []string         // files
	said     []said
	asserted []stats.Check
	took     time.Duration

	followers []job // of the traces that follow in the same input
}

// note takes down how much of an input was read. A file is read to its end, if a
// report is to have its digest; what can be read once only is not waited for.
func (o *outcome) note(ctx context.Context, in *opened) {
	if in.regular && ctx.Err() == nil {
		in.stored.Rest()
	}
	o.stored, o.sha256 = in.stored.Bytes(), in.stored.Sum()
}

// A said is a message about an input.
type said struct {
	level level
	text  string
	hint  string
}

// level is how grave a message is.
type level string

const (
	levelNote    level = "note"
	levelWarning level = "warning"
	levelError   level = "error"
)

// digest returns the SHA-256 of a file and its size; false if it cannot be read
// again, as a pipe.
func digest(path string) (sum string, size int64, ok bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return "", 0, false
	}
	f, err := os.Open(path)
	if err != nil {
		return "", 0, false
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err == nil
}
