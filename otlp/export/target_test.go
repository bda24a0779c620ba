package export_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/internal/otlpserver"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

func TestProtocol(t *testing.T) {
	for _, test := range []struct {
		url, flag, general, traces string
		want                       export.Protocol
	}{
		{url: "http://localhost:4317", want: export.GRPC},
		{url: "http://localhost:4318", want: export.HTTPProtobuf},
		{url: "https://example.com", want: export.HTTPProtobuf},
		{url: "localhost:4317", want: export.GRPC}, // from the environment, it may have no scheme
		{url: "http://[::1]:4317/", want: export.GRPC},
		{url: "http://localhost:4317", general: "http/protobuf", want: export.HTTPProtobuf},
		{url: "http://localhost:4317", general: "http/protobuf", traces: "http/json", want: export.HTTPJSON},
		{url: "http://localhost:4318", general: "grpc", want: export.GRPC},
		{url: "http://localhost:4318", flag: "http/protobuf", general: "grpc", want: export.HTTPProtobuf},
		{url: "http://localhost:4318", general: "smoke signals"},
		{url: "http://localhost:4318", flag: "http", want: ""},
		{},
	} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
		t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", test.general)
		t.Setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", test.traces)
		got, err := export.Target{URL: test.url, Protocol: export.Protocol(test.flag)}.Resolve()
		if err != nil && test.want != "" || err == nil && got.Protocol != test.want {
			t.Errorf("%+v: got %q, %v", test, got.Protocol, err)
		}
		// The environment is as good as a flag.
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", test.url)
		again, err := export.Target{Protocol: export.Protocol(test.flag)}.Resolve()
		if err == nil && again != got {
			t.Errorf("%+v: from the environment, got %v, want %v", test, again, got)
		}
	}
}

func TestBadEndpoints(t *testing.T) {
	for _, test := range []struct{ url, protocol, want string }{
		{"localhost:4317", "", "to be like http://localhost:4317"},
		{"ftp://localhost", "", "to be like http://localhost:4317"},
		{"http://", "", "to be like http://localhost:4317"},
		{"http://me:secret@localhost:4318", "", "the endpoint has a user"},
		{"http://me:secret@local host:4318", "", "the endpoint is no URL"},
		{"http://localhost:4318?key=secret", "", "more than a path"},
		{"http://localhost:4317/v1/traces", "", "has a path, which gRPC has no use for"},
		{"http://localhost:4318", "grpcs", `the protocol is grpc, http/protobuf or http/json, not "grpcs"`},
	} {
		_, err := export.Target{URL: test.url, Protocol: export.Protocol(test.protocol)}.NewClient(export.Retry{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.url, err, test.want)
		}
		if strings.Contains(test.url, "@") && strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: secret no more", err)
		}
	}
}

// The path of an endpoint is where all signals are, as that of
// OTEL_EXPORTER_OTLP_ENDPOINT is, unless it is that of traces already.
func TestPaths(t *testing.T) {
	s := otlpserver.Start(t, otlpserver.Options{})
	for _, test := range []struct{ path, want string }{
		{"", "/v1/traces"},
		{"/", "/v1/traces"},
		{"/otlp", "/otlp/v1/traces"},
		{"/otlp/", "/otlp/v1/traces"},
		{"/otlp/v1/traces", "/otlp/v1/traces"},
	} {
		counts(t, deliver(t, export.Target{URL: s.HTTP + test.path}, export.Options{Retry: quick}, someSpans(t, 1, 1)), 1, 0, 0)
		requests := s.Requests()
		if got := requests[len(requests)-1].Path; got != test.want {
			t.Errorf("%q: posted to %s, want %s", test.path, got, test.want)
		}
	}
}

// The environment configures all that it can configure for an SDK.
func TestEnvironment(t *testing.T) {
	plain := func() otlpserver.Options { return otlpserver.Options{} }
	t.Run("headers and gzip", func(t *testing.T) {
		t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20c2VjcmV0,x-tenant=seven")
		t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
		both(t, plain, func(t *testing.T, s *otlpserver.Server, target export.Target) {
			counts(t, deliver(t, target, export.Options{Retry: quick}, someSpans(t, 10, 10)), 10, 0, 0)
			r := s.Requests()[0]
			if r.Headers["authorization"] != "Basic c2VjcmV0" || r.Headers["x-tenant"] != "seven" || r.Compression != "gzip" {
				t.Errorf("compressed by %q, headers %v", r.Compression, r.Headers)
			}
		})
	})
	t.Run("neither", func(t *testing.T) {
		both(t, plain, func(t *testing.T, s *otlpserver.Server, target export.Target) {
			deliver(t, target, export.Options{Retry: quick}, someSpans(t, 10, 10))
			if r := s.Requests()[0]; r.Compression != "" || r.Headers["x-tenant"] != "" {
				t.Errorf("compressed by %q, headers %v", r.Compression, r.Headers)
			}
		})
	})
	t.Run("endpoint", func(t *testing.T) {
		both(t, plain, func(t *testing.T, s *otlpserver.Server, target export.Target) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", target.URL)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", string(target.Protocol))
			counts(t, deliver(t, export.Target{}, export.Options{Retry: quick}, someSpans(t, 10, 10)), 10, 0, 0)
		})
	})
	t.Run("a flag before the environment", func(t *testing.T) {
		t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://127.0.0.1:1/elsewhere")
		both(t, plain, func(t *testing.T, s *otlpserver.Server, target export.Target) {
			counts(t, deliver(t, target, export.Options{Retry: quick}, someSpans(t, 10, 10)), 10, 0, 0)
		})
	})
}

func TestTLS(t *testing.T) {
	o := func() otlpserver.Options { return otlpserver.Options{TLS: true} }
	both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		t.Run("trusted", func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", s.Certificate)
			counts(t, deliver(t, target, export.Options{Retry: quick}, someSpans(t, 10, 10)), 10, 0, 0)
		})
		// That does not change, so there is no use in trying again.
		t.Run("not trusted", func(t *testing.T) {
			report := deliver(t, target, export.Options{Retry: quick, Retrying: notAgain(t)}, someSpans(t, 10, 10))
			counts(t, report, 0, 0, 10)
			if report.Err == nil || !strings.Contains(report.Err.Error(), "certificate") {
				t.Errorf("the reason is %v", report.Err)
			}
		})
	})
}

// Certificates in the environment are for servers with TLS, and do no harm where
// the scheme is http.
func TestCertificateWithoutTLS(t *testing.T) {
	other := otlpserver.Start(t, otlpserver.Options{TLS: true})
	both(t, func() otlpserver.Options { return otlpserver.Options{} }, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", other.Certificate)
		counts(t, deliver(t, target, export.Options{Retry: quick}, someSpans(t, 10, 10)), 10, 0, 0)
		e := startMetrics(t, target, quick, nil)
		_, points := metricsOf(t, otlp.NewMetrics(e, otlp.Options{Format: otlp.Binary}))
		if r := e.Close(); r.Sent != points {
			t.Errorf("reported are %+v of %d points", r, points)
		}
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", target.URL)
		t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", string(target.Protocol))
		counts(t, deliver(t, export.Target{}, export.Options{Retry: quick}, someSpans(t, 10, 10)), 10, 0, 0)
	})
}

// An endpoint of the environment that is no URL is told at once, but for gRPC,
// which takes others.
func TestEndpointsWithoutScheme(t *testing.T) {
	s := otlpserver.Start(t, otlpserver.Options{})
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "localhost:4318")
			_, err := export.Target{}.NewClient(export.Retry{})
			if want := name + " is to be like http://localhost:4318"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", strings.Replace(strings.TrimPrefix(s.GRPC, "http://"), "127.0.0.1", "localhost", 1))
	t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
	counts(t, deliver(t, export.Target{Protocol: export.GRPC}, export.Options{Retry: quick}, someSpans(t, 10, 10)), 10, 0, 0)
}

// A server without TLS takes nothing by it, ever.
func TestNoTLS(t *testing.T) {
	both(t, func() otlpserver.Options { return otlpserver.Options{} }, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		target.URL = strings.Replace(target.URL, "http://", "https://", 1)
		counts(t, deliver(t, target, export.Options{Retry: quick, Retrying: notAgain(t)}, someSpans(t, 10, 10)), 0, 0, 10)
	})
}

// notAgain returns what fails the test when a batch is to be sent again.
func notAgain(t *testing.T) func(error, time.Duration) {
	return func(why error, _ time.Duration) { t.Errorf("sends again: %v", why) }
}
