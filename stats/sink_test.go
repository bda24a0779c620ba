package stats

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

var update = flag.Bool("update", false, "write the goldens anew")

func TestConformance(t *testing.T) {
	for _, o := range []Options{
		{},
		{Format: JSON, Goroutine: regexp.MustCompile("")},
	} {
		t.Run([]string{"text", "json"}[o.Format], func(t *testing.T) {
			sinktest.Test(t, func(w io.Writer) convert.Sink { return New(w, o) }, fixtures.Small(t)...)
		})
	}
}

func TestJSONReadsBack(t *testing.T) {
	for _, f := range fixtures.All(t) {
		var out bytes.Buffer
		s := New(&out, Options{Format: JSON, ToolVersion: "v1", Goroutine: regexp.MustCompile("main")})
		fixtures.Run(t, f, s)
		got, err := ReadJSON(&out)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, s.Report()) {
			t.Errorf("%s: what is read back differs", f.Name)
		}
	}
	for _, text := range []string{"", "{}", `{"schema":"trace2otel/stats/v0"}`, "[]"} {
		if _, err := ReadJSON(strings.NewReader(text)); err == nil {
			t.Errorf("%q is a report", text)
		}
	}
}

// TestText compares with a text that was read.
func TestText(t *testing.T) {
	golden := filepath.Join("testdata", "multi.txt")
	var out bytes.Buffer
	f := fixtures.File{Name: "multi", Path: filepath.Join(fixtures.Root(t), "testdata", "go1.26.8-multi.trace")}
	fixtures.Run(t, f, New(&out, Options{Goroutine: regexp.MustCompile("^main")}))
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("the text is not that of %s:\n%s", golden, &out)
	}
}

func TestTextFitsAndIsPrintable(t *testing.T) {
	check := func(t *testing.T, name, text string) {
		for i, line := range strings.Split(text, "\n") {
			if n := utf8.RuneCountInString(line); n > lineWidth {
				t.Errorf("%s: line %d has %d columns: %s", name, i+1, n, line)
			}
			for _, r := range line {
				if !unicode.IsPrint(r) && r != utf8.RuneError {
					t.Errorf("%s: line %d has %q", name, i+1, r)
				}
			}
		}
	}
	for _, f := range fixtures.All(t) {
		var out bytes.Buffer
		fixtures.Run(t, f, New(&out, Options{Goroutine: regexp.MustCompile("")}))
		check(t, f.Name, out.String())
	}
	nasty := sinktest.Story(t, `trace "a\x1b[31m\nb"
stack 1: "\x1b]0;x\x07.f\u202e" "f\n.go:7"
0 G1 begin goroutine "\x1b[2J\r\n\xff"
0 G1 begin waiting "\x1b[1mwait\t" stack=1
5 G1 end waiting
5 G1 begin task "t\x00" id=1
6 G1 begin region "r\u2028" parent=1`)
	var out bytes.Buffer
	if err := nasty.Replay(New(&out, Options{Goroutine: regexp.MustCompile("")}), 1); err != nil {
		t.Fatal(err)
	}
	check(t, "nasty", out.String())
}

func TestShortKeepsThreeDigits(t *testing.T) {
	for d, want := range map[int64]string{
		0: "0", 1: "1ns", 999: "999ns", 1000: "1.00µs", 9994: "9.99µs", 9996: "10.0µs", 99_960: "100µs",
		999_499: "999µs", 999_500: "1.00ms", 1_000_000: "1.00ms", 12_345_678: "12.3ms", 59_000_000_000: "59.0s",
		179_000_000_000: "179s", 180_000_000_000: "3.00m", 7_200_000_000_000: "120m", 36_000_000_000_000: "10.0h", -5000: "-5.00µs",
	} {
		if got := short(time.Duration(d)); got != want {
			t.Errorf("%d ns: %s, want %s", d, got, want)
		}
	}
}

// A name that nobody has is more likely a slip than a wish.
func TestNoGoroutineMatches(t *testing.T) {
	s := New(nil, Options{Goroutine: regexp.MustCompile("nobody")})
	fixtures.Run(t, fixtures.File{Path: "../testdata/go1.26.8-annotations.trace"}, s)
	if w := s.Report().Warnings; len(w) != 1 || w[0] != `no goroutine matches "nobody"` {
		t.Errorf("warnings %q", w)
	}
}
