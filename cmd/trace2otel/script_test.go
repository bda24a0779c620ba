package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/pprof/profile"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/trace2otel/trace2otel/internal/forge"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"trace2otel": func() {
			code := run()
			if peak := os.Getenv(peakVariable); peak != "" {
				tellPeak(peak)
			}
			os.Exit(code)
		},
	})
}

// peakVariable names the file, if any, that the command is to write the state
// of its process to, at its end.
const peakVariable = "TRACE2OTEL_TEST_PEAK"

func tellPeak(path string) {
	state, err := os.ReadFile("/proc/self/status")
	if err == nil {
		err = os.WriteFile(path, state, 0o666)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

var update = flag.Bool("update", false, "rewrite the texts that scripts compare")

// TestScripts runs the stories of testdata/script. $TRACES is the folder of
// real traces.
func TestScripts(t *testing.T) {
	traces, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TRACES", traces)
			e.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each command, else
			e.Values["backend"] = new(backend)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": exitcode,
			"clocked":  clocked,
			"compress": compress,
			"cut":      cut,
			"join":     join,
			"mangle":   mangle,
			"pack":     pack,
			"age":      age,
			"only":     only,
			"profile":  checkProfile,
			"backend":  func(ts *testscript.TestScript, _ bool, args []string) { startBackend(t, ts, args) },
			"arrived":  arrived,
		},
	})
}

// exitcode CODE program args... runs a program, which must exit with CODE.
func exitcode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode CODE program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var exit *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exit):
		if exit.ExitCode() != want {
			ts.Fatalf("exit code %d, want %d", exit.ExitCode(), want)
		}
	case err != nil:
		ts.Fatalf("%v", err)
	case want != 0:
		ts.Fatalf("exit code 0, want %d", want)
	}
}

// clocked FILE OFFSET... writes a trace of a generation a second, whose wall
// clock is ahead of the trace's by so much at the beginning of each.
func clocked(ts *testscript.TestScript, _ bool, args []string) {
	var offsets []time.Duration
	for _, arg := range args[1:] {
		d, err := time.ParseDuration(arg)
		ts.Check(err)
		offsets = append(offsets, d)
	}
	date := time.Date(2026, time.March, 29, 0, 59, 58, 0, time.UTC)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), forge.Clocked(date, offsets...), 0o666))
}

// compress gzip|zstd FROM TO compresses a file.
func compress(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[2]))
	ts.Check(err)
	defer f.Close()
	var w io.WriteCloser = gzip.NewWriter(f)
	if args[0] == "zstd" {
		w, err = zstd.NewWriter(f)
		ts.Check(err)
	}
	_, err = io.WriteString(w, ts.ReadFile(args[1]))
	ts.Check(err)
	ts.Check(w.Close())
}

// cut FILE SIZE cuts a file off. A negative SIZE is what to cut off.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	if size < 0 {
		size += len(ts.ReadFile(args[0]))
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(size)))
}

// join TO FILE... writes files one after another into one.
func join(ts *testscript.TestScript, _ bool, args []string) {
	var all bytes.Buffer
	for _, name := range args[1:] {
		all.WriteString(ts.ReadFile(name))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), all.Bytes(), 0o666))
}

// pack zip|tar TO NAME=FILE... makes an archive of files, under any names. A NAME
// that ends in -> is a link to FILE, one that ends in / a folder.
func pack(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer f.Close()
	var z *zip.Writer
	var t *tar.Writer
	if args[0] == "zip" {
		z = zip.NewWriter(f)
	} else {
		t = tar.NewWriter(f)
	}
	for _, arg := range args[2:] {
		name, file, _ := strings.Cut(arg, "=")
		name, isLink := strings.CutSuffix(name, "->")
		data, mode := file, fs.ModeSymlink|0o777
		if !isLink && !strings.HasSuffix(name, "/") {
			data, mode = ts.ReadFile(file), 0o666
		} else if !isLink {
			data, mode = "", fs.ModeDir|0o777
		}
		if z != nil {
			h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			h.SetMode(mode)
			w, err := z.CreateHeader(h)
			ts.Check(err)
			_, err = io.WriteString(w, data)
			ts.Check(err)
			continue
		}
		h := &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(data)), Mode: 0o666, ModTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		switch {
		case isLink:
			h.Typeflag, h.Linkname, h.Size, data = tar.TypeSymlink, file, 0, ""
		case mode.IsDir():
			h.Typeflag = tar.TypeDir
		}
		ts.Check(t.WriteHeader(h))
		_, err = io.WriteString(t, data)
		ts.Check(err)
	}
	if z != nil {
		ts.Check(z.Close())
	} else {
		ts.Check(t.Close())
	}
}

// mangle HOW FROM TO does to a file what a transport does that takes it for text.
func mangle(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[1]))
	switch args[0] {
	case "crlf":
		data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	case "latin1":
		var text []byte
		for _, c := range data {
			text = utf8.AppendRune(text, rune(c))
		}
		data = text
	case "replace":
		data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
	case "utf16":
		text := []byte("\xff\xfe")
		for _, c := range data {
			text = append(text, c, 0)
		}
		data = text
	case "base64":
		data = base64.StdEncoding.AppendEncode(nil, data)
	default:
		ts.Fatalf("mangle cannot do %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o666))
}

// age FILE TIME sets the modification time of a file.
func age(ts *testscript.TestScript, _ bool, args []string) {
	at, err := time.Parse(time.RFC3339, args[1])
	ts.Check(err)
	ts.Check(os.Chtimes(ts.MkAbs(args[0]), at, at))
}

// only DIR FILE... says that DIR has these files and no others: nothing
// temporary, nothing half.
func only(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	want := make(map[string]bool)
	for _, name := range args[1:] {
		want[name] = true
	}
	for _, e := range entries {
		if !want[e.Name()] {
			ts.Fatalf("%s has %s", args[0], e.Name())
		}
		delete(want, e.Name())
	}
	for name := range want {
		ts.Fatalf("%s lacks %s", args[0], name)
	}
}

// profile FILE REGEX... says that a file, or stdout, is a pprof profile whose
// text, comments and labels included, the expressions match.
func checkProfile(ts *testscript.TestScript, _ bool, args []string) {
	p, err := profile.ParseData([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(p.CheckValid())
	for _, want := range args[1:] {
		if re := regexp.MustCompile("(?m)" + want); !re.MatchString(p.String()) {
			ts.Fatalf("%s does not match %s:\n%s", args[0], re, p)
		}
	}
}
