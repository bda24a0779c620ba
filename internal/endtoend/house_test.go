package endtoend

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/internal/fixtures"
)

const module = "github.com/trace2otel/trace2otel/"

// may says which packages of the module each may import, besides itself; the
// command and the packages that test may import all.
var may = map[string][]string{
	"convert":           {"internal/gotrace"},
	"internal/gotrace":  {},
	"internal/wire":     {},
	"internal/account":  {"convert"},
	"internal/index":    {},
	"internal/meaning":  {},
	"internal/input":    {},
	"internal/firstgc":  {},
	"internal/gzwriter": {},
	"perfetto":          {"convert", "internal/index", "internal/wire"},
	"otlp":              {"convert", "internal/account", "internal/index", "internal/wire"},
	"otlp/export":       {"otlp"},
	"pprofout":          {"convert", "internal/account", "internal/index"},
	"stats":             {"convert", "internal/account", "internal/index"},
}

// only says who alone may import a package from outside.
var only = map[string][]string{
	"golang.org/x/exp/trace":            {"convert", "internal/bench"},
	"github.com/google/pprof/profile":   {"pprofout"},
	"github.com/spf13/cobra":            {"cmd/trace2otel"},
	"google.golang.org/protobuf/proto":  {"otlp/export", "internal/otlpserver"},
	"go.opentelemetry.io/proto/otlp":    {"otlp/export", "internal/otlpserver"},
	"go.opentelemetry.io/otel":          {"otlp/export", "cmd/trace2otel"}, // whose log it is
	"google.golang.org/grpc":            {"otlp/export", "internal/otlpserver"},
	"github.com/klauspost/compress":     {"internal/gzwriter", "internal/input", "pprofout"},
	"github.com/DataDog/sketches-go":    {"stats"},
	"golang.org/x/perf":                 {"stats"},
	"gonum.org/v1/plot":                 {"stats"},
	"golang.org/x/exp/trace/internal":   {},
	"github.com/rogpeppe/go-internal":   {},
	"google.golang.org/protobuf/encode": {},
}

// TestImportsRunOneWay holds the packages to the order of the house: the
// decoder, the engine, the formats, the command. Formats know neither one
// another nor the decoder.
func TestImportsRunOneWay(t *testing.T) {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Dir = fixtures.Root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], module)
		allowed, held := may[pkg]
		if held {
			seen++
		}
		for _, imp := range words[1:] {
			if ours, ok := strings.CutPrefix(imp, module); ok {
				if held && !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s", pkg, ours)
				}
				continue
			}
			for outside, who := range only {
				if strings.HasPrefix(imp, outside) && !slices.Contains(who, pkg) {
					t.Errorf("%s imports %s", pkg, imp)
				}
			}
		}
	}
	if seen != len(may) {
		t.Errorf("%d packages of the house found, want %d", seen, len(may))
	}
}

// TestOutsideModule builds a program of another module against the packages
// that are for others to use.
func TestOutsideModule(t *testing.T) {
	root := fixtures.Root(t)
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	// The same versions, so that nothing needs to be fetched.
	text := strings.Replace(string(mod), "module "+strings.TrimSuffix(module, "/"), "module example.com/outside", 1)
	text, _, _ = strings.Cut(text, "\ntool ")
	write("go.mod", text+"\nrequire github.com/trace2otel/trace2otel v0.0.0\nreplace github.com/trace2otel/trace2otel => "+filepath.ToSlash(root)+"\n")
	write("go.sum", string(sums))
	write("main.go", `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/perfetto"
	"github.com/trace2otel/trace2otel/pprofout"
	"github.com/trace2otel/trace2otel/stats"
)

type count struct{ records int }

func (c *count) Begin(*convert.Trace) error     { return nil }
func (c *count) Consume(b *convert.Batch) error { c.records += len(b.Records); return nil }
func (c *count) Finish(*convert.Summary) error  { return nil }

func main() {
	var c count
	_, err := convert.Run(context.Background(), os.Stdin, convert.Options{}, &c,
		perfetto.New(os.Stdout, perfetto.Options{}),
		otlp.New(os.Stdout, otlp.Options{}),
		pprofout.New(os.Stdout, pprofout.Options{Kind: pprofout.Sched}),
		stats.New(os.Stdout, stats.Options{}))
	fmt.Println(c.records > 0, err)
}
`)
	cmd := exec.Command("go", "vet", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
