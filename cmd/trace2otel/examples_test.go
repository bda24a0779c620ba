package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exampleTrace is what the inputs of examples are, but for these.
const exampleTrace = "go1.26.8-annotations.trace"

var exampleTraces = map[string]string{
	"trace.out.gz": "edge/ok.trace.gz",
	"b.trace.gz":   "edge/ok.trace.gz",
	"after.trace":  "go1.26.8-iter-pull.trace",
	"go1.22.trace": "go1.22.0-annotations.trace",
	"old/a.trace":  "go1.22.0-annotations.trace",
}

// exampleInputs are there for examples that name a folder or have a pattern.
var exampleInputs = []string{
	"trace.out", "a.trace", "old/a.trace", "traces/a.trace", "traces/b.trace",
	"new/1.trace", "new/2.trace", "new/3.trace", "new/4.trace",
	"main/a.trace", "branch/a.trace",
}

// TestExamples runs the commands in the README, on the pages and in the help.
// Those that send, fetch or open something are parsed only.
func TestExamples(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var examples []string
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(text), "\n```") {
			if i%2 == 1 && !strings.HasPrefix(block, "yaml") {
				examples = append(examples, commandsIn(block)...)
			}
		}
	}
	inText := len(examples)
	root := newCLI(nil, os.Stdout, os.Stderr).newRoot()
	examples = append(examples, commandsIn(root.Example)...)
	for _, cmd := range root.Commands() {
		examples = append(examples, commandsIn(cmd.Example)...)
	}
	if inText < 15 || len(examples) < inText+20 {
		t.Fatalf("%d examples, %d of them outside of the help: where are the others?", len(examples), inText)
	}
	slices.Sort(examples)
	testdata, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range slices.Compact(examples) {
		t.Run(example, func(t *testing.T) { testExample(t, testdata, example) })
	}
}

// TestExcerpt holds what the README shows of an analysis against the analysis.
func TestExcerpt(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	analysis, err := os.ReadFile("../../stats/testdata/multi.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, excerpt, ok := strings.Cut(string(readme), "(shortened):\n\n```\n")
	excerpt, _, _ = strings.Cut(excerpt, "```")
	if !ok || strings.Count(excerpt, "\n") < 10 {
		t.Fatal("the README shows no analysis")
	}
	for line := range strings.Lines(excerpt) {
		if strings.TrimSpace(line) != "…" && !strings.Contains(string(analysis), "\n"+line) {
			t.Errorf("the analysis has no line %q", line)
		}
	}
}

func testExample(t *testing.T, testdata, example string) {
	t.Chdir(t.TempDir())
	inputs := slices.Clone(exampleInputs)
	for _, w := range words(example) {
		if strings.Contains(w, memberMark) {
			continue // it is in build.zip
		}
		switch filepath.Ext(w) {
		case ".trace", ".out", ".gz", ".zst":
			inputs = append(inputs, w)
		}
	}
	for _, name := range inputs {
		from := cmp.Or(exampleTraces[name], exampleTrace)
		if name == "trace.out" && strings.Contains(example, "--from") {
			from = "go1.26.8-multi.trace" // the only one of seconds
		}
		data, err := os.ReadFile(filepath.Join(testdata, from))
		if err != nil {
			t.Fatal(err)
		}
		os.MkdirAll(filepath.Dir(name), 0o777)
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(example, "build.zip") {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("logs/trace.out")
		if err == nil {
			var data []byte
			data, err = os.ReadFile("trace.out")
			w.Write(data)
		}
		err = errors.Join(err, z.Close())
		if err := errors.Join(err, os.WriteFile("build.zip", b.Bytes(), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	root := newCLI(nil, os.Stdout, os.Stderr).newRoot()
	cmd, args, err := root.Find(words(example))
	if err != nil {
		t.Fatal(err)
	}
	if cmd.Name() == "view" || strings.Contains(example, "http://") || strings.Contains(example, "--export") {
		if err := cmd.ParseFlags(args); err != nil {
			t.Error(err)
		}
		return
	}
	if strings.Contains(example, "yesterday.stats.json") {
		runExample(t, "stats", "trace.out", "-q", "-o", "yesterday.stats.json")
	}
	runExample(t, words(example)...)
}

func runExample(t *testing.T, args ...string) {
	t.Helper()
	stdin, err := os.Open("trace.out")
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := os.Create("stdout")
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	var stderr bytes.Buffer
	code := newCLI(stdin, stdout, &stderr).execute(t.Context(), args)
	if code == exitAsserted && slices.Contains(args, "--assert") {
		return // a small trace has too little to assert of
	}
	if code != exitOK {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

// commandsIn returns the arguments of each trace2otel in lines of shell, up to
// where another command, a redirection or a comment begins.
func commandsIn(text string) (commands []string) {
	for line := range strings.Lines(text) {
		_, command, ok := strings.Cut(" "+line, " trace2otel ")
		if !ok {
			continue
		}
		var kept []string
		for _, w := range fields(command) {
			if w == "#" || w == "|" || w == ">" || w == "&&" {
				break
			}
			word, ends := strings.CutSuffix(w, ";")
			kept = append(kept, word)
			if ends {
				break
			}
		}
		commands = append(commands, strings.Join(kept, " "))
	}
	return commands
}

// fields splits a command at spaces that are not quoted.
func fields(command string) []string {
	var quote rune
	return strings.FieldsFunc(command, func(r rune) bool {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		}
		return quote == 0 && (r == ' ' || r == '\n')
	})
}

// words splits a command as a shell does: at spaces, without quotes, patterns
// expanded.
func words(command string) (words []string) {
	for _, w := range fields(command) {
		if bare := strings.Trim(w, `'"`); bare != w {
			words = append(words, bare)
		} else if found, _ := filepath.Glob(w); len(found) > 0 {
			words = append(words, found...)
		} else {
			words = append(words, w)
		}
	}
	return words
}
