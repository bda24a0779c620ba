package otlp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestSchemaPage holds docs/otlp-schema.md against attributes.go: each name in
// one is in the other.
func TestSchemaPage(t *testing.T) {
	data, err := os.ReadFile("../docs/otlp-schema.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	file, err := parser.ParseFile(token.NewFileSet(), "attributes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		if s, err := strconv.Unquote(lit.Value); err == nil {
			names[s] = true
		}
		return true
	})
	if len(names) < 40 {
		t.Fatalf("only %d names found in attributes.go", len(names))
	}
	for name := range names {
		if !strings.Contains(page, "`"+name+"`") && name != waitSuffix {
			t.Errorf("%q is not on the page", name)
		}
	}
	for _, m := range regexp.MustCompile("`(gotrace\\.[a-z_.]*)`").FindAllStringSubmatch(page, -1) {
		name := m[1]
		if name != "gotrace." && !names[name] && !strings.HasPrefix(name, attrWaitPrefix) {
			t.Errorf("%s is on the page, and nowhere else", name)
		}
	}
}

func TestWaitAttr(t *testing.T) {
	for reason, want := range map[string]string{
		"chan receive":                  "gotrace.wait.chan_receive_ns",
		"sync.(*Cond).Wait":             "gotrace.wait.sync_cond_wait_ns",
		"unknown (waiting since start)": "gotrace.wait.unknown_waiting_since_start_ns",
		"GC mark assist wait for work":  "gotrace.wait.gc_mark_assist_wait_for_work_ns",
	} {
		if got := waitAttr(attrWaitPrefix, reason); got != want {
			t.Errorf("%q: got %s, want %s", reason, got, want)
		}
	}
}
