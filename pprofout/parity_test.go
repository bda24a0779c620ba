package pprofout_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/pprofout"
)

// A gotoolRow is what "go tool trace -pprof=KIND TRACE" of Go 1.26.8 counts.
type gotoolRow struct {
	trace              string
	kind               pprofout.Kind
	contentions, delay int64
}

// gotoolRows reads a table of them: trace, profile, status, stacks,
// contentions, delay. Stacks are not compared: Go's tool counts a stack for
// each set of program counters, of which several can be of one line.
func gotoolRows(t *testing.T, path string) map[string][]gotoolRow {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string][]gotoolRow)
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		f := strings.Split(line, "\t")
		if i == 0 || f[2] != "ok" {
			continue
		}
		kind, err := pprofout.ParseKind(f[1])
		if err != nil {
			t.Fatal(err)
		}
		row := gotoolRow{trace: f[0], kind: kind}
		if row.contentions, err = strconv.ParseInt(f[4], 10, 64); err != nil {
			t.Fatal(err)
		}
		if row.delay, err = strconv.ParseInt(f[5], 10, 64); err != nil {
			t.Fatal(err)
		}
		rows[row.trace] = append(rows[row.trace], row)
	}
	return rows
}

// TestCompatEqualsGoTool compares with Go's own tool on every trace there is.
func TestCompatEqualsGoTool(t *testing.T) {
	root := fixtures.Root(t)
	rows := gotoolRows(t, filepath.Join(root, "testdata", "gotool-pprof.tsv"))
	if shared, ok := fixtures.Shared(t); ok {
		rows = gotoolRows(t, filepath.Join(shared, "gotool-pprof.tsv"))
	}
	compared := 0
	for _, f := range fixtures.All(t) {
		if len(rows[f.Name]) == 0 {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			profiles := profilesOf(t, f, true)
			for _, row := range rows[f.Name] {
				compareWithGoTool(t, row, profiles[row.kind])
				compared++
			}
		})
	}
	if compared < 60 {
		t.Errorf("only %d rows compared", compared)
	}
}

func compareWithGoTool(t *testing.T, row gotoolRow, p *profile.Profile) {
	t.Helper()
	contentions, delay := total(p)
	if contentions != row.contentions {
		t.Errorf("%v: %d contentions, Go's tool has %d", row.kind, contentions, row.contentions)
	}
	if off := delay - row.delay; off < -row.tolerance() || off > row.tolerance() {
		t.Errorf("%v: %d ns, Go's tool has %d: off by %d", row.kind, delay, row.delay, off)
	}
}

// tolerance is how far off the delay may be. The decoder puts events of equal
// time on different Ps of a trace before Go 1.22 into the order of a map, and
// then 1 ns apart, so that Go's tool does not agree with itself either: by one
// or two ns in 22,000 samples.
func (row gotoolRow) tolerance() int64 {
	if strings.HasSuffix(row.trace, "_good") {
		return 1 + row.contentions/1000
	}
	return 0
}

// TestCompatEqualsGoToolWhenBroken compares on a trace that breaks off within
// its third or fifth generation, with what "go tool trace" of Go 1.26.8 counts
// when these bytes of it are changed.
func TestCompatEqualsGoToolWhenBroken(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(fixtures.Root(t), "testdata", "go1.26.8-multi.trace"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		offset int
		value  byte
		rows   []gotoolRow
	}{
		{381325, 119, []gotoolRow{
			{kind: pprofout.Net, contentions: 2054, delay: 13923728960},
			{kind: pprofout.Sync, contentions: 6813, delay: 16990406528},
			{kind: pprofout.Syscall, contentions: 6678, delay: 155901632},
			{kind: pprofout.Sched, contentions: 11401, delay: 1753328256},
		}},
		{784034, 152, []gotoolRow{
			{kind: pprofout.Net, contentions: 4426, delay: 23985491840},
			{kind: pprofout.Sync, contentions: 14764, delay: 29791723520},
			{kind: pprofout.Syscall, contentions: 13979, delay: 314907456},
			{kind: pprofout.Sched, contentions: 23866, delay: 2141863552},
		}},
	} {
		t.Run(strconv.Itoa(test.offset), func(t *testing.T) {
			broken := bytes.Clone(data)
			broken[test.offset] = test.value
			path := filepath.Join(t.TempDir(), "broken.trace")
			if err := os.WriteFile(path, broken, 0o600); err != nil {
				t.Fatal(err)
			}
			profiles := profilesOf(t, fixtures.File{Name: "broken.trace", Path: path}, true)
			complete := profilesOf(t, fixtures.File{Name: "broken.trace", Path: path}, false)
			for _, row := range test.rows {
				compareWithGoTool(t, row, profiles[row.kind])
				if n, _ := total(complete[row.kind]); n <= row.contentions {
					t.Errorf("%v: the complete profile has %d contentions, no more than Go's %d", row.kind, n, row.contentions)
				}
			}
		})
	}
}

// profilesOf converts f to profiles of all kinds, in one pass, which other
// sinks may share.
func profilesOf(t testing.TB, f fixtures.File, compat bool, sinks ...convert.Sink) map[pprofout.Kind]*profile.Profile {
	t.Helper()
	f.AsGo = compat
	o := pprofout.Options{Compat: compat}
	kinds := pprofout.Kinds
	if compat {
		kinds = pprofout.GoToolKinds
	}
	set := newSet(kinds, o)
	fixtures.Run(t, f, append(sinks, set)...)
	return set.profiles(t)
}

// A testSet is a sink of several profiles, and where it writes them.
type testSet struct {
	convert.Sink
	kinds []pprofout.Kind
	outs  []bytes.Buffer
}

func newSet(kinds []pprofout.Kind, o pprofout.Options) *testSet {
	s := &testSet{kinds: kinds, outs: make([]bytes.Buffer, len(kinds))}
	var outs []pprofout.Output
	for i, k := range kinds {
		outs = append(outs, pprofout.Output{Kind: k, W: &s.outs[i]})
	}
	s.Sink = pprofout.NewSet(outs, o)
	return s
}

// profiles returns what was written.
func (s *testSet) profiles(t testing.TB) map[pprofout.Kind]*profile.Profile {
	t.Helper()
	profiles := make(map[pprofout.Kind]*profile.Profile)
	for i, k := range s.kinds {
		profiles[k] = parse(t, &s.outs[i])
	}
	return profiles
}

// parse reads a profile as pprof does.
func parse(t testing.TB, r io.Reader) *profile.Profile {
	t.Helper()
	p, err := profile.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.CheckValid(); err != nil {
		t.Fatal(err)
	}
	return p
}

// total returns the sums of a profile's two values.
func total(p *profile.Profile) (contentions, delay int64) {
	for _, s := range p.Sample {
		contentions += s.Value[0]
		delay += s.Value[1]
	}
	return contentions, delay
}
