package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/klauspost/compress/gzip"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// damageTable says of each damaged input what convert says about it, how it
// exits, and what is kept:
//
//	edge/zeropad126.trace
//	  exit 3
//	  trace2otel: zeropad126.trace: warning: zero bytes follow the trace …
//	  kept: 48 events of 174.785µs in 1 generation, 3524 of 7620 bytes
const damageTable = "testdata/damage.txt"

// TestDamage holds inputs that are damaged, hostile, old or of killed programs
// to the table. Those that are beside the repository only are not looked for if
// it is alone.
func TestDamage(t *testing.T) {
	old, err := os.ReadFile(damageTable)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := make(map[string]string)
	for _, entry := range strings.Split(string(old), "\n\n") {
		entry = strings.TrimSpace(entry)
		name, _, _ := strings.Cut(entry, "\n")
		want[name] = entry
	}
	var all []string
	for _, in := range append(damagedFiles(t), madeDamage(t)...) {
		entry := in.name + "\n" + strings.TrimRight(damageEntry(t, in.path), "\n")
		all = append(all, entry)
		if entry != want[in.name] && !*update {
			t.Errorf("got\n%s\nwant\n%s", entry, want[in.name])
		}
		delete(want, in.name)
	}
	if _, ok := fixtures.Shared(t); ok && !*update {
		for name := range want {
			t.Errorf("%s is in the table, and not among the files", name)
		}
	}
	if *update {
		if _, ok := fixtures.Shared(t); !ok {
			t.Fatal("the table needs the traces beside the repository")
		}
		if err := os.WriteFile(damageTable, []byte(strings.Join(all, "\n\n")+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// A damagedInput is a file, by its name in the table.
type damagedInput struct{ name, path string }

// damagedFiles returns the files there are, in the order of their names.
func damagedFiles(t *testing.T) []damagedInput {
	root := filepath.Join(fixtures.Root(t), "testdata")
	shared, _ := fixtures.Shared(t)
	var files []damagedInput
	for _, dir := range []struct{ name, own string }{
		{"edge", "edge"}, {"hostile", "hostile"}, {"server", "."}, {"legacy", "."},
	} {
		paths, err := filepath.Glob(filepath.Join(shared, dir.name, "*"))
		if shared == "" || err != nil || len(paths) == 0 {
			paths, _ = filepath.Glob(filepath.Join(root, dir.own, map[string]string{
				"edge": "*", "hostile": "*", "server": "*exit0.5.trace", "legacy": "*_good",
			}[dir.name]))
		}
		for _, path := range paths {
			files = append(files, damagedInput{dir.name + "/" + filepath.Base(path), path})
		}
	}
	return files
}

// madeDamage damages good traces in the ways that are known from the field.
func madeDamage(t *testing.T) []damagedInput {
	root := filepath.Join(fixtures.Root(t), "testdata")
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	multi, one, v1 := read("go1.26.8-multi.trace"), read("go1.26.8-annotations.trace"), read("http_1_21_good")
	older := read("go1.24.0-annotations.trace")
	zeroed := bytes.Clone(multi)
	clear(zeroed[500_000:504_096])
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(multi)
	z.Close()

	dir := t.TempDir()
	var made []damagedInput
	add := func(name string, data []byte) string {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		made = append(made, damagedInput{"made/" + filepath.Base(path), path})
		return path
	}
	cut := add("cut in the last of several generations.trace", multi[:len(multi)-20_000])
	add("cut in the first of several generations.trace", multi[:20_000])
	// The trace of a killed program ends where a generation does. What cannot
	// read a generation that is cut tells where that is.
	_, r := damageReport(t, cut, filepath.Join(dir, "cut"), "--decoder", "x")
	if loss := r.Inputs[0].Loss; loss == nil || loss.Offset == 0 {
		t.Error("it is not known where the last whole generation ends")
	} else {
		add("ended between generations.trace", multi[:loss.Offset])
	}
	add("cut of one generation.trace", one[:len(one)*2/3])
	add("cut of before Go 1.22.trace", v1[:len(v1)*2/3])
	add("a page of zeros within.trace", zeroed)
	add("another version follows.trace", append(bytes.Clone(older), one...))
	text := []byte("step one\nstep two\n")
	add("text behind the header.trace", slices.Concat(one[:16], text, one[16:]))
	add("text before the end of a generation.trace", slices.Concat(one[:len(one)-1], text, one[len(one)-1:]))
	add("cut gzip.trace.gz", zipped.Bytes()[:zipped.Len()*3/4])
	add("a steal seen late.trace", forge.LateSteal(nil)) // is none
	add("a steal seen late, then damage.trace", forge.LateSteal(forge.Event(nil, gotrace.EvGoUnblock, 125_000, 9999, 3, 0)))
	add("events centuries late.trace", forge.Late(1<<55))
	return made
}

// damageReport converts a file to everything and returns what the command says
// about it, and its report.
func damageReport(t *testing.T, path, out string, flags ...string) (string, *report) {
	t.Helper()
	accounts := filepath.Join(t.TempDir(), "report.json")
	args := append([]string{"convert", path, "--decoder", "own", "--to", "perfetto,otlp,pprof,stats", "--out", out,
		"--start", "2026-11-22T20:00:00Z", "--report", accounts, "-q"}, flags...)
	code, stderr := execute(t, false, os.Stdout, args...)
	var r report
	data, err := os.ReadFile(accounts)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("exit %d\n%s", code, strings.ReplaceAll(stderr, filepath.Dir(path)+string(filepath.Separator), "")), &r
}

// damageEntry converts a file, holds what comes of it to what must be, and
// returns its lines of the table.
func damageEntry(t *testing.T, path string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	text, r := damageReport(t, path, out)
	in := r.Inputs[0]
	switch in.Status {
	case statusFailed:
		if files := folder(t, out); len(files) > 0 {
			t.Errorf("%s: failed, and left %d files", path, len(files))
		}
		text += "kept: nothing\n"
	case statusLossy, statusConverted:
		text += fmt.Sprintf("kept: %d events of %v, generations: %d, bytes: %d of %d\n",
			in.Events, time.Duration(in.Covered), in.Generations, in.Used, in.Bytes)
		lossIsCarried(t, path, out, in)
	default:
		t.Errorf("%s: %s", path, in.Status)
	}
	if in.Status == statusLossy {
		strict := filepath.Join(t.TempDir(), "strict")
		text, _ := damageReport(t, path, strict, "--strict")
		if files := folder(t, strict); len(files) > 0 || !strings.HasPrefix(text, "exit 1\n") {
			t.Errorf("%s: with --strict, %d files, and %s", path, len(files), text)
		}
	}
	return strings.ReplaceAll("  "+strings.TrimRight(text, "\n"), "\n", "\n  ")
}

// lossIsCarried checks that every output is there, and that each tells of the
// loss and the repairs that the report tells of, and of no other.
func lossIsCarried(t *testing.T, path, out string, in reportInput) {
	t.Helper()
	files := folder(t, out)
	maps.DeleteFunc(files, func(name, _ string) bool {
		return strings.Contains(name, ".2.") // of a second trace, which is whole
	})
	if len(files) != len(in.Outputs) || len(files) != 13 {
		t.Errorf("%s: %d outputs, of which %d are reported; want 13", path, len(files), len(in.Outputs))
	}
	for name, data := range files {
		var told, repaired bool
		switch {
		case strings.HasSuffix(name, ".pb.gz"):
			p, err := profile.ParseData([]byte(data))
			if err != nil {
				t.Errorf("%s: %s: %v", path, name, err)
				continue
			}
			comments := strings.Join(p.Comments, "\n")
			told, repaired = strings.Contains(comments, "loss: "), strings.Contains(comments, "repairs: ")
		case strings.HasSuffix(name, ".otlp.jsonl"):
			told, repaired = strings.Contains(data, `"gotrace.loss"`), strings.Contains(data, `"gotrace.repairs"`)
		case strings.HasSuffix(name, ".pftrace"):
			told, repaired = strings.Contains(data, "loss_bytes"), strings.Contains(data, "repairs")
		default:
			told, repaired = strings.Contains(data, "the trace is damaged: "), strings.Contains(data, `"repairs":`)
		}
		if told != (in.Loss != nil) {
			t.Errorf("%s: %s tells of loss: %v; the report does: %v", path, name, told, in.Loss != nil)
		}
		if repaired != (in.Repairs != "") {
			t.Errorf("%s: %s tells of repairs: %v; the report: %q", path, name, repaired, in.Repairs)
		}
	}
}
