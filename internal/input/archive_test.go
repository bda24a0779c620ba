package input

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// zipOf and tarOf make archives of files, by their names, in this order.
func zipOf(t *testing.T, files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: zip.Deflate, Modified: time.Unix(1e9, 0)})
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t *testing.T, files ...string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: files[i], Typeflag: tar.TypeReg, Size: int64(len(files[i+1])), ModTime: time.Unix(1e9, 0)})
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tempFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

var errTooMuch = errors.New("too much")

// find finds the traces in an archive in each way that there is for its format.
func find(t *testing.T, data []byte, l Limits) map[string]*Archive {
	t.Helper()
	f := tempFile(t)
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	shared, size := NewSharedFile(f.Name()), int64(len(data))
	if ArchiveFormat(data[:min(len(data), HeadSize)]) == Zip {
		return map[string]*Archive{
			"zip":      FindInZip(t.Context(), shared, size, l),
			"open zip": FindInOpenZip(t.Context(), f, size, l),
		}
	}
	return map[string]*Archive{
		"tar":        FindInTar(t.Context(), shared, size, l),
		"tar stream": FindInTarStream(t.Context(), bytes.NewReader(data), NewSpool(tempFile(t), l.Plain, errTooMuch), l),
	}
}

// TestMembers finds the traces in archives, whatever their names, and reads them
// side by side and again.
func TestMembers(t *testing.T) {
	trace := string(read(t, "go1.26.8-multi.trace"))
	small := string(read(t, "go1.24.0-annotations.trace"))
	packed := string(gzipped(t, []byte(trace)))
	files := []string{
		"deep/er/a.trace", trace, "b", packed, "readme", "no trace", "empty.trace", "",
		"./c.out", small, "curl.out", "HTTP/1.1 200 OK\r\n\r\n" + small, "nested.zip", string(zipOf(t, "x.trace", small)),
		"nested.tar", string(tarOf(t, "x.trace", small)),
	}
	want := map[string]string{"deep/er/a.trace": trace, "b": packed, "empty.trace": "", "c.out": small, "curl.out": files[11]}
	for _, data := range [][]byte{zipOf(t, files...), tarOf(t, files...)} {
		for how, a := range find(t, data, Limits{}) {
			if a.Err != nil || a.Others != 3 || len(a.Members) != len(want) {
				t.Errorf("%s: %d members and %d others: %v", how, len(a.Members), a.Others, a.Err)
			}
			var all sync.WaitGroup
			for _, m := range append(a.Members, a.Members...) {
				all.Go(func() {
					r, err := m.Open()
					if err != nil {
						t.Error(err)
						return
					}
					got, err := io.ReadAll(r)
					r.Close()
					if err != nil || string(got) != want[m.Name] || m.Size != int64(len(got)) || m.ModTime.Unix() != 1e9 {
						t.Errorf("%s: %s: %d bytes, size %d, of %v: %v", how, m.Name, len(got), m.Size, m.ModTime, err)
					}
				})
			}
			all.Wait()
		}
	}
}

// TestArchiveFormat tells archives from traces, and from anything.
func TestArchiveFormat(t *testing.T) {
	for _, test := range []struct {
		data []byte
		want Format
	}{
		{zipOf(t), Zip},
		{zipOf(t, "a", "b"), Zip},
		{tarOf(t, "a", "b"), Tar},
		{tarOf(t, "a", "b")[:511], NoArchive},
		{make([]byte, 1024), NoArchive},
		{read(t, "go1.26.8-multi.trace"), NoArchive},
		{[]byte("PK"), NoArchive},
		{nil, NoArchive},
	} {
		if got := ArchiveFormat(test.data[:min(len(test.data), HeadSize)]); got != test.want {
			t.Errorf("%.20q is %q, want %q", test.data, got, test.want)
		}
	}
}

// TestArchiveBounds takes no more of an archive than the limits allow.
func TestArchiveBounds(t *testing.T) {
	bomb := "go 1.26 trace\x00\x00\x00" + strings.Repeat("\x00", 10<<20)
	for _, data := range [][]byte{zipOf(t, "a.trace", bomb, "b.trace", bomb), tarOf(t, "a.trace", bomb, "b.trace", bomb)} {
		for how, a := range find(t, data, Limits{Plain: 15 << 20, TooMuch: errTooMuch}) {
			if len(a.Members) != 2 || a.Err != nil {
				t.Fatalf("%s: %d members: %v", how, len(a.Members), a.Err)
			}
			if r, err := a.Members[0].Open(); err != nil {
				t.Errorf("%s: the first: %v", how, err)
			} else {
				r.Close()
			}
			if _, err := a.Members[1].Open(); !errors.Is(err, errTooMuch) {
				t.Errorf("%s: the second: %v", how, err)
			}
		}
	}
	// A spool has a bound of its own: what is there is read.
	spool := NewSpool(tempFile(t), 1<<20, errTooMuch)
	a := FindInTarStream(t.Context(), bytes.NewReader(tarOf(t, "a.trace", bomb, "b.trace", bomb)), spool, Limits{})
	if len(a.Members) != 2 || spool.size != 1<<20 {
		t.Fatalf("%d members in a spool of %d bytes", len(a.Members), spool.size)
	}
	for i, want := range []int{1 << 20, 0} {
		r, err := a.Members[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if len(got) != want || !errors.Is(err, errTooMuch) {
			t.Errorf("member %d: %d bytes: %v", i, len(got), err)
		}
	}
}

// TestCutArchives finds what there is of an archive that is cut anywhere, and says
// so.
func TestCutArchives(t *testing.T) {
	small := string(read(t, "go1.24.0-annotations.trace"))
	files := []string{"a.trace", small, "b.trace", small}
	for _, data := range [][]byte{zipOf(t, files...), tarOf(t, files...)} {
		whole := find(t, data, Limits{})
		for size := tarBlock; size < len(data)-2*tarBlock; size += 101 {
			for how, a := range find(t, data[:size], Limits{}) {
				said := a.Err != nil
				for _, m := range a.Members {
					r, err := m.Open()
					if err == nil {
						_, err = io.ReadAll(r)
						r.Close()
					}
					said = said || err != nil
				}
				if !said || len(a.Members) > len(whole[how].Members) {
					t.Errorf("%s, %d of %d bytes: %d members, and nothing said", how, size, len(data), len(a.Members))
				}
			}
		}
	}
}

func TestArchiveEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := tempFile(t)
	data := tarOf(t, "a.trace", "b")
	f.Write(data)
	if a := FindInTar(ctx, NewSharedFile(f.Name()), int64(len(data)), Limits{}); a.Err == nil {
		t.Error("goes on without a context")
	}
}
