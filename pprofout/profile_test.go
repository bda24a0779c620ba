package pprofout_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/pprofout"
)

func TestConformance(t *testing.T) {
	for _, o := range []pprofout.Options{
		{Kind: pprofout.Net},
		{Kind: pprofout.Sync},
		{Kind: pprofout.Syscall},
		{Kind: pprofout.Sched},
		{Kind: pprofout.Wait, Stack: pprofout.BothStacks, ReasonFrames: true},
		{Kind: pprofout.Run},
		{Kind: pprofout.Wall, Region: regexp.MustCompile("o"), Goroutine: regexp.MustCompile("main")},
		{Kind: pprofout.Create, Task: regexp.MustCompile(".")},
		{Kind: pprofout.GC},
		{Kind: pprofout.CPU},
		{Kind: pprofout.Sched, Compat: true},
		{Kind: pprofout.Syscall, Compat: true},
	} {
		name := o.Kind.String()
		if o.Compat {
			name += " as Go's tool"
		}
		t.Run(name, func(t *testing.T) {
			sinktest.Test(t, func(w io.Writer) convert.Sink { return pprofout.New(w, o) }, fixtures.Small(t)...)
		})
	}
	t.Run("all", func(t *testing.T) {
		sinktest.Test(t, func(w io.Writer) convert.Sink { return newAll(w, pprofout.Options{}) }, fixtures.Small(t)...)
	})
}

func TestProfileHeader(t *testing.T) {
	const waits = `
100 G1 begin goroutine open-start
100 G1 begin waiting open-start
350 G1 end waiting
350 G1 begin running`
	p := convertStory(t, "trace start=100 end=1100 wall=1700000000000000000\nloss \"bad\xff\\nbytes\""+waits,
		pprofout.Options{Kind: pprofout.Sync, ToolVersion: "v1.2.3"})
	if got, want := p.TimeNanos, int64(1700000000000000000); got != want {
		t.Errorf("time %d, want %d", got, want)
	}
	if got, want := p.DurationNanos, int64(1000); got != want {
		t.Errorf("duration %d, want %d", got, want)
	}
	if p.DefaultSampleType != "delay" || len(p.SampleType) != 2 ||
		*p.SampleType[0] != (profile.ValueType{Type: "contentions", Unit: "count"}) ||
		*p.SampleType[1] != (profile.ValueType{Type: "delay", Unit: "nanoseconds"}) {
		t.Errorf("sample types %v, by default %q", p.SampleType, p.DefaultSampleType)
	}
	want := []string{
		"trace2otel v1.2.3",
		"kind: sync: waits for channels, select and package sync",
		"mode: complete",
		"not counted: waits for which the trace gives no reason: 1, 250ns in all",
		"loss: bad\uFFFD bytes",
	}
	if !slices.Equal(p.Comments, want) {
		t.Errorf("comments %q, want %q", p.Comments, want)
	}

	p = convertStory(t, "trace start=100 end=1100", pprofout.Options{Compat: true})
	if p.TimeNanos != 0 {
		t.Errorf("without a clock, the time is %d", p.TimeNanos)
	}
	if want := []string{"trace2otel", "kind: net: waits for the network", "mode: as go tool trace -pprof=net counts"}; !slices.Equal(p.Comments, want) {
		t.Errorf("comments %q, want %q", p.Comments, want)
	}
}

// TestInvalidUTF8 also shows that files and lines arrive as they are.
func TestInvalidUTF8(t *testing.T) {
	rec := sinktest.Everything(t)
	for i := range rec.Records {
		if r := &rec.Records[i]; r.Kind == convert.KindState && r.State == convert.StateRunnable {
			r.Stack, r.ByStack = 5, 0
		}
	}
	var out bytes.Buffer
	if err := rec.Replay(pprofout.New(&out, pprofout.Options{Kind: pprofout.Sched}), 10); err != nil {
		t.Fatal(err)
	}
	p := parse(t, &out)
	got := samplesOf(p)
	if want := "main.F[go.shape.struct { A int }]:7 bad\uFFFDutf8:-1\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want …%s", got, want)
	}
	for _, f := range p.Function {
		if !utf8.ValidString(f.Name) || !utf8.ValidString(f.Filename) || f.Filename == "" {
			t.Errorf("function %q in %q", f.Name, f.Filename)
		}
	}
}

func TestFunctionsAndLocationsAreShared(t *testing.T) {
	p := convertStory(t, create+run+`
200 G1 end running
200 G1 begin waiting "select" stack=2
300 G1 end waiting
300 G1 begin waiting "select" stack=4
400 G1 end waiting
400 G1 begin waiting "select" stack=1
500 G1 end waiting
500 G1 begin running`, pprofout.Options{Kind: pprofout.Sync})
	// Three samples, three functions, main.worker on a line for each.
	if len(p.Sample) != 3 || len(p.Function) != 3 || len(p.Location) != 5 {
		t.Errorf("%d samples, %d functions, %d locations", len(p.Sample), len(p.Function), len(p.Location))
	}
}

func TestParseKind(t *testing.T) {
	for _, k := range pprofout.Kinds {
		if got, err := pprofout.ParseKind(k.String()); got != k || err != nil {
			t.Errorf("%v: got %v, %v", k, got, err)
		}
		if k.What() == "" {
			t.Errorf("%v: counts what?", k)
		}
	}
	_, err := pprofout.ParseKind("block")
	if err == nil || !strings.Contains(err.Error(), "net, sync, syscall, sched, wait") {
		t.Errorf("block: %v", err)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	some := regexp.MustCompile(".")
	for _, o := range []pprofout.Options{
		{Kind: 99},
		{Stack: 99},
		{CPURate: -1},
		{Compat: true, Kind: pprofout.Wait},
		{Compat: true, Stack: pprofout.BothStacks},
		{Compat: true, ReasonFrames: true},
		{Compat: true, Goroutine: some},
		{Compat: true, Task: some},
		{Compat: true, Region: some},
		{Compat: true, CPURate: 100},
	} {
		if err := pprofout.New(io.Discard, o).Begin(new(convert.Trace)); err == nil {
			t.Errorf("a sink begins with %+v", o)
		}
	}
}

func TestParseStack(t *testing.T) {
	for _, s := range []pprofout.Stack{pprofout.WaiterStack, pprofout.WakerStack, pprofout.BothStacks} {
		if got, err := pprofout.ParseStack(s.String()); got != s || err != nil {
			t.Errorf("%v: got %v, %v", s, got, err)
		}
	}
	for _, name := range []string{"", "mine"} {
		if _, err := pprofout.ParseStack(name); err == nil {
			t.Errorf("%q is a stack", name)
		}
	}
}

// TestGoToolPprofOpens has Go's own pprof read what is written.
func TestGoToolPprofOpens(t *testing.T) {
	if testing.Short() {
		t.Skip("runs go tool pprof")
	}
	goCmd, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	dir := t.TempDir()
	file := fixtures.File{Name: "multi", Path: filepath.Join(fixtures.Root(t), "testdata", "go1.26.8-multi.trace")}
	set := newSet(pprofout.Kinds, pprofout.Options{ToolVersion: "v1", Stack: pprofout.BothStacks, ReasonFrames: true})
	fixtures.Run(t, file, set)
	path := func(k pprofout.Kind) string { return filepath.Join(dir, k.String()+".pb.gz") }
	for i, k := range set.kinds {
		if err := os.WriteFile(path(k), set.outs[i].Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		kind pprofout.Kind
		args string
		want string
	}{
		{pprofout.Net, "-top", "Type: delay"},
		{pprofout.Net, "-top -cum", "internal/poll.(*FD).Read"},
		{pprofout.Net, "-top -sample_index=contentions", "Type: contentions"},
		{pprofout.Net, "-comments", "trace2otel v1"},
		{pprofout.Net, "-raw", "contentions/count delay/nanoseconds[dflt]"},
		{pprofout.Sync, "-tags", "reason: Total"},
		{pprofout.Syscall, "-tags", "syscall-blocked"},
		{pprofout.Sched, "-peek=woken", "[woken by]"},
		{pprofout.Wait, "-top", "[chan receive]"},
		{pprofout.Run, "-tags", "goroutine_func: Total"},
		{pprofout.Run, "-top -tagfocus=state=running", "Type: time"},
		{pprofout.Wall, "-tags", "open: Total"},
		{pprofout.Wall, "-tree", "[running]"},
		{pprofout.Create, "-top", "Type: goroutines"},
		{pprofout.Create, "-top -sample_index=life", "Type: life"},
		{pprofout.GC, "-tags", "stop the world: "},
		{pprofout.CPU, "-top", "Type: cpu"},
	} {
		pprof(t, goCmd, test.want, append(strings.Fields(test.args), path(test.kind))...)
	}
	for _, k := range pprofout.Kinds {
		pprof(t, goCmd, "nodes accounting for 0, 0% of", "-top", "-diff_base="+path(k), path(k))
	}
}

// pprof runs "go tool pprof", and looks for want in what it writes.
func pprof(t *testing.T, goCmd, want string, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(goCmd, append([]string{"tool", "pprof"}, args...)...)
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	if err != nil || !strings.Contains(string(got), want) {
		t.Errorf("pprof %v: want %q, got %v, %s\n%.2000s", args, want, err, &stderr, got)
	}
}
