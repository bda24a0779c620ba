package main

import (
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
	summary  *convert.Summary // nil if nothing could be read
	stored   int64            // bytes of the input that were read, as they are stored
	written  []string         // files
	said     []said
	asserted []stats.Check
	took     time.Duration

	followers []job // of the traces that follow in the same input
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
