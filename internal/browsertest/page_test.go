package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/stats"
)

// pages are of traces that differ in what they have to show.
func pages(t *testing.T) []fixtures.File {
	files := []fixtures.File{fixture(t, "go1.26.8-multi"), fixture(t, "go1.24.0-annotations"), fixture(t, "go1.26.8-wait-on-pipe")}
	if dir, ok := fixtures.Shared(t); ok {
		files = append(files, fixtures.File{Name: "tasks", Path: filepath.Join(dir, "load", "tasks.trace")})
	}
	return files
}

// TestPage opens pages, looks whether the charts can be read, and sorts all
// tables. Its screenshots are artifacts of the test.
func TestPage(t *testing.T) {
	for _, f := range pages(t) {
		t.Run(f.Name, func(t *testing.T) {
			ctx := newBrowser(t)
			w := open(t, ctx, write(t, analyse(t, f)))
			checkCharts(t, ctx)
			checkWidths(t, ctx)
			checkLooks(t, ctx)
			checkSorting(t, ctx)
			w.quiet(t)
		})
	}
}

// wanted are the charts that the page of a program that collects garbage has.
var wanted = []string{"chart-waits", "chart-states", "chart-active", "chart-procs", "chart-heap", "chart-latency", "chart-mmu"}

// A rect is where something is on the page.
type rect struct {
	Text                     string
	Left, Top, Right, Bottom float64
}

// checkCharts tests that each chart is there and large enough, and that its
// texts are within it and do not overlap.
func checkCharts(t *testing.T, ctx context.Context) {
	t.Helper()
	type drawing struct {
		ID     string
		Box    rect
		Shapes int
		Texts  []rect
	}
	drawings := script[[]drawing](t, ctx, `
		const rect = (e) => {
			const r = e.getBoundingClientRect();
			return {Text: e.tagName === "text" ? e.textContent : "", Left: r.left, Top: r.top, Right: r.right, Bottom: r.bottom};
		};
		Array.from(document.querySelectorAll("figure"), (f) => ({
			ID: f.id, Box: rect(f.querySelector("svg")), Shapes: f.querySelectorAll("path").length,
			Texts: Array.from(f.querySelectorAll("text"), rect),
		}))`)
	var ids []string
	for _, d := range drawings {
		ids = append(ids, d.ID)
		if d.Box.Right-d.Box.Left < 200 || d.Box.Bottom-d.Box.Top < 60 || d.Shapes < 3 || len(d.Texts) < 3 {
			t.Errorf("%s is nothing to look at: %+v", d.ID, d)
		}
		const slack = 1 // pixels
		for i, a := range d.Texts {
			if a.Left < d.Box.Left-slack || a.Right > d.Box.Right+slack || a.Top < d.Box.Top-slack || a.Bottom > d.Box.Bottom+slack {
				t.Errorf("%s: the text %q is cut: %+v in %+v", d.ID, a.Text, a, d.Box)
			}
			for _, b := range d.Texts[i+1:] {
				if min(a.Right, b.Right)-max(a.Left, b.Left) > slack && min(a.Bottom, b.Bottom)-max(a.Top, b.Top) > 3*slack {
					t.Errorf("%s: the texts %q and %q overlap", d.ID, a.Text, b.Text)
				}
			}
		}
	}
	for _, id := range wanted {
		if !slices.Contains(ids, id) {
			t.Errorf("there is no %s, only %v", id, ids)
		}
	}
}

// checkWidths tests that a page fits into windows: what is wider scrolls by
// itself.
func checkWidths(t *testing.T, ctx context.Context) {
	t.Helper()
	for _, width := range []int64{1400, 900, 420} {
		do(t, ctx, chromedp.EmulateViewport(width, 900))
		if got := script[int64](t, ctx, `document.documentElement.scrollWidth`); got > width {
			t.Errorf("in a window of %d pixels the page is %d wide", width, got)
		}
	}
	do(t, ctx, chromedp.EmulateViewport(1400, 900))
}

// checkLooks takes screenshots by day and by night.
func checkLooks(t *testing.T, ctx context.Context) {
	t.Helper()
	light := make(map[string]float64)
	for _, scheme := range []string{"light", "dark"} {
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}); err != nil {
			t.Fatal(err)
		}
		shot := ask(t, ctx, chromedp.FullScreenshot(100))
		if err := os.WriteFile(filepath.Join(t.ArtifactDir(), scheme+".png"), shot, 0o666); err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			t.Fatal(err)
		}
		light[scheme] = brightness(picture)
	}
	if light["light"] < 0.8 || light["dark"] > 0.25 {
		t.Errorf("the screenshots are of brightness %v", light)
	}
}

// brightness returns the mean of some pixels, between 0 and 1.
func brightness(p image.Image) float64 {
	var sum float64
	n := 0
	for y := p.Bounds().Min.Y; y < p.Bounds().Max.Y; y += 7 {
		for x := p.Bounds().Min.X; x < p.Bounds().Max.X; x += 7 {
			r, g, b, _ := p.At(x, y).RGBA()
			sum += float64(r+g+b) / (3 * 0xffff)
			n++
		}
	}
	return sum / float64(n)
}

// A heading is a column that a click sorts.
type heading struct {
	Table  string
	Index  int
	Number bool
}

// A sorted is what a click made of a table.
type sorted struct {
	Order string   // aria-sort of the column
	Other []string // of the others
	Cells []string // of the column: what it is sorted by
	Texts bool     // those that are texts are in order, as the reader's language has it
	Rows  int      // a hash of all rows, whatever their order
}

const sortedOf = `((id, index) => {
	const table = document.getElementById(id);
	const heads = [...table.tHead.rows[0].cells];
	const number = heads[index].classList.contains("number");
	const texts = Array.from(table.tBodies[0].rows, (r) => r.cells[index].textContent).filter((text) => text !== "");
	const order = heads[index].getAttribute("aria-sort");
	if (order === "descending") texts.reverse();
	return {
		Texts: texts.every((text, i) => i === 0 || texts[i-1].localeCompare(text) <= 0),
		Order: order,
		Other: heads.filter((_, i) => i !== index).map((h) => h.getAttribute("aria-sort")),
		Cells: Array.from(table.tBodies[0].rows, (r) => r.cells[index].dataset.value ?? (number ? "" : r.cells[index].textContent)),
		Rows: Array.from(table.tBodies[0].rows).reduce((sum, r) => {
			let hash = 7;
			for (const c of r.textContent) hash = (31 * hash + c.codePointAt(0)) %% 1000003;
			return sum + hash;
		}, 0),
	};
})(%q, %d)`

// checkSorting clicks all headings twice.
func checkSorting(t *testing.T, ctx context.Context) {
	t.Helper()
	script[chromedp.Void](t, ctx, `for (const d of document.querySelectorAll("main details")) d.open = true`)
	headings := script[[]heading](t, ctx, `Array.from(document.querySelectorAll("thead th"), (th) => ({
		Table: th.closest("table").id, Index: th.cellIndex, Number: th.classList.contains("number")}))`)
	if len(headings) < 30 {
		t.Fatalf("there are %d headings", len(headings))
	}
	for i, h := range headings {
		state := fmt.Sprintf(sortedOf, h.Table, h.Index)
		before := script[sorted](t, ctx, state)
		for _, order := range []string{first(h.Number), second(h.Number)} {
			button := fmt.Sprintf(`document.querySelector("#%s thead th:nth-child(%d) button")`, h.Table, h.Index+1)
			switch {
			case i > 0:
				script[chromedp.Void](t, ctx, button+".click()")
			case order == first(h.Number): // once with the mouse, and once with the keyboard
				do(t, ctx, chromedp.Click(chromedp.JSPath(button)))
			default:
				script[chromedp.Void](t, ctx, button+".focus()")
				do(t, ctx, chromedp.KeyEvent("\r"))
			}
			after := script[sorted](t, ctx, state)
			if after.Order != order {
				t.Errorf("%+v: aria-sort is %q after a click, want %q", h, after.Order, order)
			}
			for _, other := range after.Other {
				if other != "none" {
					t.Errorf("%+v: aria-sort of another column is %q", h, other)
				}
			}
			if problem := unsorted(after.Cells, h.Number, order == "descending"); problem != "" {
				t.Errorf("%+v, %s: %s", h, order, problem)
			}
			if !h.Number && !after.Texts {
				t.Errorf("%+v, %s: the texts are not in order", h, order)
			}
			if before.Rows != after.Rows {
				t.Errorf("%+v: the rows are not those there were", h)
			}
		}
	}
}

// first and second are the orders that clicks bring.
func first(number bool) string {
	if number {
		return "descending"
	}
	return "ascending"
}

func second(number bool) string { return first(!number) }

// unsorted tells where cells are out of order. Empty ones come last.
func unsorted(cells []string, number, descending bool) string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if slices.Contains(cells, "") {
		return "an empty cell is not at the end"
	}
	if !number {
		return "" // see sorted.Texts
	}
	last := 0.0
	for i, c := range cells {
		v, err := strconv.ParseFloat(c, 64)
		if err != nil {
			return err.Error()
		}
		if i > 0 && (descending && v > last || !descending && v < last) {
			return fmt.Sprintf("%v follows %v", v, last)
		}
		last = v
	}
	return ""
}

// TestPolicyForbidsTheRest does what an injected name would: the browser must
// refuse, and the test must notice.
func TestPolicyForbidsTheRest(t *testing.T) {
	ctx := newBrowser(t)
	w := open(t, ctx, write(t, analyse(t, fixture(t, "go1.26.8-annotations"))))
	w.quiet(t)
	script[chromedp.Void](t, ctx, `{
		const script = document.createElement("script");
		script.textContent = "window.injected = true";
		document.body.append(script);
		const img = document.createElement("img");
		img.setAttribute("onerror", "window.injected = true");
		img.src = "http://localhost:1/pixel.png";
		document.body.append(img);
		document.body.setAttribute("style", "display: none");
	}`)
	if script[bool](t, ctx, `"injected" in window`) {
		t.Error("an injected script ran")
	}
	if script[string](t, ctx, `getComputedStyle(document.body).display`) == "none" {
		t.Error("an injected style applies")
	}
	seen := strings.Join(w.all(), "\n")
	for _, directive := range []string{"script-src", "style-src", "default-src"} {
		if !strings.Contains(seen, directive) {
			t.Errorf("no violation of %s was noticed:\n%s", directive, seen)
		}
	}
}

const hostileName = "</script><img src=x onerror=alert(1)>\"'`</style></title></svg>{{.}}\x00\x1b[31m\u202e\xff\n]]><!--"

// TestNamesInjectNothing opens a page whose every name tries to be more.
func TestNamesInjectNothing(t *testing.T) {
	ctx := newBrowser(t)
	r := analyse(t, fixture(t, "go1.26.8-multi"))
	taint(reflect.ValueOf(r).Elem())
	r.Warnings = []string{hostileName}
	r.Trace.Loss = &stats.Loss{Error: hostileName}
	w := open(t, ctx, write(t, r))
	checkCharts(t, ctx)
	checkWidths(t, ctx)
	checkLooks(t, ctx)
	checkSorting(t, ctx)
	w.quiet(t)
	if n := script[int](t, ctx, `document.querySelectorAll("img, iframe, [onerror], script + *, [style]").length`); n != 0 {
		t.Errorf("%d elements were injected", n)
	}
	if got := script[string](t, ctx, `document.querySelector("h1").textContent`); !strings.HasPrefix(got, "</script><img src=x onerror=alert(1)>") {
		t.Errorf("the heading is %q", got)
	}
}

// taint sets all strings of v to the hostile name.
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
