package stats

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestSchemaPage holds docs/stats-schema.md against the types: each has a
// section with its fields, in order, and no others.
func TestSchemaPage(t *testing.T) {
	data, err := os.ReadFile("../docs/stats-schema.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, name := range []string{Schema, DiffSchema} {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("the page does not name the schema %s", name)
		}
	}
	sections := make(map[string][]string)
	for _, part := range strings.Split(page, "\n### ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\|").FindAllStringSubmatch(body, -1) {
			sections[name] = append(sections[name], m[1])
		}
	}
	seen := make(map[reflect.Type]bool)
	var visit func(typ reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			visit(typ.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if seen[typ] {
			return
		}
		seen[typ] = true
		var fields []string
		for _, f := range reflect.VisibleFields(typ) {
			if f.Anonymous {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				t.Errorf("%v.%s has no name in JSON", typ, f.Name)
			}
			if len(f.Index) == 1 { // not of an embedded type, which has its own section
				fields = append(fields, name)
			}
			visit(f.Type)
		}
		for _, f := range reflect.VisibleFields(typ) {
			if f.Anonymous {
				visit(f.Type)
			}
		}
		if got := sections[typ.Name()]; !reflect.DeepEqual(got, fields) {
			t.Errorf("the section %s has the fields\n%v, want\n%v", typ.Name(), got, fields)
		}
		delete(sections, typ.Name())
	}
	visit(reflect.TypeFor[Report]())
	visit(reflect.TypeFor[Diff]())
	visit(reflect.TypeFor[Check]())
	for name := range sections {
		t.Errorf("the page has a section %s, for nothing", name)
	}
}
