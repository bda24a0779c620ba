package endtoend

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/net/html"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/stats"
)

// awkwardNames are names that a program may give to tasks, regions, functions and
// logs, and that are hard to cut, to align or to quote.
var awkwardNames = []string{
	"",
	"main.handle",
	" ",
	strings.Repeat(" ", 30) + "aligned",
	strings.Repeat(" ", 300) + "aligned",
	strings.Repeat(" ", 3000),
	"   " + strings.Repeat("long ", 60),
	strings.Repeat("x", 118) + "日本語", // otlp cuts names at 60 and at 120 bytes
	strings.Repeat("x", 59) + "é" + strings.Repeat("y", 58) + "é and more",
	"x" + strings.Repeat("é", 2000),
	strings.Repeat("日本語", 200),
	strings.Repeat("e\u0301", 400),               // combining accents
	strings.Repeat("\U0001F468\u200d", 100),      // joined emoji
	strings.Repeat("\u202egnp.", 60),             // right to left
	strings.Repeat("\xe2\x82", 200),              // characters cut in half
	strings.Repeat("\xff", 300),                  // no UTF-8
	strings.Repeat("\x80", 300),                  // nothing but what continues a character
	strings.Repeat("\x00\x01\x1b[31m\x7f", 50),   // control characters
	"a\nb\r\nc\td\x85\u2028e",                    // ends of lines
	`quotes "'` + "`" + ` and \ backslashes\x00`, // escapes
	"</td><script>alert(1)</script>&amp;<!--",
	"::error::x ##[group]",
	"[x] {y} %s %!d(MISSING) $HOME",
}

// FuzzNames gives one name to all that has a name in a trace with records of every
// kind. No output fails; all can be read back, hold text that is UTF-8, and keep
// to their lines, columns and elements.
func FuzzNames(f *testing.F) {
	for _, name := range awkwardNames {
		f.Add(name)
	}
	all := append(outputs(),
		output{"stats text", func(w io.Writer) convert.Sink { return stats.New(w, stats.Options{}) }},
		output{"stats html", func(w io.Writer) convert.Sink { return stats.New(w, stats.Options{Format: stats.HTML}) }},
		// With little room, names are cut.
		output{"otlp binary", func(w io.Writer) convert.Sink {
			return otlp.New(w, otlp.Options{Format: otlp.Binary, MaxBytes: 1})
		}},
		output{"otlp jsonl", func(w io.Writer) convert.Sink {
			return otlp.New(w, otlp.Options{Format: otlp.JSONL, MaxBytes: 1})
		}},
	)
	plain := write(f, named(f, "main.handle"), all)
	f.Fuzz(func(t *testing.T, name string) {
		rec := named(t, name)
		for i, text := range write(t, rec, all) {
			if err := checkNamed(all[i].name, text, plain[i]); err != nil {
				t.Errorf("%s: %v", all[i].name, err)
			}
		}
		if err := checkText(diffText(t, rec)); err != nil {
			t.Errorf("diff: %v", err)
		}
	})
}

// named returns a recording of records of every kind, in which everything has the
// name.
func named(tb testing.TB, name string) *sinktest.Recorder {
	rec := sinktest.Everything(tb)
	rec.Trace.Name = name
	rec.Summary.Name = name
	for i := range rec.Records {
		r := &rec.Records[i]
		if r.Kind == convert.KindMetric {
			continue // metrics are known by their names
		}
		if r.Name != "" {
			r.Name = name
		}
		if r.Text != "" {
			r.Text = name
		}
	}
	for i := range rec.Stacks {
		for k := range rec.Stacks[i].Frames {
			frame := &rec.Stacks[i].Frames[k]
			frame.Func, frame.File = name, name
		}
	}
	return rec
}

// write returns what each output writes of a recording.
func write(tb testing.TB, rec *sinktest.Recorder, outs []output) (texts []string) {
	tb.Helper()
	for _, o := range outs {
		var b bytes.Buffer
		if err := rec.Replay(o.sink(&b), 64); err != nil {
			tb.Errorf("%s: %v", o.name, err)
		}
		texts = append(texts, b.String())
	}
	return texts
}

// diffText returns the comparison of a recording with nothing.
func diffText(t *testing.T, rec *sinktest.Recorder) string {
	t.Helper()
	var reports [2]*stats.Report
	for i, r := range []*sinktest.Recorder{sinktest.Story(t, "0 - sync id=1"), rec} {
		sink := stats.New(nil, stats.Options{})
		if err := r.Replay(sink, 64); err != nil {
			t.Fatal(err)
		}
		reports[i] = sink.Report()
	}
	d, err := stats.Compare(reports[:1], reports[1:], stats.DiffOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.WriteText(&b, true); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkNamed checks an output. plain is the same with names that are not awkward.
func checkNamed(name, text, plain string) error {
	if err := readBack(name, text); err != nil {
		return err
	}
	format, kind, _ := strings.Cut(name, " ")
	switch {
	case format == "perfetto":
		return checkNames([]byte(text))
	case kind == "html":
		got, want := elements(text), elements(plain)
		for name, n := range got {
			if n > want[name] {
				return fmt.Errorf("the page has %d elements %q, without that name %d", n, name, want[name])
			}
		}
	case kind == "text", kind == fmt.Sprint("stats, format ", stats.Text):
		return checkText(text)
	}
	if (kind == "html" || kind == "json" || kind == "jsonl") && !utf8.ValidString(text) {
		return fmt.Errorf("it is no UTF-8")
	}
	return nil
}

// checkText checks a text for terminals: what can be printed, in lines of at most
// 100 columns.
func checkText(text string) error {
	const most = 100
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := uniseg.StringWidth(line); n > most {
			return fmt.Errorf("a line of %d columns: %q", n, line)
		}
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) && r != utf8.RuneError }) {
			return fmt.Errorf("a line that is not fit to print: %q", line)
		}
	}
	return nil
}

// elements returns how many elements of each name a page has.
func elements(page string) map[string]int {
	names := make(map[string]int)
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return names
		case html.StartTagToken, html.SelfClosingTagToken:
			tag, _ := z.TagName()
			names[string(tag)]++
		case html.CommentToken:
			names["<!--"]++
		}
	}
}

// nameFields are those with names in a Perfetto file, by the numbers of the fields
// on the way to them (track_event.proto, track_descriptor.proto,
// interned_data.proto).
var nameFields = regexp.MustCompile(`^/1/(11/23|60/2|60/3/6|60/4/5|12/2/2|12/3/2|12/5/2|12/29/2|11/4/6)$`)

// checkNames checks that names in a Perfetto file are UTF-8.
func checkNames(file []byte) error {
	found := 0
	var walk func(b []byte, path string) error
	walk = func(b []byte, path string) error {
		if nameFields.MatchString(path) {
			found++
			if !utf8.Valid(b) {
				return fmt.Errorf("field %s is no UTF-8: %q", path, b)
			}
			return nil
		}
		for len(b) > 0 {
			num, typ, n := protowire.ConsumeField(b)
			if n < 0 {
				return nil // a string, and not a message
			}
			if typ == protowire.BytesType {
				_, _, head := protowire.ConsumeTag(b)
				inner, _ := protowire.ConsumeBytes(b[head:])
				if err := walk(inner, fmt.Sprintf("%s/%d", path, num)); err != nil {
					return err
				}
			}
			b = b[n:]
		}
		return nil
	}
	if err := walk(file, ""); err != nil {
		return err
	}
	if found == 0 {
		return fmt.Errorf("it has no names")
	}
	return nil
}
