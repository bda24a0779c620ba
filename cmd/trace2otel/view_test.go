package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
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
	if commands := params.Get("startupCommands"); !strings.HasPrefix(commands, `[{"args":["`) {
		t.Errorf("start-up commands: %s", commands)
	}
	return v
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
	req, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://ui.perfetto.dev")
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

// TestView fetches as the Perfetto UI does, after what must not end the
// serving.
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
	if !strings.HasPrefix(v.source, "http://127.0.0.1:") || !strings.HasSuffix(v.source, "/go1.26.8-annotations.pftrace") {
		t.Errorf("the page is to fetch %s", v.source)
	}
	for _, tt := range []struct {
		method, address string
		status          int
	}{
		{"GET", strings.TrimSuffix(v.source, ".pftrace"), 404},
		{"POST", v.source, 405},
		{"OPTIONS", v.source, 204},
		{"HEAD", v.source, 200},
		{"GET", v.source, 200},
	} {
		resp, body := request(t, tt.method, tt.address)
		if resp.StatusCode != tt.status {
			t.Errorf("%s %s: %s", tt.method, tt.address, resp.Status)
		}
		for name, value := range map[string]string{
			"Access-Control-Allow-Origin":          "https://ui.perfetto.dev",
			"Access-Control-Allow-Private-Network": "true",
			"Cache-Control":                        "no-store",
		} {
			if got := resp.Header.Get(name); got != value {
				t.Errorf("%s %s: %s: %q", tt.method, tt.address, name, got)
			}
		}
		if tt.method == "GET" && tt.status == 200 && !bytes.Equal(body, want) {
			t.Errorf("%d bytes are not the file's %d", len(body), len(want))
		}
		if tt.method == "HEAD" && resp.ContentLength != int64(len(want)) {
			t.Errorf("HEAD: length %d, want %d", resp.ContentLength, len(want))
		}
	}
	if code := v.wait(t); code != exitOK {
		t.Errorf("exit code %d: %s", code, &v.stderr)
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
