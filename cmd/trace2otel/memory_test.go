//go:build linux && !race

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// hostile are inputs made to cost as much memory as they can: of about size
// bytes each, decompressed.
var hostile = []struct {
	name  string
	limit int // on what the process takes at most, in MB, with all outputs
	code  exitCode
	write func(size int) []byte
}{
	{"nothing but zeros, 1000 to 1 by gzip", 60, exitFailed, func(size int) []byte {
		return bomb(nil, 16*size)
	}},
	{"a header, and zeros, 1000 to 1 by gzip", 60, exitFailed, func(size int) []byte {
		return bomb(forge.New().Bytes(), 16*size)
	}},
	{"strings of sparse ids", 250, exitOK, forged(func(t *forge.Trace, size int) {
		inBatches(t, size, []byte{4}, func(data []byte, n uint64) []byte {
			data = append(data, 5)
			data = binary.AppendUvarint(data, n<<10)
			return append(data, 0)
		})
		running(t, nil)
	})},
	{"goroutines that never run", 2000, exitOK, forged(func(t *forge.Trace, size int) {
		running(t, nil)
		inBatches(t, size, nil, func(data []byte, n uint64) []byte {
			return forge.Event(data, gotrace.EvGoCreate, 0, 10+n, 0, 0)
		})
	})},
	{"stacks of 128 frames, no two alike", 400, exitOK, forged(func(t *forge.Trace, size int) {
		t.Batch(1, 1, 1, append([]byte{4, 5, 1, 6}, "main.f"...))
		var created uint64
		inBatches(t, size, []byte{2}, func(data []byte, n uint64) []byte {
			data = append(data, 3)
			data = binary.AppendUvarint(data, n)
			data = binary.AppendUvarint(data, 128)
			for i := range uint64(128) {
				for _, v := range []uint64{1 + n*128 + i, 1, 1, 1 + (n*128+i)%100_000} {
					data = binary.AppendUvarint(data, v)
				}
			}
			created = n
			return data
		})
		running(t, nil)
		inBatches(t, t.Len()+200_000, nil, func(data []byte, n uint64) []byte {
			return forge.Event(data, gotrace.EvGoCreate, 0, 10+n, 1+n%created, 1+n%created)
		})
	})},
	{"log messages of any bytes", 300, exitOK, forged(func(t *forge.Trace, size int) {
		t.Batch(1, 1, 1, append([]byte{4, 5, 1, 3}, "cat"...))
		var logs []byte
		for n := uint64(2); t.Len() < size; n++ {
			text := binary.AppendUvarint([]byte{4, 5}, n)
			text = binary.AppendUvarint(text, 1020) // no string of a trace has more than 1024
			t.Batch(1, 1, 1, append(text, bytes.Repeat([]byte{0xff, '"', '<', 0x1b, 0, '\n'}, 170)...))
			logs = forge.Event(logs, gotrace.EvUserLog, 0, 0, 1, n, 0)
		}
		running(t, logs)
	})},
	{"goroutines in regions and tasks, none of which end", 1400, exitOK, forged(func(t *forge.Trace, size int) {
		t.Batch(1, 1, 1, append([]byte{4, 5, 1, 3}, "cat"...))
		running(t, nil)
		inBatches(t, size, nil, func(data []byte, n uint64) []byte {
			data = forge.Event(data, gotrace.EvUserTaskBegin, 0, n, n-1, 1, 0)
			return forge.Event(data, gotrace.EvUserRegionBegin, 0, n, 1, 0)
		})
	})},
}

// forged makes a trace of one generation, which fill fills.
func forged(fill func(t *forge.Trace, size int)) func(size int) []byte {
	return func(size int) []byte {
		t := forge.New()
		t.Sync(1)
		fill(t, size)
		t.End()
		return t.Bytes()
	}
}

// bomb compresses data, and that many zeros after it, as far as they go.
func bomb(data []byte, zeros int) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	z.Write(data)
	for piece := make([]byte, 1<<16); zeros > 0; zeros -= len(piece) {
		z.Write(piece)
	}
	z.Close()
	return b.Bytes()
}

// running appends a batch in which goroutine 1 runs, and then does more.
func running(t *forge.Trace, more []byte) {
	data := forge.Event(nil, gotrace.EvProcStatus, 1, 0, 1)
	data = forge.Event(data, gotrace.EvGoStatus, 0, 1, 7, 2)
	t.Batch(1, 7, 1, append(data, more...))
}

// inBatches appends about size bytes of batches, which begin with head, of
// items counted from 1.
func inBatches(t *forge.Trace, size int, head []byte, item func(data []byte, n uint64) []byte) {
	for n := uint64(1); t.Len() < size; {
		data := bytes.Clone(head)
		for len(data) < 60_000 {
			data = item(data, n)
			n++
		}
		t.Batch(1, 7, 2, data)
	}
}

// TestHostileMemory converts inputs that are made to take memory into
// everything, each in a process of its own. docs/limits.md has the figures; the
// race detector takes several times as much.
func TestHostileMemory(t *testing.T) {
	size := 4 << 20
	if testing.Short() {
		size = 1 << 20
	}
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			dir := t.TempDir()
			data := h.write(size)
			if err := os.WriteFile(filepath.Join(dir, "x.trace"), data, 0o666); err != nil {
				t.Fatal(err)
			}
			code, stderr, peak := peakOf(t, dir, "convert", "x.trace", "--to", "perfetto,otlp,pprof,stats", "--out", "out", "--decoder", "own")
			if code != h.code || strings.Contains(stderr, "panic") || len(stderr) > 10_000 {
				t.Errorf("exit code %d, want %d\n%.2000s", code, h.code, stderr)
			}
			t.Logf("%.1f MB take %d MB", float64(len(data))/1e6, peak)
			if peak > h.limit {
				t.Errorf("%d MB of memory, more than %d", peak, h.limit)
			}
		})
	}
}

// TestManyInputs converts many small inputs, whole, damaged and refused ones, and
// such that hold several traces: memory does not grow with their number.
func TestManyInputs(t *testing.T) {
	const many, most = 1000, 60 // MB; ten inputs take 30
	whole, err := os.ReadFile(smallTrace)
	if err != nil {
		t.Fatal(err)
	}
	// Not those of before Go 1.22: each takes 33 MB, whatever its size.
	kinds := [][]byte{whole, whole[:len(whole)-100], slices.Concat(whole, whole), []byte("go 1.26 trace\x00\x00\x00")}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "many"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range many {
		if err := os.WriteFile(filepath.Join(dir, "many", fmt.Sprintf("%04d.trace", i)), kinds[i%len(kinds)], 0o666); err != nil {
			t.Fatal(err)
		}
	}
	code, stderr, peak := peakOf(t, dir, "convert", "many", "--to", "perfetto,stats", "--out", "out", "-q")
	if n := strings.Count(stderr, "no complete generation"); code != exitFailed || n != many/len(kinds) {
		t.Errorf("exit code %d, %d inputs refused\n%.2000s", code, n, stderr)
	}
	t.Logf("%d inputs take %d MB", many, peak)
	if peak > most {
		t.Errorf("%d MB of memory, more than %d", peak, most)
	}
}

// peakOf runs the command in dir, and returns the most memory that its process had
// at a time, in MB.
func peakOf(t *testing.T, dir string, args ...string) (code exitCode, stderr string, peak int) {
	t.Helper()
	var said strings.Builder
	cmd := exec.Command("trace2otel", args...)
	cmd.Dir, cmd.Stderr = dir, &said
	cmd.Env = append(os.Environ(), peakVariable+"=peak")
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return exitCode(cmd.ProcessState.ExitCode()), said.String(), peakMemory(t, filepath.Join(dir, "peak"))
}

// peakMemory returns the most memory that a process had at a time, in MB, of
// what it has written of itself (proc(5)). What its parent can ask for counts
// the parent's own, up to where the program began.
func peakMemory(t *testing.T, path string) int {
	state, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, peak, _ := strings.Cut(string(state), "VmHWM:")
	peak, _, _ = strings.Cut(peak, "kB")
	kilobytes, err := strconv.Atoi(strings.TrimSpace(peak))
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes * 1024 / 1e6
}
