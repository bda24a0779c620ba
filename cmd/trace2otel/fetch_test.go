package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fetchTest converts a URL of a server, and returns the exit code, what was
// said, and the files written.
func fetchTest(t *testing.T, url string) (exitCode, string, []string) {
	t.Helper()
	dir := t.TempDir()
	var stderr bytes.Buffer
	c := newCLI(nil, os.Stdout, &stderr)
	code := c.execute(t.Context(), []string{"convert", url, "--to", "perfetto,stats", "--out", dir})
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return code, stderr.String(), names
}

func TestFetch(t *testing.T) {
	trace, err := os.ReadFile(filepath.Join("..", "..", "testdata", "go1.26.8-multi.trace"))
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/whole", func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Write(trace)
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Header().Set("Content-Length", fmt.Sprint(len(trace)))
		w.Write(trace[:len(trace)/2])
	})
	mux.HandleFunc("/busy", func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Error(w, "Could not enable tracing: tracing is already enabled\nmore", http.StatusInternalServerError)
	})
	mux.HandleFunc("/text", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/whole", http.StatusFound) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	server := httptest.NewServer(mux)
	defer server.Close()

	whole := []string{"127.0.0.1.pftrace", "127.0.0.1.stats.json"}
	for _, tt := range []struct {
		path  string
		code  exitCode
		says  string
		files []string
	}{
		{"/whole?seconds=5", exitOK, "wrote ", whole},
		{"/moved", exitOK, "wrote ", whole},
		{"/cut", exitLoss, "the connection broke: unexpected EOF", whole},
		{"/busy", exitFailed, "the server answers 500 Internal Server Error: Could not enable tracing: tracing is already enabled\n", nil},
		{"/none", exitFailed, "the server answers 404 Not Found", nil},
		{"/text", exitFailed, "", nil},
		{"/file", exitFailed, "a redirect to file:///etc/passwd is not followed", nil},
		{"/loop", exitFailed, "more than 5 redirects", nil},
	} {
		requests = 0
		code, said, files := fetchTest(t, server.URL+tt.path)
		if code != tt.code || !strings.Contains(said, tt.says) || fmt.Sprint(files) != fmt.Sprint(tt.files) {
			t.Errorf("%s: exit code %d, %v\n%s", tt.path, code, files, said)
		}
		if requests > 1 {
			t.Errorf("%s was asked for %d times", tt.path, requests)
		}
	}
	server.Close()
	code, said, _ := fetchTest(t, server.URL+"/whole")
	if code != exitFailed || !strings.Contains(said, "cannot be fetched: ") || !strings.Contains(said, "hint: does the program run") {
		t.Errorf("without a server: exit code %d\n%s", code, said)
	}
}
