package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// commands are names that runners of CI take for commands.
var commands = []string{
	"::stop-commands::pwn", "  ::add-mask::converted", "::error::\n::warning::x",
	"x##[group]y", "##[stop-commands]x", "###[error]", "##vso[task.setvariable variable=PATH]x", "##teamcity[buildStatus status='SUCCESS']",
}

// commandTrace has tasks, regions, functions and logs that have these names.
func commandTrace() []byte {
	t := forge.New()
	t.Sync(1)
	data := []byte{4} // a batch of strings
	for i, name := range commands {
		data = append(data, 5, byte(i+1), byte(len(name)))
		data = append(data, name...)
	}
	t.Batch(1, 7, 1, data)
	t.Batch(1, 7, 1, []byte{2, 3, 1, 1, 1, 1, 1, 1}) // a stack
	var events []byte
	for i := range commands {
		n := uint64(i + 1)
		events = forge.Event(events, gotrace.EvUserTaskBegin, 1, n, 0, n, 1)
		events = forge.Event(events, gotrace.EvUserRegionBegin, 1, n, n, 1)
		events = forge.Event(events, gotrace.EvUserLog, 1, n, n, n, 1)
		events = forge.Event(events, gotrace.EvUserRegionEnd, 1, n, n, 1)
		events = forge.Event(events, gotrace.EvUserTaskEnd, 1, n, 1)
	}
	data = forge.Event(nil, gotrace.EvProcStatus, 1, 0, 1)
	data = forge.Event(data, gotrace.EvGoStatus, 0, 1, 7, 2)
	t.Batch(1, 7, 1, append(data, events...))
	t.End()
	return t.Bytes()
}

// commandIn finds what GitHub's runner takes for a command, but for annotations.
var (
	commandIn  = regexp.MustCompile(`(?m)^\s*::|##[a-z]*\[`)
	annotation = regexp.MustCompile(`(?m)^::(notice|warning|error) file=.*\n`)
)

// TestRunnersTakeNoCommands prints traces that command runners of CI, under names that
// do, by every command that prints text. The values in machine formats are the
// same.
func TestRunnersTakeNoCommands(t *testing.T) {
	dir := t.TempDir()
	whole := commandTrace()
	name := "::add-mask::x##[stop-commands]tok.trace"
	sub := "##[group]"
	for path, data := range map[string][]byte{
		name:                      whole,
		"old.trace":               whole[:len(whole)-40],
		sub + "/##[error]x.trace": whole[:len(whole)-3],
		sub + "/::debug::y.trace": []byte("go 1.26 trace\x00\x00\x00nothing"),
	} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Skip(err) // a system without such names
		}
	}
	run := func(runner string, args ...string) (stdout, stderr string) {
		var out, said bytes.Buffer
		cmd := exec.Command("trace2otel", args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
		cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=", "GITHUB_STEP_SUMMARY=", "TF_BUILD=", "TEAMCITY_VERSION=")
		if runner != "" {
			cmd.Env = append(cmd.Env, runner+"=true")
		}
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return out.String(), said.String()
	}
	for _, tt := range []struct {
		args  []string
		parse func(text string) any // of machine formats
	}{
		{[]string{"stats", name}, nil},
		{[]string{"stats", name, "--strict", "--goroutine", "."}, nil},
		{[]string{"stats", name, "--format", "json"}, parseJSON},
		{[]string{"stats", name, "--format", "html"}, parseHTML},
		{[]string{"otlp", name, "--start", "2026-01-31T15:04:05Z"}, parseJSON},
		{[]string{"otlp", name, "--start", "2026-01-31T15:04:05Z", "-o", "/dev/stdout"}, parseJSON},
		{[]string{"diff", "old.trace", name, "--all"}, nil},
		{[]string{"diff", "old.trace", name, "--format", "json"}, parseJSON},
		{[]string{"convert", sub, name, "--to", "stats", "--out", "##[out]", "--force", "--report", "-"}, parseJSON},
		{[]string{"convert", sub, name, "--to", "stats", "--out", "out", "--force", "--junit", "-"}, parseXML},
		{[]string{"convert", sub, name, "--to", "stats", "--out", "out", "--force", "-j", "1", "--assert", `task["::stop-commands::pwn"].max > 1h`}, nil},
		{[]string{"stats", "##[absent]"}, nil},
		{[]string{"##[absent]"}, nil},
		{[]string{"stats", name, "--format", "##[x]"}, nil},
		{[]string{"stats", name, "-o", "##[x].txt"}, nil},
		{[]string{"send", name, "--endpoint", "http://127.0.0.1:1"}, nil},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			stdout, stderr := run("", tt.args...)
			if !commandIn.MatchString(stdout) && !commandIn.MatchString(stderr) {
				t.Error("there is nothing that a runner takes for a command")
			}
			for _, runner := range []string{"GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"} {
				out, said := run(runner, tt.args...)
				if tt.parse != nil && !reflect.DeepEqual(tt.parse(out), tt.parse(stdout)) {
					t.Errorf("%s: the values are others:\n%s", runner, out)
				}
				if strings.Count(said, "\n") < strings.Count(stderr, "\n") {
					t.Errorf("%s: less is said: %s", runner, said)
				}
				if runner == "GITHUB_ACTIONS" {
					for _, line := range annotation.FindAllString(said, -1) {
						if strings.Contains(line, "##[") {
							t.Errorf("an annotation: %s", line)
						}
					}
					said = annotation.ReplaceAllString(said, "")
				}
				for _, text := range []string{out, said} {
					if at := commandIn.FindStringIndex(text); at != nil {
						t.Errorf("%s: a command: %.300q", runner, text[at[0]:])
					}
				}
			}
		})
	}
}

func parseJSON(text string) (all any) {
	var values []any
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var v any
		if err := d.Decode(&v); err != nil {
			return append(values, err == io.EOF)
		}
		values = append(values, v)
	}
}

func parseHTML(text string) any {
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return nil
	}
	var b strings.Builder
	html.Render(&b, doc)
	return b.String()
}

func parseXML(text string) any {
	var suites junitSuites
	if xml.Unmarshal([]byte(text), &suites) != nil {
		return nil
	}
	return suites
}

// TestDefused writes in pieces of any size.
func TestDefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"a::b\n":                  "a::b\n",
		"::error::x":              `:\u003aerror::x`,
		"a\n \t::x::y\r::z":       "a\n \t:\\u003ax::y\r:\\u003az",
		": :: x":                  ": :: x",
		"\u00a0\u3000::x":         "\u00a0\u3000:\\u003ax",
		"a##[b]##vso[c]###[d]#[e": `a##\u005bb]##vso\u005bc]###\u005bd]#[e`,
		"## [x] ##x y[z]":         "## [x] ##x y[z]",
	} {
		for size := 1; size <= max(1, len(text)); size++ {
			var b strings.Builder
			d := defused{w: &b, syntax: syntaxText}
			for rest := text; rest != ""; {
				n := min(size, len(rest))
				if k, err := io.WriteString(&d, rest[:n]); k != n || err != nil {
					t.Fatal(k, err)
				}
				rest = rest[n:]
			}
			if b.String() != want {
				t.Errorf("%q, by %d: %q, want %q", text, size, b.String(), want)
			}
		}
	}
}

// TestDefectsTakeNoCommands has a message of several lines.
func TestDefectsTakeNoCommands(t *testing.T) {
	var out strings.Builder
	m := messages{w: &out, runner: true}
	m.failure("x", errors.New("panic: oops\n::error::x\n##[group]"))
	if want := "trace2otel: x: panic: oops\n\t:\\u003aerror::x\n\t##\\u005bgroup]\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
