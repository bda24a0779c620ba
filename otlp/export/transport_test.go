package export_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/trace2otel/trace2otel/internal/otlpserver"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// answersOfOthers are what comes with status 200 from those who are no back end, or
// are one.
var answersOfOthers = []struct {
	name   string
	answer otlpserver.Answer
	says   string // of the failure; empty: taken
}{
	{"a captive portal", otlpserver.Answer{Page: []byte("<html>log in"), PageType: "text/html; charset=utf-8"}, "the answer is text/html, not application/"},
	{"a web server's text", otlpserver.Answer{Page: []byte("ok"), PageType: "text/plain"}, "the answer is text/plain, not application/"},
	{"no type", otlpserver.Answer{Page: []byte("ok")}, "the answer is of no type, not application/"},
	{"no type that there could be", otlpserver.Answer{Page: []byte("ok"), PageType: ";;"}, "the answer is ;;, not application/"},
	{"other bytes of that type", otlpserver.Answer{Page: []byte("<html>log in"), PageType: "asked for"}, ""},
	{"a long page", otlpserver.Answer{Page: bytes.Repeat([]byte("<p>log in"), 100_000), PageType: "text/html"}, "no OTLP back end"},
	{"nothing", otlpserver.Answer{Empty: true}, ""},
	{"an answer", otlpserver.Answer{}, ""},
	{"a notice", otlpserver.Answer{Notice: "thanks"}, ""},
}

// TestAnswersOfOthers sends spans and metrics to servers that answer 200, whatever
// they are asked: what is no answer to an export has taken nothing, and all is kept.
func TestAnswersOfOthers(t *testing.T) {
	for _, protocol := range []export.Protocol{export.HTTPProtobuf, export.HTTPJSON} {
		asked := "application/x-protobuf"
		if protocol == export.HTTPJSON {
			asked = "application/json"
		}
		for _, tt := range answersOfOthers {
			t.Run(string(protocol)+" "+tt.name, func(t *testing.T) {
				answer := tt.answer
				broken := answer.PageType == "asked for"
				if broken {
					answer.PageType = asked + "; charset=utf-8"
				}
				s := otlpserver.Start(t, otlpserver.Options{Answer: func(otlpserver.Request) otlpserver.Answer { return answer }})
				target := export.Target{URL: s.HTTP, Protocol: protocol}
				var failed []*tracepb.ResourceSpans
				r := deliver(t, target, export.Options{Retry: quick, BatchSize: 1000, Failed: func(batch []*tracepb.ResourceSpans) error {
					failed = append(failed, batch...)
					return nil
				}}, someSpans(t, 50, 100))
				if tt.says == "" && !broken {
					counts(t, r, 50, 0, 0)
				} else {
					counts(t, r, 0, 0, 50)
					if r.Err == nil || !strings.Contains(r.Err.Error(), tt.says) {
						t.Errorf("the error is %v", r.Err)
					}
					if n := len(decode(t, encode(t, &tracepb.TracesData{ResourceSpans: failed}))); n != 50 {
						t.Errorf("%d spans are kept", n)
					}
				}
				if n := len(s.Requests()); tt.says != "" && n != 1 {
					t.Errorf("%d requests to who is no back end", n)
				}
				if r.Notice != answer.Notice {
					t.Errorf("the notice is %q", r.Notice)
				}
				if protocol == export.HTTPJSON {
					return // metrics have none
				}
				var kept bytes.Buffer
				e := startMetrics(t, target, quick, export.MetricsFileWriter(&kept, otlp.JSONL))
				_, points := metricsOf(t, otlp.NewMetrics(e, otlp.Options{Format: otlp.Binary}))
				switch r := e.Close(); {
				case tt.says == "" && !broken:
					counts(t, r, points, 0, 0)
				default:
					counts(t, r, 0, 0, points)
					if r.Err == nil || !strings.Contains(r.Err.Error(), tt.says) || kept.Len() == 0 {
						t.Errorf("the error is %v, kept are %d bytes", r.Err, kept.Len())
					}
				}
			})
		}
	}
}

// TestClientCertificates sends to a server that asks who is there. The variables of
// a signal come before those for all; of half a pair there is none.
func TestClientCertificates(t *testing.T) {
	var asked string // name in the client's certificate
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path + " " + r.TLS.PeerCertificates[0].Subject.CommonName
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	defer server.Close()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pair := func(name string) (certificate, key string) {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return write(name+".crt", "CERTIFICATE", der), write(name+".key", "PRIVATE KEY", private)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", write("ca.pem", "CERTIFICATE", server.Certificate().Raw))
	target := export.Target{URL: server.URL, Protocol: export.HTTPProtobuf}
	send := func(want string) {
		t.Helper()
		asked = ""
		r := deliver(t, target, export.Options{Retry: export.Retry{For: -1}}, someSpans(t, 1, 1))
		if asked != want || (r.Sent == 1) != (want != "") {
			t.Errorf("asked is %q, want %q; %+v", asked, want, r)
		}
	}
	send("")
	certificate, key := pair("all")
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", certificate)
	send("")
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", key)
	send("/v1/traces all")
	certificate, key = pair("traces")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", certificate)
	send("/v1/traces all")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", key)
	send("/v1/traces traces")

	e := startMetrics(t, target, export.Retry{For: -1}, nil)
	metricsOf(t, otlp.NewMetrics(e, otlp.Options{Format: otlp.Binary}))
	if r := e.Close(); r.Sent == 0 || asked != "/v1/metrics all" {
		t.Errorf("asked is %q; %+v", asked, r)
	}
}
