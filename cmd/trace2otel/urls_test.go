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

func TestDisplayURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://localhost:6060/debug/pprof/trace":           "http://localhost:6060/debug/pprof/trace",
		"http://localhost:6060/debug/pprof/trace?seconds=5": "http://localhost:6060/debug/pprof/trace?…",
		"http://localhost/x#token=SEKRIT":                   "http://localhost/x?…",
		"https://me:hunter2@[::1]:6060/x?sig=SEKRIT#SEKRIT": "https://[::1]:6060/x?…",
		"https://SEKRIT@example.com":                        "https://example.com",
		"HTTP://me:hunter2@example.com/x":                   "HTTP://example.com/x",
		"http://me:hun@ter2@example.com/x":                  "http://example.com/x",
		"s3://key:hunter2@bucket/x?X-Amz-Signature=SEKRIT":  "s3://bucket/x?…",
		"http://me:hunter2@[bad/x":                          "http://…",
		"http://me:hunter2@exa mple.com/x":                  "http://…",
		"http://me:12/SEKRIT@example.com/":                  "http://…", // its port may be 12
		"http://me:12?SEKRIT@example.com/":                  "http://…",
		"http://%zz:hunter2@example.com":                    "http://…",
		"http://example.com/%zz?token=SEKRIT":               "http://…",
		"http://":                                           "http://",
		"localhost:4317":                                    "localhost:4317",
		"me:hunter2@localhost:4317":                         "localhost:4317",
		"http://example.com/x\x1b?y":                        "http://…",
		"http://example.com/ü/\u202e":                       `http://example.com/ü/\u202e`,
	} {
		if got := displayURL(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if got := displayURL(want); got != want {
			t.Errorf("%s becomes %s", want, got)
		}
	}
}

func TestRedactURLs(t *testing.T) {
	for text, want := range map[string]string{
		"nothing": "nothing",
		`Get "http://a:b@example.com/x?y=z": EOF`:                   `Get "http://example.com/x?…": EOF`,
		"failed to send to http://127.0.0.1:4318/v1/traces: 401":    "failed to send to http://127.0.0.1:4318/v1/traces: 401",
		"http://127.0.0.1:4318: refused (see https://a.b/?c).":      "http://127.0.0.1:4318: refused (see https://a.b/?…).",
		"it is like http://localhost:4317 or https://example.com, ": "it is like http://localhost:4317 or https://example.com, ",
		"proxy http://u:p@[x: bad":                                  "proxy http://…: bad",
		"x://":                                                      "x://",
	} {
		if got := redactURLs(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestNoSecretsOfURLs names URLs with secrets in every place where there can be one. They
// are nowhere in what is said, reported and written.
func TestNoSecretsOfURLs(t *testing.T) {
	secrets := []string{"hunter2", "SEKRIT", "topuser"}
	trace, err := os.ReadFile(smallTrace)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/whole", func(w http.ResponseWriter, r *http.Request) { w.Write(trace) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) { w.Write(trace[:len(trace)-100]) })
	mux.HandleFunc("/text", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") })
	mux.HandleFunc("/denied", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no access to http://"+r.Host+r.URL.String(), http.StatusForbidden)
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://topuser:hunter2@example.com/?token=SEKRIT", http.StatusFound)
	})
	mux.HandleFunc("/refused", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://topuser:hunter2@127.0.0.1:1/?token=SEKRIT", http.StatusTemporaryRedirect)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	with := func(scheme, path string) string {
		return scheme + "://topuser:hunter2@" + host + path + "?token=SEKRIT#SEKRIT"
	}
	urls := []string{
		with("http", "/whole"), with("HTTP", "/whole"), with("Http", "/cut"), with("http", "/text"), with("http", "/denied"),
		with("http", "/elsewhere"), with("http", "/refused"), with("https", "/whole"), with("s3", "/whole"),
		"http://topuser:hunter2@127.0.0.1:1/x?token=SEKRIT",
		"http://topuser:hunter2@[bad/x?token=SEKRIT", "HTTP://topuser:hunter2@[bad/x", "http://topuser:hun ter2@host/hunter2",
		`http://topuser:1"hunter2@host/x`, "http://x:1\nhunter2@host/x", "http://127.0.0.1:1/hunter2@host/x", "http://example.com/%zz?token=SEKRIT",
		"http://topuser:hunter2@", "postgres://topuser:hunter2@host/db?password=SEKRIT",
	}
	file, err := filepath.Abs(smallTrace)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range urls {
		for _, args := range [][]string{
			{u},
			{"stats", u},
			{"stats", u, "--format", "json"},
			{"stats", u, "--goroutine", "["},
			{"stats", u, "--from", "-1s"},
			{"stats", u, u},
			{"stats", file, "--start", u},
			{"stats", file, "--start=" + u},
			{"stats", file, "--from", u},
			{"stats", file, "--unknown=" + u},
			{"stats", file, "--decoder", u, "--max-input", u},
			{"stats", file, "-o", u},
			{"stats", file, "--output=" + u},
			{"diff", u, file},
			{"diff", file, u, "-o", u},
			{"perfetto", u, "-o", "x", "--goroutine", "1"},
			{"otlp", u, "-o", "x", "--start", "mtime"},
			{"otlp", file, "--endpoint", u, "--retry-for", "0"},
			{"otlp", file, "--endpoint", u, "--retry-for", "0", "--metrics", "--protocol", "http/protobuf"},
			{"otlp", file, "--endpoint", u, "--failed-out", u},
			{"otlp", file, "--endpoint", u, "--protocol", u},
			{"send", u, "--endpoint", u, "--retry-for", "0"},
			{"view", u, "--no-browser", "--from", "1h"},
			{"man", u},
			{"convert", u, u + "&x=y", "--to", "stats", "--out", "out"},
			{"convert", u, file, "--to", "stats,perfetto", "--out", "out", "--force", "--report", "report.json", "--junit", "junit.xml", "--annotations", "github"},
			{"convert", u, "--to", "stats", "--out", u},
			{"convert", file, "--to", "stats", "--out", "out", "--force", "--report", u, "--junit", u},
			{"convert", file, "--to", u, "--out", "out", "--kind", u},
		} {
			t.Chdir(t.TempDir())
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv("GITHUB_STEP_SUMMARY", "summary.md")
			stdout, err := os.Create("stdout")
			if err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			c := newCLI(nil, stdout, &stderr)
			c.viewAddress = "127.0.0.1:0"
			c.execute(t.Context(), args)
			stdout.Close()
			said := map[string]string{"standard error": stderr.String()}
			filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					data, _ := os.ReadFile(path)
					said[path] = string(data)
				}
				said["the name of "+path] = path
				return nil
			})
			for where, text := range said {
				for _, secret := range secrets {
					if strings.Contains(text, secret) {
						t.Errorf("%q: %s has %s:\n%.500s", args, where, secret, text)
					}
				}
			}
		}
	}
}

// TestNoSecretsOfTheEnvironment sends to endpoints of the environment with secrets.
func TestNoSecretsOfTheEnvironment(t *testing.T) {
	for _, endpoint := range []string{
		"http://topuser:hunter2@127.0.0.1:1/?token=SEKRIT", "http://topuser:hunter2@[bad/x", "topuser:hunter2@127.0.0.1:1",
	} {
		for _, variable := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "HTTP_PROXY"} {
			for _, protocol := range []string{"grpc", "http/protobuf", "http/json"} {
				t.Run(variable+" "+endpoint+" "+protocol, func(t *testing.T) {
					t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://192.0.2.1:1")
					t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
					t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=100%SEKRIT")
					if protocol != "grpc" {
						t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "")
					}
					t.Setenv(variable, endpoint)
					_, stderr := execute(t, false, nil, "otlp", smallTrace, "--export", "--protocol", protocol, "--retry-for", "0", "--metrics")
					for _, secret := range []string{"hunter2", "SE", "topuser"} {
						if strings.Contains(stderr, secret) {
							t.Errorf("standard error has %s: %s", secret, stderr)
						}
					}
				})
			}
		}
	}
}
