package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A viewing is trace2otel view at work.
type viewing struct {
	link   string
	source string // that the link's page is to fetch
	stderr bytes.Buffer
	code   chan exitCode
	cancel context.CancelCauseFunc
}

// startView starts trace2otel view on a port of its own, with a temporary
// folder of its own, and returns when it has printed its link.
func startView(t *testing.T, args ...string) *viewing {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	v := &viewing{code: make(chan exitCode, 1)}
	var ctx context.Context
	ctx, v.cancel = context.WithCancelCause(t.Context())
	c := newCLI(nil, w, &v.stderr)
	c.viewAddress = "127.0.0.1:0"
	go func() {
		defer w.Close()
		v.code <- c.execute(ctx, append([]string{"view"}, args...))
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("%v; exit code %d: %s", err, <-v.code, &v.stderr)
	}
	v.link = strings.TrimSpace(line)
	_, query, ok := strings.Cut(v.link, "https://ui.perfetto.dev/#!/?")
	params, err := url.ParseQuery(query)
	if !ok || err != nil {
		t.Fatalf("not a link to the Perfetto UI: %s", v.link)
	}
	v.source = params.Get("url")
	checkCommands(t, params.Get("startupCommands"))
	return v
}

// checkCommands holds the start-up commands against the names that the UI gives
// to what is in a timeline: processes have their pids behind.
func checkCommands(t *testing.T, text string) {
	t.Helper()
	var commands []struct {
		ID   string
		Args []string
	}
	if err := json.Unmarshal([]byte(text), &commands); err != nil || len(commands) != 2 {
		t.Fatalf("start-up commands: %s", text)
	}
	for i, want := range []struct {
		id, yes, no string
	}{
		{
			"dev.perfetto.ExpandTracksByRegex", "CPU Scheduling,Go runtime 2000000001,Tasks 2000000002,Procs 2000000004",
			"main.main 2000000005,OS threads 2000000003,Tasks.run 2000000007",
		},
		{"dev.perfetto.PinTracksByRegex", "GC cycles,Stop the world,Heap live,Goroutines runnable", "Heap goal,Go runtime 2000000001"},
	} {
		c := commands[i]
		if c.ID != want.id || len(c.Args) != 1 {
			t.Errorf("command %d is %v, want %s", i, c, want.id)
			continue
		}
		re := regexp.MustCompile(c.Args[0])
		for name := range strings.SplitSeq(want.yes, ",") {
			if !re.MatchString(name) {
				t.Errorf("%s does not find %q", c.ID, name)
			}
		}
		for name := range strings.SplitSeq(want.no, ",") {
			if re.MatchString(name) {
				t.Errorf("%s finds %q", c.ID, name)
			}
		}
	}
}

// A link that cannot be told leaves nothing to wait for.
func TestViewWithoutLink(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	c := newCLI(nil, full, &stderr)
	c.viewAddress = "127.0.0.1:0"
	if code := c.execute(t.Context(), []string{"view", smallTrace, "--no-browser"}); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(stderr.String(), "cannot write standard output: no space left on device") {
		t.Errorf("stderr %q", &stderr)
	}
}

func TestBrowserCommand(t *testing.T) {
	for value, want := range map[string]string{
		"firefox":                    "firefox|PAGE",
		"firefox --new-window":       "firefox|--new-window|PAGE",
		"chromium --app=%s":          "chromium|--app=PAGE",
		"w3m %s -graph:firefox:lynx": "w3m|PAGE|-graph",
	} {
		if got := strings.Join(browserCommand(value, "PAGE"), "|"); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}

func (v *viewing) wait(t *testing.T) exitCode {
	t.Helper()
	select {
	case code := <-v.code:
		if files, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(files) > 0 {
			t.Errorf("left behind: %v, %v", files, err)
		}
		return code
	case <-time.After(20 * time.Second):
		t.Fatal("view does not end")
		return 0
	}
}

func request(t *testing.T, method, address string) (*http.Response, []byte) {
	t.Helper()
	return requestBy(t, method, address, "", perfettoUI)
}

// requestBy requests what is at an address, as if it were reached by the name of
// host, if that is not empty, and for a page of origin.
func requestBy(t *testing.T, method, address, host, origin string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	req.Header.Set("Range", "bytes=0-") // which is all
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// TestView fetches as the Perfetto UI does, after what must not end the serving:
// other paths and methods, names that others let point here, other pages, and
// who is no page at all.
func TestView(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.pftrace")
	if code, stderr := execute(t, false, nil, "perfetto", smallTrace, "-o", file); code != exitOK {
		t.Fatal(stderr)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v := startView(t, smallTrace, "--no-browser")
	u, err := url.Parse(v.source)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/[A-Z2-7]{26}/go1\.26\.8-annotations\.pftrace$`).MatchString(v.source) {
		t.Errorf("the page is to fetch %s", v.source)
	}
	guessed := "http://" + u.Host + "/go1.26.8-annotations.pftrace"
	for _, tt := range []struct {
		method, address string
		host, origin    string
		status          int
	}{
		{"GET", strings.TrimSuffix(v.source, ".pftrace"), "", perfettoUI, 404},
		{"GET", guessed, "", perfettoUI, 404},
		{"GET", "http://" + u.Host + "/", "", perfettoUI, 404},
		{"GET", v.source, "evil.example:" + u.Port(), perfettoUI, 403},
		{"GET", v.source, "evil.example:" + u.Port(), "", 403},
		{"GET", v.source, "localhost:" + u.Port(), perfettoUI, 403},
		{"GET", v.source, "127.0.0.1", perfettoUI, 403},
		{"GET", v.source, "", "https://evil.example", 403},
		{"GET", v.source, "", "null", 403},
		{"OPTIONS", v.source, "", "https://evil.example", 403},
		{"POST", v.source, "", perfettoUI, 405},
		{"OPTIONS", v.source, "", perfettoUI, 204},
		{"HEAD", v.source, "", perfettoUI, 200},
		{"GET", v.source, "", "", 200}, // somebody who knows the link
		{"GET", v.source, "", perfettoUI, 200},
	} {
		what := strings.Join([]string{tt.method, tt.address, tt.host, tt.origin}, " ")
		resp, body := requestBy(t, tt.method, tt.address, tt.host, tt.origin)
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %s", what, resp.Status)
		}
		for name, value := range map[string]string{
			"Access-Control-Allow-Origin":          perfettoUI,
			"Access-Control-Allow-Private-Network": "true",
			"Cache-Control":                        "no-store",
		} {
			if tt.status == 403 {
				value = ""
			}
			if got := resp.Header.Get(name); got != value {
				t.Errorf("%s: %s: %q", what, name, got)
			}
		}
		if tt.method == "GET" && tt.status == 200 && !bytes.Equal(body, want) {
			t.Errorf("%s: %d bytes are not the file's %d", what, len(body), len(want))
		}
		if tt.status != 200 && bytes.Contains(body, want[:16]) {
			t.Errorf("%s: the answer has the file", what)
		}
		if tt.method == "HEAD" && resp.ContentLength != int64(len(want)) {
			t.Errorf("%s: length %d, want %d", what, resp.ContentLength, len(want))
		}
	}
	if code := v.wait(t); code != exitOK {
		t.Errorf("exit code %d: %s", code, &v.stderr)
	}
}

// TestViewDrawsItsPath has other paths each time.
func TestViewDrawsItsPath(t *testing.T) {
	a, b := newFileServer("x", "h", "n"), newFileServer("x", "h", "n")
	if a.path == b.path {
		t.Errorf("the path is %s again", a.path)
	}
}

func TestViewEndsBySignal(t *testing.T) {
	v := startView(t, smallTrace, "--no-browser")
	v.cancel(interruption{syscall.SIGINT})
	if code := v.wait(t); code != exitSignal+exitCode(syscall.SIGINT) {
		t.Errorf("exit code %d: %s", code, &v.stderr)
	}
}

// TestViewOpensBrowser has a browser that cannot be started, and one that
// fetches: the program that BROWSER names gets the link.
func TestViewOpensBrowser(t *testing.T) {
	t.Setenv("BROWSER", filepath.Join(t.TempDir(), "none"))
	v := startView(t, smallTrace)
	request(t, "GET", v.source)
	if code := v.wait(t); code != exitOK || !strings.Contains(v.stderr.String(), "warning: cannot open a browser: ") {
		t.Errorf("exit code %d: %s", code, &v.stderr)
	}
}

// TestViewOfDamage serves what there is, and tells by the exit code that it is
// not all.
func TestViewOfDamage(t *testing.T) {
	v := startView(t, "../../testdata/edge/concat-126.trace", "--no-browser")
	request(t, "GET", v.source)
	if code := v.wait(t); code != exitLoss || !strings.Contains(v.stderr.String(), "warning: ") {
		t.Errorf("exit code %d: %s", code, &v.stderr)
	}
}

func TestViewWhoseInputIsNoTrace(t *testing.T) {
	c := newCLI(nil, os.Stdout, io.Discard)
	c.viewAddress = "127.0.0.1:0"
	if code := c.execute(t.Context(), []string{"view", "view_test.go", "--no-browser"}); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
}

func TestViewWhosePortIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var stderr bytes.Buffer
	c := newCLI(nil, os.Stdout, &stderr)
	c.viewAddress = l.Addr().String()
	code := c.execute(t.Context(), []string{"view", smallTrace, "--no-browser"})
	if code != exitFailed || !strings.Contains(stderr.String(), ": something else does\nhint: ") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
