package export

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"google.golang.org/grpc/credentials/insecure"
)

// A Protocol is a way to send OTLP, by the name that
// OTEL_EXPORTER_OTLP_PROTOCOL has for it.
type Protocol string

const (
	GRPC         Protocol = "grpc"
	HTTPProtobuf Protocol = "http/protobuf"
	HTTPJSON     Protocol = "http/json"
)

// A Target is where to send spans. What it leaves empty is as the environment
// has it (OTEL_EXPORTER_OTLP_*, opentelemetry.io/docs/specs/otel/protocol/exporter),
// and so are headers, certificates, compression and the time that one request
// may take.
type Target struct {
	// URL is the back end's, with the scheme http or https. Over HTTP, spans go
	// to its path followed by /v1/traces, unless it ends in that already.
	URL string

	// Protocol, if neither it nor the environment says it, is gRPC for the port
	// 4317, and HTTP with protobuf for others.
	Protocol Protocol
}

// A Client sends requests: see [Target.NewClient].
type Client = otlptrace.Client

// A signal is what OTLP sends: it has variables of its own, and a path.
type signal struct{ name, path string }

var (
	traceSignal  = signal{"TRACES", "/v1/traces"} // opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Request"
	metricSignal = signal{"METRICS", "/v1/metrics"}
)

// env returns the value of an environment variable of OTLP exporters, its
// version for the signal before the general one, and which of them has it.
func (s signal) env(name string) (value, variable string) {
	for _, prefix := range s.prefixes() {
		if value := lookup(prefix + name); value != "" {
			return value, prefix + name
		}
	}
	return "", ""
}

// prefixes returns those of environment variables: for the signal alone, which
// count first, and for all.
func (s signal) prefixes() [2]string {
	return [2]string{"OTEL_EXPORTER_OTLP_" + s.name + "_", "OTEL_EXPORTER_OTLP_"}
}

// Resolve returns t with nothing left empty, as it is for spans.
func (t Target) Resolve() (Target, error) { return t.resolve(traceSignal) }

// ResolveMetrics is Resolve for metrics, whose exporters have no http/json.
func (t Target) ResolveMetrics() (Target, error) {
	t, err := t.resolve(metricSignal)
	if err == nil && t.Protocol == HTTPJSON {
		err = fmt.Errorf("metrics are not sent by %s, which their exporter does not have: %s and %s are", HTTPJSON, GRPC, HTTPProtobuf)
	}
	return t, err
}

func (t Target) resolve(s signal) (Target, error) {
	variable := ""
	if t.URL == "" {
		if t.URL, variable = s.env("ENDPOINT"); t.URL == "" {
			return t, fmt.Errorf("the environment has no OTEL_EXPORTER_OTLP_ENDPOINT, nor one for %s, OTEL_EXPORTER_OTLP_%s_ENDPOINT",
				strings.ToLower(s.name), s.name)
		}
	}
	if value, variable := s.env("COMPRESSION"); value != "" && value != "gzip" && value != "none" {
		return t, fmt.Errorf("%s is gzip or none, not %q", variable, value)
	}
	source := ""
	if t.Protocol == "" {
		var value string
		value, source = s.env("PROTOCOL")
		t.Protocol = Protocol(value)
	}
	switch t.Protocol {
	case GRPC, HTTPProtobuf, HTTPJSON:
	case "":
		t.Protocol = HTTPProtobuf
		if port(t.URL) == "4317" {
			t.Protocol = GRPC
		}
	default:
		return t, fmt.Errorf("%s is %s, %s or %s, not %q", cmp.Or(source, "the protocol"), GRPC, HTTPProtobuf, HTTPJSON, t.Protocol)
	}
	if variable != "" && t.Protocol != GRPC {
		// gRPC has targets of other kinds, too.
		if u, err := url.Parse(t.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return t, fmt.Errorf("%s is to be like http://localhost:4318 or https://example.com", variable)
		}
	}
	return t, nil
}

// plain reports whether the target is to be reached without TLS, whatever
// certificates the environment has for others.
func (t Target) plain() bool {
	u, err := url.Parse(t.URL)
	return err == nil && u.Scheme == "http"
}

// port returns the port of an endpoint, which in the environment may have no
// scheme.
func port(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		if u, err = url.Parse("//" + endpoint); err != nil {
			return ""
		}
	}
	return u.Port()
}

// NewClient returns a client for the target that tries again as r says, as far
// as that is for the client to do; pass the same to [New].
func (t Target) NewClient(r Retry) (Client, error) {
	given := t.URL != ""
	t, err := t.Resolve()
	if err != nil {
		return nil, err
	}
	var u *url.URL
	if given {
		if u, err = t.parse(traceSignal); err != nil {
			return nil, err
		}
	}
	if t.Protocol == GRPC {
		// Its timeout would end its retries, too: Exporter does them.
		o := []otlptracegrpc.Option{otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{})}
		if t.plain() {
			o = append(o, otlptracegrpc.WithTLSCredentials(insecure.NewCredentials()))
		}
		if given {
			o = append(o, otlptracegrpc.WithEndpointURL(u.String()))
		}
		return otlptracegrpc.NewClient(o...), nil
	}
	// It does not say when the back end asks for a delay: its retries are its own.
	encoding := otlptracehttp.EncodingProtobuf
	if t.Protocol == HTTPJSON {
		encoding = otlptracehttp.EncodingJSON
	}
	o := []otlptracehttp.Option{
		otlptracehttp.WithEncoding(encoding),
		otlptracehttp.WithHTTPClient(t.httpClient(traceSignal)),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled:         r.limit() > 0,
			InitialInterval: r.first(),
			MaxInterval:     maxRetryInterval,
			MaxElapsedTime:  r.limit(),
		}),
	}
	if t.plain() {
		o = append(o, otlptracehttp.WithTLSClientConfig(nil))
	}
	if given {
		o = append(o, otlptracehttp.WithEndpointURL(u.String()))
	}
	return otlptracehttp.NewClient(o...), nil
}

// parse returns the URL to send to. t has been resolved.
func (t Target) parse(s signal) (*url.URL, error) {
	u, err := url.Parse(t.URL)
	switch {
	case err != nil:
		return nil, errors.New("the endpoint is no URL") // without it, which may hold a password
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New("the endpoint is to be like http://localhost:4317 or https://example.com")
	case u.User != nil:
		return nil, errors.New("the endpoint has a user: credentials go into OTEL_EXPORTER_OTLP_HEADERS")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the endpoint has more than a path: a query or a fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	switch {
	case t.Protocol == GRPC && u.Path != "":
		return nil, fmt.Errorf("the endpoint %q has a path, which gRPC has no use for", t.URL)
	case t.Protocol != GRPC && !strings.HasSuffix(u.Path, s.path):
		u.Path = strings.TrimSuffix(u.Path, traceSignal.path) + s.path
	}
	return u, nil
}
