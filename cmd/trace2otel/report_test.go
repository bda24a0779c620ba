package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestReportPage holds docs/report-schema.md against the types: each has a
// section with its fields, in order, and no others.
func TestReportPage(t *testing.T) {
	data, err := os.ReadFile("../../docs/report-schema.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "`"+reportSchema+"`") {
		t.Errorf("the page does not name the schema, %s", reportSchema)
	}
	sections := make(map[string][]string)
	for _, part := range strings.Split(string(data), "\n### ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\|").FindAllStringSubmatch(body, -1) {
			sections[name] = append(sections[name], m[1])
		}
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[report](), reflect.TypeFor[reportTotals](), reflect.TypeFor[reportInput](),
		reflect.TypeFor[reportLoss](), reflect.TypeFor[reportSaid](), reflect.TypeFor[reportOutput](),
	} {
		var fields []string
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			fields = append(fields, name)
		}
		if got := sections[typ.Name()]; !reflect.DeepEqual(got, fields) {
			t.Errorf("the section %s has the fields\n%v, want\n%v", typ.Name(), got, fields)
		}
		delete(sections, typ.Name())
	}
	for name := range sections {
		t.Errorf("the page has a section %s, for nothing", name)
	}
}

// TestNothingIsInjected puts what could end them into each of the accounts.
func TestNothingIsInjected(t *testing.T) {
	nasty := "a]]>\"'<b>&amp;\x00\x1b[31m\n::error::x%0A|`*_\u2028\xff.trace"
	r := &report{
		Inputs: []reportInput{{Input: nasty, Status: statusFailed, Messages: []reportSaid{{levelError, nasty, nasty}}}},
		Totals: reportTotals{Inputs: 1, Failed: 1},
	}
	data, err := r.junit()
	if err != nil {
		t.Fatal(err)
	}
	var back junitSuites
	if err := xml.Unmarshal(data, &back); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if len(back.Suite.Cases) != 1 || !strings.HasPrefix(back.Suite.Cases[0].Name, `a]]>"'<b>&amp;`) {
		t.Errorf("read back: %+v", back)
	}
	if _, err := r.json(); err != nil {
		t.Error(err)
	}
	var b strings.Builder
	r.annotate(&b)
	if n := strings.Count(b.String(), "\n"); n != 1 || !strings.HasPrefix(b.String(), "::error file=a]]>") {
		t.Errorf("annotations: %q", &b) // a command is one only at the beginning of a line
	}
	rows := strings.Split(strings.TrimSpace(r.markdown()), "\n")
	if last := rows[len(rows)-1]; len(rows) != 5 || strings.Count(last, "|") != 6 || strings.Contains(last, "<b>") {
		t.Errorf("table: %q", rows)
	}
}

// TestDigestIsOfWhatWasRead changes a file after it was read: the report tells of
// the bytes that the outputs were made of.
func TestDigestIsOfWhatWasRead(t *testing.T) {
	data, err := os.ReadFile("../../testdata/go1.26.8-annotations.trace")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.trace")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	c := newCLI(os.Stdin, os.Stdout, io.Discard)
	c.limits.hashed = true
	j := job{input: path, outcome: new(outcome)}
	in, err := c.openJob(context.Background(), &j)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(in); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	in.Close()
	sum := sha256.Sum256(data)
	if r := inputReport(&j); r.SHA256 != hex.EncodeToString(sum[:]) || r.Stored != int64(len(data)) {
		t.Errorf("the report has the digest %s of %d bytes, want %x of %d", r.SHA256, r.Stored, sum, len(data))
	}
}
