package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFetchedArchives reads archives from URLs, each once, and leaves no copy.
func TestFetchedArchives(t *testing.T) {
	trace, err := os.ReadFile(smallTrace)
	if err != nil {
		t.Fatal(err)
	}
	var zipped, packed bytes.Buffer
	z := zip.NewWriter(&zipped)
	w, err := z.Create("logs/x.trace")
	if err == nil {
		_, err = w.Write(trace)
	}
	gz := gzip.NewWriter(&packed)
	tw := tar.NewWriter(gz)
	for _, err := range []error{
		err, z.Close(),
		tw.WriteHeader(&tar.Header{Name: "./logs/x.trace", Typeflag: tar.TypeReg, Size: int64(len(trace))}),
		func() error { _, err := tw.Write(trace); return err }(),
		tw.Close(), gz.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if strings.HasSuffix(r.URL.Path, "zip") {
			w.Write(zipped.Bytes())
		} else {
			w.Write(packed.Bytes())
		}
	}))
	defer server.Close()
	for _, name := range []string{"build.zip", "build.tgz"} {
		temp, dir := t.TempDir(), t.TempDir()
		t.Setenv("TMPDIR", temp)
		t.Setenv("TMP", temp) // on Windows
		url := server.URL + "/" + name
		requests = 0
		code, said := execute(t, false, os.Stdout, "convert", url, "--to", "stats", "--out", dir)
		if want := "/" + name + "!logs/x.trace: wrote "; code != exitOK || !strings.Contains(said, want) || requests != 1 {
			t.Errorf("%s: exit code %d, %d requests: %s", name, code, requests, said)
		}
		if _, err := os.Stat(filepath.Join(dir, "127.0.0.1", "logs", "x.stats.json")); err != nil {
			t.Error(err)
		}
		text := filepath.Join(t.TempDir(), "x.txt")
		if code, said := execute(t, false, os.Stdout, "stats", url, "-o", text, "-q"); code != exitOK || said != "" || requests != 2 {
			t.Errorf("%s: exit code %d, %d requests: %s", name, code, requests, said)
		}
		if left := folder(t, temp); len(left) > 0 {
			t.Errorf("%s: %d temporary files are left", name, len(left))
		}
	}
}

// TestArchivesLeaveNothing removes the copies of archives that are read, also of
// those that cannot be.
func TestArchivesLeaveNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	file := filepath.Join(t.TempDir(), "x.tgz")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	tw := tar.NewWriter(z)
	tw.WriteHeader(&tar.Header{Name: "x.trace", Typeflag: tar.TypeReg, Size: 1000})
	io.WriteString(tw, "go 1.26 trace\x00\x00\x00")
	z.Close()
	f.Close()
	code, said := execute(t, false, os.Stdout, "convert", file, "--to", "stats", "--out", t.TempDir())
	if code != exitFailed || !strings.Contains(said, "the tar archive is cut off") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if left := folder(t, temp); len(left) > 0 {
		t.Errorf("%d temporary files are left", len(left))
	}
}
