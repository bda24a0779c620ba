package gotrace_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// A spec is what the oracle's source says of a type of event.
type spec struct {
	name  string
	args  []string
	timed bool
}

// specs reads the table of event types from the oracle's source.
func specs(t testing.TB) map[int]spec {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/exp").Output()
	if err != nil {
		t.Skip("no module cache to look into: ", err)
	}
	name := filepath.Join(strings.TrimSpace(string(out)), "trace", "internal", "tracev2", "events.go")
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	numbers := make(map[string]int)
	all := make(map[int]spec)
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		first := -1
		for i, s := range gen.Specs {
			v, ok := s.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 {
				continue
			}
			switch name := v.Names[0].Name; {
			case name == "EvNone":
				first = 0 - i
			case name == "MaxEvent":
				first = 127 - i
			case name == "specs":
				readSpecs(t, v.Values[0].(*ast.CompositeLit), numbers, all)
			}
			if gen.Tok == token.CONST && first > -i-1 {
				numbers[v.Names[0].Name] = first + i
			}
		}
	}
	if len(all) < 60 {
		t.Fatalf("only %d types found in %s", len(all), name)
	}
	return all
}

func readSpecs(t testing.TB, table *ast.CompositeLit, numbers map[string]int, all map[int]spec) {
	for _, elt := range table.Elts {
		kv := elt.(*ast.KeyValueExpr)
		number, ok := numbers[kv.Key.(*ast.Ident).Name]
		if !ok {
			t.Fatalf("no number of %s", kv.Key)
		}
		s := spec{name: kv.Key.(*ast.Ident).Name}
		for _, field := range kv.Value.(*ast.CompositeLit).Elts {
			f := field.(*ast.KeyValueExpr)
			switch f.Key.(*ast.Ident).Name {
			case "Args":
				for _, arg := range f.Value.(*ast.CompositeLit).Elts {
					text, err := strconv.Unquote(arg.(*ast.BasicLit).Value)
					if err != nil {
						t.Fatal(err)
					}
					s.args = append(s.args, text)
				}
			case "IsTimedEvent":
				s.timed = f.Value.(*ast.Ident).Name == "true"
			}
		}
		all[number] = s
	}
}

// specArgs returns how many arguments events have, their times included; 0 is
// of what is no event.
func specArgs(t testing.TB) (args [256]int) {
	once.Do(func() {
		for number, s := range specs(t) {
			if s.timed && s.name != "EvClockSnapshot" {
				onceArgs[number] = len(s.args)
			}
		}
	})
	return onceArgs
}

var (
	once     sync.Once
	onceArgs [256]int
)

// TestEventTable fails when the oracle learns of a type of event, or of an
// argument, that this package does not know.
func TestEventTable(t *testing.T) {
	for number, s := range specs(t) {
		got, timed := gotrace.ArgCount(gotrace.Type(number))
		if want := s.timed && s.name != "EvClockSnapshot"; timed != want {
			t.Errorf("%s (%d): an event: %v, the oracle says %v", s.name, number, timed, want)
		} else if timed && got != len(s.args)-1 {
			t.Errorf("%s (%d): %d arguments, the oracle has %v", s.name, number, got, s.args[1:])
		}
		if _, ok := kinds[gotrace.Type(number)]; s.timed && !ok && s.name != "EvClockSnapshot" {
			t.Errorf("%s (%d) is not in the tests' table of kinds", s.name, number)
		}
	}
	all := specs(t)
	for number := range 256 {
		if _, timed := gotrace.ArgCount(gotrace.Type(number)); timed && all[number].name == "" {
			t.Errorf("type %d is an event, but not of the oracle's", number)
		}
	}
}
