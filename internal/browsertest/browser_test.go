package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/stats"
)

// requireBrowser is the environment variable that has the tests fail, rather
// than skip, where there is no browser.
const requireBrowser = "TRACE2OTEL_REQUIRE_BROWSER"

// patience is how long anything may take: far longer than it does.
const patience = 5 * time.Minute

// newBrowser starts a browser for a test.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "chromium.exe", "chrome.exe"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv(requireBrowser) != "" {
			t.Fatalf("there is no Chromium, and %s is set", requireBrowser)
		}
		t.Skip("there is no Chromium on the PATH")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.Flag("force-device-scale-factor", "1"))...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s does not start: %v", path, err)
	}
	return ctx
}

// A watch notes what a page should not do.
type watch struct {
	mu    sync.Mutex // events come while the test runs
	seen  []string
	own   string // address of the page, which may be loaded
	loads int
}

// open loads a page from a file, and watches it.
func open(t *testing.T, ctx context.Context, content []byte) *watch {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, content, 0o666); err != nil {
		t.Fatal(err)
	}
	w := &watch{own: (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()}
	if err := chromedp.Listen(ctx, w.event); err != nil {
		t.Fatal(err)
	}
	for _, enable := range []cdp.Command[cdp.Empty, cdp.Empty]{log.Enable, audits.Enable} {
		if _, err := chromedp.Call(ctx, enable, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.EmulateViewport(1400, 900), chromedp.Navigate(w.own), chromedp.WaitReady(chromedp.CSS("footer")))
	return w
}

func (w *watch) event(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		w.note("console: %s", ev.Type)
	case *runtime.EventExceptionThrown:
		w.note("exception: %v", ev.ExceptionDetails)
	case *log.EventEntryAdded:
		w.note("log: %s: %s", ev.Entry.Source, ev.Entry.Text)
	case *audits.EventIssueAdded:
		w.note("issue: %s", ev.Issue.Code)
	case *network.EventRequestWillBeSent:
		if address, _, _ := strings.Cut(ev.Request.URL, "#"); address != w.own {
			w.note("request: %s", ev.Request.URL)
		} else {
			w.loads++
		}
	case *page.EventJavascriptDialogOpening:
		w.note("dialog: %s", ev.Message)
	}
}

func (w *watch) note(format string, args ...any) {
	w.seen = append(w.seen, fmt.Sprintf(format, args...))
}

// all returns what was noted.
func (w *watch) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

// quiet fails the test if the page did anything that it should not.
func (w *watch) quiet(t *testing.T) {
	t.Helper()
	for _, what := range w.all() {
		t.Error(what)
	}
	if w.loads != 1 {
		t.Errorf("the page was loaded %d times: the requests are not seen", w.loads)
	}
}

func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// ask returns the value of an action.
func ask[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	answer, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// script evaluates JavaScript in the page.
func script[T any](t *testing.T, ctx context.Context, source string) T {
	t.Helper()
	return ask(t, ctx, chromedp.Evaluate[T](source))
}

// analyse returns the report of a trace.
func analyse(t *testing.T, f fixtures.File) *stats.Report {
	t.Helper()
	s := stats.New(nil, stats.Options{Goroutine: regexp.MustCompile(`^main\.main$`)})
	fixtures.Run(t, f, s)
	return s.Report()
}

// fixture is one of the traces that are always there.
func fixture(t *testing.T, name string) fixtures.File {
	return fixtures.File{Name: name, Path: filepath.Join(fixtures.Root(t), "testdata", name+".trace")}
}

func write(t *testing.T, r *stats.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
