package input

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

const traces = "../../testdata"

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(traces, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func head(data []byte) []byte { return data[:min(len(data), HeadSize)] }

// TestExamineTraces finds nothing wrong with any trace there is, however short.
func TestExamineTraces(t *testing.T) {
	n := 0
	for _, dir := range []string{traces, filepath.Join(traces, "hostile"), filepath.Join(traces, "edge"), filepath.Join(traces, "text"), "../../../shared/traces/*"} {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil || !bytes.HasPrefix(data, []byte("go 1.")) {
				continue
			}
			n++
			for _, size := range []int{16, 100, 1000, HeadSize} {
				if f, err := Examine(data[:min(len(data), size)]); err != nil || f.Any() {
					t.Errorf("%s, %d bytes: %v, %v", file, size, f, err)
				}
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d traces found", n)
	}
}

// latin1 takes every byte for a character of its own.
func latin1(data []byte) []byte {
	var b []byte
	for _, c := range data {
		b = utf8.AppendRune(b, rune(c))
	}
	return b
}

// codePage has characters for the bytes above 0x7f as Windows' consoles do.
func codePage(data []byte) []rune {
	runes := make([]rune, len(data))
	for i, c := range data {
		if runes[i] = rune(c); c >= 0x80 {
			runes[i] = 0x2500 + rune(c)
		}
	}
	return runes
}

func utf16Bytes(runes []rune) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode(runes) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// TestRefusals names what is no trace any more, for traces of all formats.
func TestRefusals(t *testing.T) {
	without := func(data []byte, old, new string) []byte {
		return bytes.ReplaceAll(data, []byte(old), []byte(new))
	}
	for _, test := range []struct {
		name string
		make func(trace []byte) []byte
		want string
		hint string
	}{
		{"UTF-16", func(b []byte) []byte { return utf16Bytes(codePage(b)) }, "written as UTF-16", "curl -o"},
		{"Latin-1", latin1, "taken for Latin-1", "iconv -f UTF-8 -t ISO-8859-1"},
		{"a code page", func(b []byte) []byte { return []byte(string(codePage(b))) }, "written as UTF-8", "binary"},
		{"replaced", func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("\uFFFD")) }, "replaced by U+FFFD", "binary"},
		{"CR LF", func(b []byte) []byte { return without(b, "\n", "\r\n") }, "became CR LF", "perl -pe"},
		{"no zeros", func(b []byte) []byte { return without(b, "\x00", "") }, "zeros of its header are missing", "pipe"},
		{"seven bits", func(b []byte) []byte {
			b = bytes.Clone(b)
			for i := range b {
				if b[i] >= 0x80 {
					b[i] = '?'
				}
			}
			return b
		}, "no byte above 0x7f left", "binary"},
		{"base64", func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }, "in base64", "base64 -d"},
		{"hexadecimal", func(b []byte) []byte { return []byte(hex.EncodeToString(b)) }, "in hexadecimal", "xxd -r -p"},
		{"dump", func(b []byte) []byte { return []byte(hex.Dump(b)) }, "hex dump", "xxd -r"},
		{"binary before", func(b []byte) []byte { return append([]byte("\x00\x01\x02"), b...) }, "begins at byte 3 only", "tail -c +4"},
	} {
		for _, file := range []string{"go1.26.8-annotations.trace", "go1.22.0-annotations.trace", "go1.26.8-stacks.trace", "user_task_region_1_21_good"} {
			_, err := Examine(head(test.make(read(t, file))))
			var r *Refusal
			if !errors.As(err, &r) || !strings.Contains(r.Error(), test.want) || !strings.Contains(r.Hint(), test.hint) || !r.Mangled() {
				t.Errorf("%s, %s: got %v", test.name, file, err)
			}
			if !IsTrace(head(test.make(read(t, file)))) {
				t.Errorf("%s, %s: a folder would not be found to hold it", test.name, file)
			}
		}
	}
}

// goroutines returns a profile as pprof writes them, decompressed.
func goroutines(t *testing.T) string {
	var b, plain bytes.Buffer
	err := pprof.Lookup("goroutine").WriteTo(&b, 0)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err == nil {
		_, err = io.Copy(&plain, z)
	}
	if err != nil {
		t.Fatal(err)
	}
	return plain.String()
}

// TestOtherKinds names what never was a trace.
func TestOtherKinds(t *testing.T) {
	profile := goroutines(t)
	for _, test := range []struct{ data, want, hint string }{
		{"\xfd7zXZ\x00\x00\x04", "is compressed by xz", "xz -d"},
		{"BZh91AY&SY", "is compressed by bzip2", "bzip2 -d"},
		{"7z\xbc\xaf\x27\x1c\x00\x04", "is a 7z archive", "unpack it"},
		{profile, "is a pprof profile", "go tool pprof"},
		{"\n<!DOCTYPE html>\n<html><head><title> Sign in\n</title>", `is an HTML page, not a trace: its title is "Sign in"`, "login"},
		{"<html><body>404</body>", "is an HTML page, not a trace", "login"},
		{"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>", "is XML", "expired"},
		{"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n404 page not found\n", `"HTTP/1.1 404 Not Found"`, "without -i"},
		{"version https://git-lfs.github.com/spec/v1\noid sha256:00", "is a pointer of Git LFS", "git lfs pull"},
		{"Could not enable tracing: tracing is already enabled\n", "did not begin to trace", "try again"},
		{"goroutine profile: total 5\n", "is a profile as text", "/debug/pprof/trace"},
		{"\xff\xfeH\x00i\x00", "is text in UTF-16, not a trace", "runtime/trace"},
	} {
		_, err := Examine([]byte(test.data))
		var r *Refusal
		if !errors.As(err, &r) || !strings.Contains(r.Error(), test.want) || !strings.Contains(r.Hint(), test.hint) || r.Mangled() {
			t.Errorf("%q: got %v", test.data[:8], err)
		}
		if IsTrace([]byte(test.data)) {
			t.Errorf("%q is taken for a trace", test.data[:8])
		}
	}
	for _, unknown := range []string{"", "g", "go 1.", "hello", "{\"json\":1}\n", "\x0a\x03abc", "\n\x04\x08\x01\x10"} {
		if f, err := Examine([]byte(unknown)); err != nil || f.Any() {
			t.Errorf("%q: %v, %v", unknown, f, err)
		}
	}
}

// TestTextBefore passes over what is printed before a trace's first batch: the
// rest is the trace.
func TestTextBefore(t *testing.T) {
	const http = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
	const text = "step \x1b[1mone\x1b[0m\nstep two, no newline"
	for _, file := range []string{"go1.26.8-annotations.trace", "go1.22.0-annotations.trace", "http_1_21_good"} {
		trace := read(t, file)
		generational := !strings.HasSuffix(file, "_good")
		for _, c := range []struct{ before, within string }{{text, ""}, {http, ""}, {"", text}, {http, text}} {
			if c.within != "" && !generational {
				continue // where batches of those begin cannot be told from text
			}
			data := []byte(c.before + string(trace[:headerSize]) + c.within + string(trace[headerSize:]))
			f, err := Examine(head(data))
			if err != nil || f.Before != len(c.before) || f.Within != len(c.within) || string(f.Text) != c.before+c.within {
				t.Errorf("%s after %q and %q: %+v, %v", file, c.before, c.within, f, err)
				continue
			}
			if !bytes.Equal(f.Cut(data), trace) {
				t.Errorf("%s after %q and %q: the rest is not the trace", file, c.before, c.within)
			}
			if !strings.Contains(f.String(), Excerpt([]byte(c.before+c.within))) {
				t.Errorf("%s does not quote the text", f)
			}
		}
	}
}
