package otlpserver

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	metricscollector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	_ "google.golang.org/grpc/encoding/gzip" // to read what is compressed
)

// A Server is a back end. What it took is kept in memory.
type Server struct {
	GRPC string // its URL for gRPC
	HTTP string // its URL for HTTP

	// Certificate is the name of a file, if it has TLS: who signed for it.
	Certificate string

	answer func(r Request) Answer

	mu       sync.Mutex
	requests []Request
	spans    []*trace.Span
	metrics  []*metrics.ResourceMetrics
	conns    map[net.Conn]bool // of gRPC, for cutting
}

// A Request is one that came.
type Request struct {
	N           int // counted from 0
	At          time.Time
	Protocol    string            // "grpc", or the media type
	Path        string            // of HTTP
	Headers     map[string]string // by lower-case name
	Compression string
	Size        int // uncompressed
	Spans       []*trace.Span
	Context     context.Context // ends when the client gives up
}

// An Answer is what a request gets. The zero value takes all spans.
type Answer struct {
	Status     int // of HTTP, or a code of gRPC; 0 is success
	Message    string
	RetryAfter time.Duration // in a header, in whole seconds, or a RetryInfo
	Rejected   int64         // in a partial success, if it or Notice is set
	Notice     string
	Cut        bool // the connection, without a word

	// Page, if not nil, is what comes over HTTP with status 200 instead of an
	// answer, as from a captive portal: it is of type PageType, and nothing is
	// taken.
	Page     []byte
	PageType string

	// Empty has HTTP's answer of success be of no bytes and no type.
	Empty bool
}

func (a *Answer) takes() bool { return a.Status == 0 && !a.Cut && a.Page == nil }

// Options say what kind of server it is.
type Options struct {
	TLS bool

	// MaxBytes is the size of requests over HTTP from which on the answer is
	// 413. For gRPC it is always 4 MiB, as servers have it by default.
	MaxBytes int

	// Answer says what to answer; nil takes everything.
	Answer func(r Request) Answer
}

// Start starts a server that stops when the test ends.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s := &Server{answer: o.Answer, conns: make(map[net.Conn]bool)}
	if s.answer == nil {
		s.answer = func(Request) Answer { return Answer{} }
	}
	web := httptest.NewUnstartedServer(&overHTTP{s, o.MaxBytes})
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
	if o.TLS {
		web.StartTLS()
		s.Certificate = filepath.Join(tb.TempDir(), "ca.pem")
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
		if err := os.WriteFile(s.Certificate, block, 0o666); err != nil {
			tb.Fatal(err)
		}
	} else {
		web.Start()
	}
	s.HTTP = web.URL

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	options := []grpc.ServerOption{grpc.StatsHandler(encodings{})}
	s.GRPC = "http://" + listener.Addr().String()
	if o.TLS {
		s.GRPC = "https://" + listener.Addr().String()
		options = append(options, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: web.TLS.Certificates})))
	}
	rpc := grpc.NewServer(options...)
	collector.RegisterTraceServiceServer(rpc, &overGRPC{s: s})
	metricscollector.RegisterMetricsServiceServer(rpc, &metricsOverGRPC{s: s})
	var served sync.WaitGroup
	served.Go(func() { rpc.Serve(&listening{listener, s}) })
	tb.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		rpc.Stop()
		served.Wait()
	})
	return s
}

// Requests returns the requests that came so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Spans returns the spans taken so far, in the order in which they came.
// Those of partial successes are all among them.
func (s *Server) Spans() []*trace.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spans
}

// take numbers and keeps a request, and returns what to answer.
func (s *Server) take(r Request, all []*trace.ResourceSpans) Answer {
	for _, rs := range all {
		for _, ss := range rs.ScopeSpans {
			r.Spans = append(r.Spans, ss.Spans...)
		}
	}
	r.At = time.Now()
	s.mu.Lock()
	r.N = len(s.requests)
	s.requests = append(s.requests, r)
	s.mu.Unlock()
	a := s.answer(r) // it may take its time
	if a.takes() {
		s.mu.Lock()
		s.spans = append(s.spans, r.Spans...)
		s.mu.Unlock()
	}
	return a
}

// listening knows its connections, so that they can be cut.
type listening struct {
	net.Listener
	s *Server
}

func (l *listening) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.s.mu.Lock()
		l.s.conns[c] = true
		l.s.mu.Unlock()
	}
	return c, err
}

// cut closes all connections of gRPC.
func (s *Server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
	clear(s.conns)
}

// Refusing returns the URL of a port that nobody listens on.
func Refusing(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}
