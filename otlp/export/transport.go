package export

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// httpClient returns the HTTP client that the exporters are to use for a signal:
// like their own, with the certificates and the timeout of the environment, but
// with a look at the answers. What is wrong in the environment is the exporters'
// to tell.
func (t Target) httpClient(s signal) *http.Client {
	transport := &http.Transport{ // as net/http.DefaultTransport, which anybody may replace
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	if !t.plain() {
		transport.TLSClientConfig = s.tlsConfig()
	}
	return &http.Client{Transport: answerChecker{transport}, Timeout: s.timeout()}
}

// defaultTimeout is how long a request may take (OpenTelemetry Protocol Exporter,
// OTEL_EXPORTER_OTLP_TIMEOUT).
const defaultTimeout = 10 * time.Second

// timeout returns how long a request may take.
func (s signal) timeout() time.Duration {
	value, _ := s.env("TIMEOUT")
	if ms, err := strconv.Atoi(value); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	return defaultTimeout
}

// tlsConfig returns the certificates that the environment has; nil if it has none.
// Of a client's certificate and its key, it has both for the signal, or neither.
func (s signal) tlsConfig() *tls.Config {
	var c tls.Config
	if file, _ := s.env("CERTIFICATE"); file != "" {
		pem, err := os.ReadFile(file)
		if roots := x509.NewCertPool(); err == nil && roots.AppendCertsFromPEM(pem) {
			c.RootCAs = roots
		}
	}
	for _, prefix := range s.prefixes() {
		certificate, key := lookup(prefix+"CLIENT_CERTIFICATE"), lookup(prefix+"CLIENT_KEY")
		if certificate == "" || key == "" {
			continue
		}
		if pair, err := tls.LoadX509KeyPair(certificate, key); err == nil {
			c.Certificates = []tls.Certificate{pair}
		}
		break
	}
	if c.RootCAs == nil && c.Certificates == nil {
		return nil
	}
	return &c
}

// An answerChecker fails where the answer is not one to what was asked. The
// exporters take any answer of 200 for success: that of a captive portal, a proxy or
// another server, too.
type answerChecker struct{ http.RoundTripper }

func (c answerChecker) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err != nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp, err
	}
	var first [1]byte
	n, err := io.ReadFull(resp.Body, first[:])
	if n == 0 {
		if err == io.EOF {
			return resp, nil // nothing to add to success
		}
		resp.Body.Close()
		return nil, err
	}
	got, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if want := r.Header.Get("Content-Type"); err != nil || got != want {
		resp.Body.Close()
		return nil, &answerError{got: cmp.Or(got, resp.Header.Get("Content-Type"), "of no type"), want: want}
	}
	resp.Header.Set("Content-Type", got) // without parameters, which the exporters do not know
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(first[:n]), resp.Body), resp.Body}
	return resp, nil
}

// An answerError says that an answer of success is of another content type than
// OTLP has: who gave it has not taken anything.
type answerError struct{ got, want string }

func (e *answerError) Error() string {
	return fmt.Sprintf("the answer is %.100s, not %s: this is no OTLP back end", e.got, e.want)
}

func lookup(name string) string { return strings.TrimSpace(os.Getenv(name)) }
