package stats

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
)

func TestPageConforms(t *testing.T) {
	sinktest.Test(t, func(w io.Writer) convert.Sink { return New(w, Options{Format: HTML}) }, fixtures.Small(t)...)
}

// TestPageHasNumbersOfReport reads the pages of all traces back.
func TestPageHasNumbersOfReport(t *testing.T) {
	for _, f := range fixtures.All(t) {
		t.Run(f.Name, func(t *testing.T) {
			var out bytes.Buffer
			s := New(&out, Options{Format: HTML, Goroutine: regexp.MustCompile("")})
			fixtures.Run(t, f, s)
			checkPage(t, out.Bytes())
			checkNumbers(t, parsePage(t, out.Bytes()), s.Report())

			var again bytes.Buffer
			if err := s.Report().WriteHTML(&again); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), again.Bytes()) {
				t.Error("the page differs when it is written again")
			}
		})
	}
}

// A parsedTable has the cells of columns, by heading: values where there are
// any, else text.
type parsedTable struct {
	columns map[string][]string
	rows    int
}

// parsePage returns the tables of a page by id.
func parsePage(t *testing.T, page []byte) map[string]*parsedTable {
	t.Helper()
	tables := make(map[string]*parsedTable)
	for _, n := range elements(parse(t, page), "table") {
		table := &parsedTable{columns: make(map[string][]string)}
		var heads []string
		for _, th := range elements(n, "th") {
			heads = append(heads, content(th))
		}
		for _, tr := range elements(elements(n, "tbody")[0], "tr") {
			table.rows++
			for i, td := range elements(tr, "td") {
				text, ok := attribute(td, "data-value")
				if !ok {
					text = content(td)
				}
				if i < len(heads) {
					table.columns[heads[i]] = append(table.columns[heads[i]], text)
				}
			}
		}
		id, _ := attribute(n, "id")
		tables[id] = table
	}
	return tables
}

func parse(t *testing.T, page []byte) *html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// elements returns those of a name below n, in order.
func elements(n *html.Node, name string) (all []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == name {
			all = append(all, d)
		}
	}
	return all
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// checkPage tests what holds for each page.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	root := parse(t, page)
	ids := make(map[string]bool)
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id, ok := attribute(n, "id"); ok {
			if ids[id] {
				t.Errorf("the id %q is there twice", id)
			}
			ids[id] = true
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" {
				t.Errorf("<%s> has the attribute %s=%q", n.Data, a.Key, a.Val)
			}
			if a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("a link to %q", a.Val)
			}
		}
		switch n.Data {
		case "img", "iframe", "object", "embed", "link", "base", "form", "input", "a ":
			t.Errorf("there is an element <%s>", n.Data)
		}
	}
	for _, a := range elements(root, "a") {
		if href, _ := attribute(a, "href"); !ids[strings.TrimPrefix(href, "#")] {
			t.Errorf("the link %q leads nowhere", href)
		}
	}
	var policy string
	for _, m := range elements(root, "meta") {
		if name, _ := attribute(m, "http-equiv"); name == "Content-Security-Policy" {
			policy, _ = attribute(m, "content")
		}
	}
	for _, name := range []string{"style", "script"} {
		all := elements(root, name)
		if len(all) != 1 {
			t.Fatalf("there are %d elements <%s>", len(all), name)
		}
		if want := name + "-src " + sourceHash(content(all[0])); !strings.Contains(policy, want) {
			t.Errorf("the policy %q does not allow %s", policy, want)
		}
	}
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" &&
			strings.TrimSpace(n.Data) != "" && printable(strings.TrimSpace(n.Data)) != strings.TrimSpace(n.Data) {
			t.Errorf("%q is not printable", n.Data)
		}
	}
}

// checkNumbers compares all tables with the report.
func checkNumbers(t *testing.T, tables map[string]*parsedTable, r *Report) {
	t.Helper()
	compare(t, tables, "table-functions", r.Functions, joined(stateColumns(func(f *Function) *Times { return &f.Times }), columnsOf[Function]{
		"function": func(f *Function) any { return functionName(f.Name) }, "of": func(f *Function) any { return owner(f.System) },
		"count": func(f *Function) any { return f.Count }, "created": func(f *Function) any { return f.Created }, "exited": func(f *Function) any { return f.Exited },
	}))
	type wait struct {
		name, reason string
		time         time.Duration
		each         *Spread
	}
	var waits []wait
	for i := range r.Functions {
		f := &r.Functions[i]
		if f.Latency.Count+f.Latency.Cut > 0 {
			waits = append(waits, wait{f.Name, "a P", f.Runnable + f.Stopped, &f.Latency})
		}
		for _, w := range f.Waits {
			waits = append(waits, wait{f.Name, reasonName(w.Reason), w.Time, w.Each})
		}
	}
	compare(t, tables, "table-function-waits", waits, joined(spreadColumns(func(w *wait) *Spread { return w.each }), columnsOf[wait]{
		"function": func(w *wait) any { return functionName(w.name) }, "waited for": func(w *wait) any { return w.reason },
		"time": func(w *wait) any { return w.time },
	}))
	compare(t, tables, "table-goroutines", r.Goroutines, joined(stateColumns(func(g *Goroutine) *Times { return &g.Times }), columnsOf[Goroutine]{
		"id": func(g *Goroutine) any { return g.ID }, "function": func(g *Goroutine) any { return functionName(g.Function) },
		"start": func(g *Goroutine) any { return g.Start }, "by the scheduler": func(g *Goroutine) any { return g.Poller },
	}))
	compare(t, tables, "table-latency", []Spread{r.Scheduler.Latency}, spreadColumns(func(s *Spread) *Spread { return s }))
	compare(t, tables, "table-histogram", r.Scheduler.Histogram, columnsOf[Bucket]{
		"at least": func(b *Bucket) any { return b.From }, "count": func(b *Bucket) any { return b.Count },
	})
	compare(t, tables, "table-procs", r.Scheduler.Proc, columnsOf[Proc]{
		"id": func(p *Proc) any { return p.ID }, "running": func(p *Proc) any { return p.Running },
		"idle": func(p *Proc) any { return p.Idle }, "starts": func(p *Proc) any { return p.Starts },
	})
	if _, ok := tables["table-gc"]; ok {
		compare(t, tables, "table-mmu", r.GC.MMU, columnsOf[MMU]{
			"window": func(m *MMU) any { return m.Window }, "all stops": func(m *MMU) any { return m.All }, "the collector's": func(m *MMU) any { return m.GC },
		})
	} else if len(r.GC.Cycles)+len(r.GC.Stops) > 0 {
		t.Error("nothing of the collector is on the page")
	}
	compare(t, tables, "table-cycles", r.GC.Cycles, columnsOf[Cycle]{
		"number": func(c *Cycle) any { return c.Number }, "start": func(c *Cycle) any { return c.Start }, "time": func(c *Cycle) any { return c.Time },
		"mark": func(c *Cycle) any { return c.Mark }, "heap, start": func(c *Cycle) any { return c.HeapStart },
		"heap, end": func(c *Cycle) any { return c.HeapEnd }, "goal": func(c *Cycle) any { return c.Goal },
	})
	compare(t, tables, "table-stops", r.GC.Stops, columnsOf[Stop]{
		"reason": func(s *Stop) any { return s.Reason }, "start": func(s *Stop) any { return s.Start }, "time": func(s *Stop) any { return s.Time },
		"stopping": func(s *Stop) any {
			if !s.Known {
				return ""
			}
			return s.Stopping
		},
	})
	compare(t, tables, "table-stop-reasons", r.GC.ByReason, joined(spreadColumns(func(s *StopReason) *Spread { return &s.Each }), columnsOf[StopReason]{
		"reason": func(s *StopReason) any { return s.Reason }, "stopping": func(s *StopReason) any { return s.Stopping },
	}))
	for id, scopes := range map[string][]Scope{"tasks": r.Tasks, "regions": r.Regions} {
		compare(t, tables, "table-"+id, scopes, joined(spreadColumns(func(s *Scope) *Spread { return &s.Each }), columnsOf[Scope]{
			"type": func(s *Scope) any { return scopeName(s.Type) }, "incomplete": func(s *Scope) any { return s.Incomplete },
		}))
		compare(t, tables, "table-"+id+"-time", scopes, stateColumns(func(s *Scope) *Times { return &s.Times }))
	}
	for id, places := range map[string]*Places{"blocking": &r.Waits, "network": &r.Network, "syscalls": &r.Syscalls} {
		compare(t, tables, "table-"+id, places.Top, joined(spreadColumns(func(p *Place) *Spread { return &p.Each }), columnsOf[Place]{
			"time": func(p *Place) any { return p.Time },
		}))
	}
	line := &r.Timeline
	at := func(get func(i int) any) func(*int) any { return func(i *int) any { return get(*i) } }
	compare(t, tables, "table-timeline", indices(len(line.Running)), columnsOf[int]{
		"from":    at(func(i int) any { return time.Duration(i) * line.Step }),
		"running": at(func(i int) any { return line.Running[i] }), "runnable": at(func(i int) any { return line.Runnable[i] }),
		"most": at(func(i int) any { return line.Most[i] }), "waiting": at(func(i int) any { return line.Waiting[i] }),
		"syscall": at(func(i int) any { return line.Syscall[i] }), "procs": at(func(i int) any { return line.Procs[i] }),
		"GOMAXPROCS": at(func(i int) any { return line.MaxProcs[i] }), "heap": at(func(i int) any { return line.Heap[i] }),
		"goal": at(func(i int) any { return line.Goal[i] }),
	})
	var sum time.Duration
	if totals := tables["table-totals"]; totals != nil {
		for _, text := range totals.columns["time"] {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				t.Error(err)
			}
			sum += time.Duration(n)
		}
	}
	if sum != r.Totals.Total {
		t.Errorf("the times by state and reason are %d in all, want %d", sum, r.Totals.Total)
	}
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// columnsOf are what columns should have for a row, by heading.
type columnsOf[T any] map[string]func(*T) any

func joined[T any](all ...columnsOf[T]) columnsOf[T] {
	out := make(columnsOf[T])
	for _, columns := range all {
		for name, get := range columns {
			out[name] = get
		}
	}
	return out
}

func stateColumns[T any](get func(*T) *Times) columnsOf[T] {
	return columnsOf[T]{
		"total": func(row *T) any { return get(row).Total }, "running": func(row *T) any { return get(row).Running },
		"assist": func(row *T) any { return get(row).Assist }, "runnable": func(row *T) any { return get(row).Runnable },
		"stopped": func(row *T) any { return get(row).Stopped }, "syscall": func(row *T) any { return get(row).Syscall },
		"blocked": func(row *T) any { return get(row).SyscallBlocked }, "waiting": func(row *T) any { return get(row).Waiting },
	}
}

func spreadColumns[T any](get func(*T) *Spread) columnsOf[T] {
	of := func(pick func(*Spread) any, always bool) func(*T) any {
		return func(row *T) any {
			s := get(row)
			if s == nil || s.Count == 0 && !always {
				return ""
			}
			return pick(s)
		}
	}
	return columnsOf[T]{
		"count": of(func(s *Spread) any { return s.Count }, true), "cut": of(func(s *Spread) any { return s.Cut }, true),
		"sum": of(func(s *Spread) any { return s.Sum }, false), "p50": of(func(s *Spread) any { return s.P50 }, false),
		"p90": of(func(s *Spread) any { return s.P90 }, false), "p99": of(func(s *Spread) any { return s.P99 }, false),
		"max": of(func(s *Spread) any { return s.Max }, false), "worst": of(func(s *Spread) any { return s.Worst.Start }, false),
	}
}

// compare compares columns of a table with rows of the report.
func compare[T any](t *testing.T, tables map[string]*parsedTable, id string, rows []T, columns columnsOf[T]) {
	t.Helper()
	table := tables[id]
	if len(rows) == 0 {
		if table != nil {
			t.Errorf("%s is there, for nothing", id)
		}
		return
	}
	if table == nil {
		t.Errorf("%s is not there", id)
		return
	}
	rows = rows[:min(len(rows), maxGridRows)]
	if table.rows != len(rows) {
		t.Errorf("%s has %d rows, want %d", id, table.rows, len(rows))
	}
	for name, get := range columns {
		want := make([]string, len(rows))
		for i := range rows {
			switch v := get(&rows[i]).(type) {
			case float64:
				want[i] = strconv.FormatFloat(v, 'f', -1, 64)
			case time.Duration:
				want[i] = strconv.FormatInt(int64(v), 10)
			default:
				want[i] = fmt.Sprint(v)
			}
		}
		if got := table.columns[name]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s, column %s: %.200q, want %.200q", id, name, got, want)
		}
	}
}

// hostileName tries to be more than text.
const hostileName = "</script><img src=x onerror=alert(1)>\"'`</style></title>{{.}}&lt;\x00\x1b[31m\u202e\xff\n\u2028]]><!--"

// hostileReport has such names in all places. It is that of a real trace but
// for them.
func hostileReport(t *testing.T) *Report {
	t.Helper()
	s := New(nil, Options{Goroutine: regexp.MustCompile("main")})
	fixtures.Run(t, fixtures.File{Name: "multi", Path: filepath.Join(fixtures.Root(t), "testdata", "go1.26.8-multi.trace")}, s)
	r := s.Report()
	taint(reflect.ValueOf(r).Elem())
	r.Warnings = []string{hostileName}
	r.Trace.Loss = &Loss{Error: hostileName, Bytes: 1}
	return r
}

// taint sets all strings of v.
func taint(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostileName)
	case reflect.Struct:
		for i := range v.NumField() {
			taint(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			taint(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			taint(v.Elem())
		}
	}
}

func TestNamesInjectNothing(t *testing.T) {
	r := hostileReport(t)
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	checkPage(t, out.Bytes())
	functions := parsePage(t, out.Bytes())["table-functions"]
	if got, want := functions.columns["function"][0], printable(hostileName); got != want {
		t.Errorf("the function is %q, want %q", got, want)
	}
	if n := strings.Count(out.String(), "<svg role"); n < 6 {
		t.Errorf("there are %d charts", n)
	}
}

// FuzzPage writes pages of whatever can be read as a report.
func FuzzPage(f *testing.F) {
	s := New(nil, Options{Goroutine: regexp.MustCompile("")})
	fixtures.Run(f, fixtures.File{Name: "small", Path: filepath.Join(fixtures.Root(f), "testdata", "go1.26.8-annotations.trace")}, s)
	var seed bytes.Buffer
	if err := s.Report().WriteJSON(&seed); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		if err := r.WriteHTML(io.Discard); err != nil {
			t.Error(err)
		}
	})
}

// TestStrangeReportsHavePages writes what no trace gives, but JSON may hold.
func TestStrangeReportsHavePages(t *testing.T) {
	far := time.Duration(math.MaxInt64)
	for name, r := range map[string]*Report{
		"empty": {},
		"extreme": {
			Trace:  About{Duration: far, Events: math.MaxInt64, Bytes: -1},
			Totals: Totals{Times: Times{Total: far, Waiting: far, Running: -1, Waits: []Wait{{Reason: "", Time: far}, {Time: -5}}}},
			Scheduler: Sched{
				Latency:   Spread{Count: 3, P50: -1, P90: 0, P99: far, Max: far},
				Histogram: []Bucket{{-5, 3}, {0, 1}, {3, -3}, {1 << 62, math.MaxInt64}},
			},
			GC: GC{MMU: []MMU{{Window: -1}, {Window: 0, All: 7}, {Window: far, All: -3}, {Window: 1, All: 2, GC: 1e300}},
				ByReason: []StopReason{{Each: Spread{Max: 1}}}, HeapMax: math.MaxUint64},
			Timeline: Timeline{Step: far, Running: []float64{1e300, -1}, Runnable: []float64{1}, Heap: []uint64{math.MaxUint64}, Procs: []float64{1, 2, 3}},
		},
		"negative": {
			Trace:    About{Duration: math.MinInt64},
			Totals:   Totals{Times: Times{Total: 1, Waiting: math.MinInt64}},
			Timeline: Timeline{Step: math.MinInt64, Running: []float64{-1e300}, Most: []int64{math.MinInt64}},
		},
		"ragged": {
			Trace:    About{Duration: 10},
			Timeline: Timeline{Step: 4, Running: []float64{1, 2, 3}, Runnable: []float64{1}, Waiting: []float64{0, 2}, Procs: []float64{0.5}, MaxProcs: []float64{1, 2}, Goal: []uint64{5}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := r.WriteHTML(&out); err != nil {
				t.Fatal(err)
			}
			checkPage(t, out.Bytes())
			if strings.Contains(out.String(), "NaN") || strings.Contains(out.String(), "Inf") {
				t.Error("something is not a number")
			}
		})
	}
}

func TestLongTablesSayWhatTheyLeaveOut(t *testing.T) {
	r := &Report{Functions: make([]Function, maxGridRows+500)}
	for i := range r.Functions {
		r.Functions[i].Name = strings.Repeat("long/", 1000) + fmt.Sprint(i)
	}
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	if got := parsePage(t, out.Bytes())["table-functions"].rows; got != maxGridRows {
		t.Errorf("%d rows", got)
	}
	if !strings.Contains(out.String(), "and 500 rows more") {
		t.Error("the page does not say what it leaves out")
	}
	if out.Len() > 4<<20 {
		t.Errorf("the page has %d bytes", out.Len())
	}
}
