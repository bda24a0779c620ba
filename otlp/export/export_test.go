package export_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/otlpserver"
	"github.com/trace2otel/trace2otel/otlp"
	"github.com/trace2otel/trace2otel/otlp/export"
)

// quick is a patience that tests have.
var quick = export.Retry{First: time.Millisecond, For: 20 * time.Second}

// realTrace has spans of almost all kinds, and not too many of them to
// hold in memory several times over.
var realTrace = fixtures.File{Name: "gc-stress", Path: "../../testdata/go1.26.8-gc-stress.trace"}

// traceSpans returns a file of package otlp, of a real trace.
func traceSpans(t *testing.T, f otlp.Format) []byte {
	t.Helper()
	var file bytes.Buffer
	fixtures.Run(t, realTrace, otlp.New(&file, otlp.Options{Format: f, MinWait: time.Microsecond}))
	return file.Bytes()
}

// someSpans returns so many spans, each with a name of so many bytes.
func someSpans(t *testing.T, n, size int) []byte {
	t.Helper()
	ss := new(tracepb.ScopeSpans)
	for i := range n {
		ss.Spans = append(ss.Spans, &tracepb.Span{
			TraceId: []byte("0123456789abcdef"), SpanId: fmt.Appendf(nil, "%08d", i+1),
			Name: strings.Repeat("x", size), StartTimeUnixNano: 1, EndTimeUnixNano: 2,
		})
	}
	return encode(t, &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{ss}}}})
}

func encode(t *testing.T, data *tracepb.TracesData) []byte {
	t.Helper()
	b, err := proto.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t *testing.T, b []byte) []*tracepb.Span {
	t.Helper()
	data := new(tracepb.TracesData)
	if err := proto.Unmarshal(b, data); err != nil {
		t.Fatal(err)
	}
	var spans []*tracepb.Span
	for _, rs := range data.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			spans = append(spans, ss.Spans...)
		}
	}
	return spans
}

func equal(a, b []*tracepb.Span) bool {
	return slices.EqualFunc(a, b, func(a, b *tracepb.Span) bool { return proto.Equal(a, b) })
}

// start returns an exporter to target.
func start(t *testing.T, ctx context.Context, target export.Target, o export.Options) *export.Exporter {
	t.Helper()
	client, err := target.NewClient(o.Retry)
	if err != nil {
		t.Fatal(err)
	}
	e, err := export.New(ctx, client, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// deliver sends a file, which must succeed as such.
func deliver(t *testing.T, target export.Target, o export.Options, file []byte) export.Report {
	t.Helper()
	e := start(t, t.Context(), target, o)
	if _, err := e.Write(file); err != nil {
		t.Fatal(err)
	}
	report, err := e.Close()
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// both runs a test over both protocols, against a server of its own.
func both(t *testing.T, o func() otlpserver.Options, test func(t *testing.T, s *otlpserver.Server, target export.Target)) {
	t.Run("grpc", func(t *testing.T) {
		s := otlpserver.Start(t, o())
		test(t, s, export.Target{URL: s.GRPC, Protocol: export.GRPC})
	})
	t.Run("http", func(t *testing.T) {
		s := otlpserver.Start(t, o())
		test(t, s, export.Target{URL: s.HTTP, Protocol: export.HTTPProtobuf})
	})
}

func isGRPC(r otlpserver.Request) bool { return r.Protocol == "grpc" }

// counts compares the numbers of a report.
func counts(t *testing.T, r export.Report, sent, rejected, failed int64) {
	t.Helper()
	if r.Sent != sent || r.Rejected != rejected || r.Failed != failed {
		t.Errorf("%d sent, %d rejected, %d failed (%v); want %d, %d, %d", r.Sent, r.Rejected, r.Failed, r.Err, sent, rejected, failed)
	}
}

// Every span arrives, once and unchanged, in batches of the size asked for,
// however the stream is cut.
func TestEverythingArrives(t *testing.T) {
	const size = 100_000
	file := traceSpans(t, otlp.Binary)
	want := decode(t, file)
	both(t, func() otlpserver.Options { return otlpserver.Options{} }, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		e := start(t, t.Context(), target, export.Options{BatchSize: size})
		if _, err := io.CopyBuffer(struct{ io.Writer }{e}, struct{ io.Reader }{bytes.NewReader(file)}, make([]byte, 10007)); err != nil {
			t.Fatal(err)
		}
		report, err := e.Close()
		if err != nil {
			t.Fatal(err)
		}
		counts(t, report, int64(len(want)), 0, 0)
		if !equal(s.Spans(), want) {
			t.Error("what arrived is not what was sent")
		}
		inBatches(t, s, size)
	})
}

// Unless asked otherwise, batches are of the default size.
func TestDefaultBatchSize(t *testing.T) {
	both(t, func() otlpserver.Options { return otlpserver.Options{} }, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		counts(t, deliver(t, target, export.Options{Retry: quick}, someSpans(t, 50, 100_000)), 50, 0, 0)
		inBatches(t, s, export.DefaultBatchSize)
	})
}

// inBatches checks that the requests are several, none larger than a size, and
// that they came to the right place.
func inBatches(t *testing.T, s *otlpserver.Server, size int) {
	t.Helper()
	if n := len(s.Requests()); n < 2 {
		t.Errorf("%d requests: too few to tell", n)
	}
	for _, r := range s.Requests() {
		if r.Size > size {
			t.Errorf("a request of %d bytes", r.Size)
		}
		if want := "/v1/traces"; !isGRPC(r) && r.Path != want {
			t.Errorf("posted to %s, want %s", r.Path, want)
		}
	}
}

// A gRPC server takes 4 MiB by default: larger batches are halved, and those
// that follow are made smaller.
func TestTooLargeIsHalved(t *testing.T) {
	file := append(someSpans(t, 6000, 1000), someSpans(t, 6000, 1000)...)
	want := decode(t, file)
	both(t, func() otlpserver.Options { return otlpserver.Options{MaxBytes: 4 << 20} }, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		report := deliver(t, target, export.Options{BatchSize: 64 << 20, Retry: quick}, file)
		counts(t, report, int64(len(want)), 0, 0)
		if !equal(s.Spans(), want) {
			t.Error("what arrived is not what was sent")
		}
	})
}

// Jaeger's answer to what is too large for it is 400, over HTTP.
func TestTooLargeInWords(t *testing.T) {
	s := otlpserver.Start(t, otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
		if r.Size > 100_000 {
			return otlpserver.Answer{Status: 400, Message: "request body too large"}
		}
		return otlpserver.Answer{}
	}})
	file := append(someSpans(t, 1000, 1000), someSpans(t, 1000, 1000)...)
	report := deliver(t, export.Target{URL: s.HTTP}, export.Options{BatchSize: 1 << 20, Retry: quick}, file)
	counts(t, report, 2000, 0, 0)
	refused := 0
	for _, r := range s.Requests() {
		if r.Size > 100_000 {
			refused++
		}
	}
	if refused != 3 { // of a half of 1 MiB, and of its halves, but never again
		t.Errorf("%d of %d requests were too large", refused, len(s.Requests()))
	}
}

// A span that is too large by itself is lost; those around it are not.
func TestSpanTooLarge(t *testing.T) {
	file := slices.Concat(someSpans(t, 10, 10), someSpans(t, 1, 5<<20), someSpans(t, 10, 10))
	both(t, func() otlpserver.Options { return otlpserver.Options{MaxBytes: 4 << 20} }, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		report := deliver(t, target, export.Options{Retry: quick}, file)
		counts(t, report, 20, 0, 1)
		if report.Err == nil {
			t.Error("no reason")
		}
	})
}

// An outage passes: the batch is sent again, no sooner than the server says.
func TestOutagePasses(t *testing.T) {
	for _, test := range []struct {
		name     string
		grpc     otlpserver.Answer
		http     otlpserver.Answer
		min      time.Duration
		grpcOnly bool
	}{
		{
			name: "unavailable",
			grpc: otlpserver.Answer{Status: int(codes.Unavailable), Message: "later"},
			http: otlpserver.Answer{Status: 503, Message: "later"},
		},
		{
			name: "throttled",
			grpc: otlpserver.Answer{Status: int(codes.ResourceExhausted), RetryAfter: 100 * time.Millisecond},
			http: otlpserver.Answer{Status: 429, RetryAfter: time.Second},
			min:  100 * time.Millisecond,
		},
		{
			name: "bad gateway",
			grpc: otlpserver.Answer{Status: int(codes.Aborted)},
			http: otlpserver.Answer{Status: 502},
		},
		{
			name: "connection cut",
			grpc: otlpserver.Answer{Cut: true},
			http: otlpserver.Answer{Cut: true},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := func() otlpserver.Options {
				return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
					switch {
					case r.N > 0:
						return otlpserver.Answer{}
					case isGRPC(r):
						return test.grpc
					}
					return test.http
				}}
			}
			both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
				report := deliver(t, target, export.Options{Retry: quick}, someSpans(t, 10, 10))
				counts(t, report, 10, 0, 0)
				r := s.Requests()
				if len(r) != 2 || len(s.Spans()) != 10 {
					t.Fatalf("%d requests, %d spans", len(r), len(s.Spans()))
				}
				min := test.min
				if !isGRPC(r[0]) {
					min = test.http.RetryAfter
				}
				if waited := r[1].At.Sub(r[0].At); waited < min {
					t.Errorf("waited %v, asked for %v", waited, min)
				}
			})
		})
	}
}

// A server that answers too late is asked again.
func TestSlowServer(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
	o := func() otlpserver.Options {
		return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
			if r.N == 0 {
				<-r.Context.Done()
				return otlpserver.Answer{Cut: true}
			}
			return otlpserver.Answer{}
		}}
	}
	both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		report := deliver(t, target, export.Options{Retry: quick}, someSpans(t, 10, 10))
		counts(t, report, 10, 0, 0)
	})
}

// A back end that stays out of order is given up, and the rest kept for later.
func TestOutageLasts(t *testing.T) {
	o := func() otlpserver.Options {
		return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
			switch {
			case r.N == 0:
				return otlpserver.Answer{}
			case isGRPC(r):
				return otlpserver.Answer{Status: int(codes.Unavailable), Message: "maintenance"}
			}
			return otlpserver.Answer{Status: 503, Message: "maintenance"}
		}}
	}
	file := slices.Concat(someSpans(t, 10, 100), someSpans(t, 11, 100), someSpans(t, 12, 100))
	both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		var failed bytes.Buffer
		report := deliver(t, target, export.Options{
			BatchSize: 2000,
			Retry:     export.Retry{First: time.Millisecond, For: 50 * time.Millisecond},
			Failed:    export.FileWriter(&failed, otlp.Binary),
		}, file)
		counts(t, report, 10, 0, 23)
		if report.Err == nil || !strings.Contains(report.Err.Error(), "maintenance") {
			t.Errorf("the reason is %v", report.Err)
		}
		if !equal(decode(t, failed.Bytes()), decode(t, file)[10:]) {
			t.Error("what failed is not what was kept")
		}
		for _, r := range s.Requests()[1:] {
			if len(r.Spans) != 11 {
				t.Error("went on after giving up")
			}
		}
	})
}

// Nobody is there at all.
func TestNobodyListens(t *testing.T) {
	url := otlpserver.Refusing(t)
	for _, p := range []export.Protocol{export.GRPC, export.HTTPProtobuf, export.HTTPJSON} {
		tries := 0
		o := export.Options{
			Retry:    export.Retry{First: time.Millisecond, For: 20 * time.Millisecond},
			Retrying: func(error, time.Duration) { tries++ },
		}
		report := deliver(t, export.Target{URL: url, Protocol: p}, o, someSpans(t, 10, 10))
		counts(t, report, 0, 0, 10)
		if tries == 0 {
			t.Errorf("%s: tried once only", p)
		}
		tries, o.Retry = 0, export.Retry{For: -1}
		counts(t, deliver(t, export.Target{URL: url, Protocol: p}, o, someSpans(t, 10, 10)), 0, 0, 10)
		if tries > 0 {
			t.Errorf("%s: tried again", p)
		}
	}
}

// A refusal is the batch's alone, and final.
func TestRefusal(t *testing.T) {
	o := func() otlpserver.Options {
		return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
			switch {
			case r.N != 0:
				return otlpserver.Answer{}
			case isGRPC(r):
				return otlpserver.Answer{Status: int(codes.InvalidArgument), Message: "a bad span"}
			}
			return otlpserver.Answer{Status: 400, Message: "a bad span"}
		}}
	}
	file := append(someSpans(t, 10, 100), someSpans(t, 11, 100)...)
	both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		report := deliver(t, target, export.Options{BatchSize: 2000, Retry: quick}, file)
		counts(t, report, 11, 0, 10)
		if len(s.Requests()) != 2 {
			t.Errorf("%d requests", len(s.Requests()))
		}
	})
}

// Who may not send is not asked again.
func TestNotAllowed(t *testing.T) {
	o := func() otlpserver.Options {
		return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
			if isGRPC(r) {
				return otlpserver.Answer{Status: int(codes.Unauthenticated), Message: "who?"}
			}
			return otlpserver.Answer{Status: 401, Message: "who?"}
		}}
	}
	file := append(someSpans(t, 10, 100), someSpans(t, 11, 100)...)
	both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		report := deliver(t, target, export.Options{BatchSize: 2000, Retry: quick}, file)
		counts(t, report, 0, 0, 21)
		if len(s.Requests()) != 1 {
			t.Errorf("%d requests", len(s.Requests()))
		}
	})
}

// What the back end rejects is counted, and never sent again.
func TestPartialSuccess(t *testing.T) {
	const notice = "too old (3 spans rejected) (9 spans rejected)\nso there"
	o := func() otlpserver.Options {
		return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
			switch r.N {
			case 0:
				return otlpserver.Answer{Rejected: 4, Notice: notice}
			case 1:
				return otlpserver.Answer{Notice: "deprecated"}
			case 2:
				return otlpserver.Answer{Rejected: 1000}
			}
			return otlpserver.Answer{}
		}}
	}
	file := slices.Concat(someSpans(t, 10, 100), someSpans(t, 11, 100), someSpans(t, 12, 100), someSpans(t, 13, 100))
	both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		report := deliver(t, target, export.Options{BatchSize: 2000, Retry: quick, Failed: func([]*tracepb.ResourceSpans) error {
			t.Error("rejected spans are not known")
			return nil
		}}, file)
		counts(t, report, 6+11+0+13, 4+12, 0)
		if report.Notice != notice {
			t.Errorf("the notice is %q", report.Notice)
		}
		if len(s.Requests()) != 4 {
			t.Errorf("%d requests", len(s.Requests()))
		}
	})
}

// The end of the context ends the delivery, in the middle of a request or of
// waiting for the next.
func TestInterrupted(t *testing.T) {
	stop := errors.New("stop it")
	for _, waiting := range []bool{false, true} {
		t.Run(fmt.Sprint(waiting), func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			o := func() otlpserver.Options {
				ctx, cancel = context.WithCancelCause(context.Background())
				return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
					cancel(stop)
					if !waiting {
						<-r.Context.Done()
						return otlpserver.Answer{Cut: true}
					}
					if isGRPC(r) {
						return otlpserver.Answer{Status: int(codes.Unavailable), RetryAfter: time.Hour}
					}
					return otlpserver.Answer{Status: 503}
				}}
			}
			both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
				file := slices.Concat(someSpans(t, 10, 100), someSpans(t, 11, 100), someSpans(t, 12, 100))
				var failed bytes.Buffer
				e := start(t, ctx, target, export.Options{
					BatchSize: 2000, Retry: export.Retry{First: time.Hour, For: 10 * time.Hour},
					Failed: export.FileWriter(&failed, otlp.Binary),
				})
				if _, err := e.Write(file); !errors.Is(err, stop) {
					t.Errorf("Write: %v", err)
				}
				if _, err := e.Write(someSpans(t, 1, 1)); !errors.Is(err, stop) {
					t.Errorf("Write again: %v", err)
				}
				report, err := e.Close()
				if !errors.Is(err, stop) {
					t.Errorf("Close: %v", err)
				}
				counts(t, report, 0, 0, 33)
				if !equal(decode(t, failed.Bytes()), decode(t, file)) {
					t.Error("what failed is not what was kept")
				}
			})
		})
	}
}

// Over HTTP, the client tries again by itself. That it does is told.
func TestBusyIsTold(t *testing.T) {
	for _, status := range []int{429, 503} {
		s := otlpserver.Start(t, otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
			if r.N < 2 {
				return otlpserver.Answer{Status: status, RetryAfter: time.Second}
			}
			return otlpserver.Answer{}
		}})
		var told []string
		o := export.Options{Retry: quick, Retrying: func(err error, _ time.Duration) { told = append(told, err.Error()) }}
		counts(t, deliver(t, export.Target{URL: s.HTTP}, o, someSpans(t, 10, 10)), 10, 0, 0)
		if len(told) != 1 || !strings.Contains(told[0], "429, 502, 503 or 504") {
			t.Errorf("%d: told is %q", status, told)
		}
	}
}

// An answer after which the client tries again at once is no answer that did not
// come, nor is one that sends it elsewhere an outage.
func TestWhatIsTold(t *testing.T) {
	taking := otlpserver.Start(t, otlpserver.Options{})
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, taking.HTTP+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer moved.Close()
	busy := otlpserver.Start(t, otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
		if r.N == 0 {
			return otlpserver.Answer{Status: 503}
		}
		return otlpserver.Answer{}
	}})
	for url, want := range map[string]string{busy.HTTP: "503", moved.URL: ""} {
		told := ""
		o := export.Options{
			Retry:    export.Retry{For: 2 * time.Second, First: 100 * time.Millisecond},
			Retrying: func(err error, _ time.Duration) { told += err.Error() },
		}
		counts(t, deliver(t, export.Target{URL: url}, o, someSpans(t, 10, 10)), 10, 0, 0)
		if !strings.Contains(told, want) || want == "" && told != "" {
			t.Errorf("told is %q, want %q", told, want)
		}
	}
}

// A server that does not answer in time is asked again, and that is told, too.
func TestTimeoutIsTold(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
	both(t, func() otlpserver.Options {
		return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
			if r.N == 0 {
				<-r.Context.Done()
				return otlpserver.Answer{Cut: true}
			}
			return otlpserver.Answer{}
		}}
	}, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		told := 0
		o := export.Options{Retry: quick, Retrying: func(error, time.Duration) { told++ }}
		counts(t, deliver(t, target, o, someSpans(t, 10, 10)), 10, 0, 0)
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}

// With little time for it, the second try comes in time.
func TestShortPatience(t *testing.T) {
	o := func() otlpserver.Options {
		return otlpserver.Options{Answer: func(r otlpserver.Request) otlpserver.Answer {
			switch {
			case r.N > 0:
				return otlpserver.Answer{}
			case isGRPC(r):
				return otlpserver.Answer{Status: int(codes.Unavailable)}
			}
			return otlpserver.Answer{Status: 503}
		}}
	}
	both(t, o, func(t *testing.T, s *otlpserver.Server, target export.Target) {
		counts(t, deliver(t, target, export.Options{Retry: export.Retry{For: time.Second}}, someSpans(t, 10, 10)), 10, 0, 0)
	})
}

// What is no OTLP does not keep what is from being delivered.
func TestPartlyBadInput(t *testing.T) {
	const line = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}`
	for _, test := range []struct {
		name, file, want string
		sent             int64
	}{
		{"a bad line", line + "\n{\n" + line + "\n" + line, "line 2: ", 3},
		{"a line that is cut off", line + "\n" + line[:30], "line 2: ", 1},
		{"a message that is cut off", string(someSpans(t, 10, 10)) + string(someSpans(t, 10, 10)[:100]), "the last message is cut off", 10},
		{"no message", string(someSpans(t, 10, 10)) + "\x0a\x03abc", "proto:", 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := otlpserver.Start(t, otlpserver.Options{})
			e := start(t, t.Context(), export.Target{URL: s.HTTP}, export.Options{})
			err := e.Send(strings.NewReader(test.file))
			report, closeErr := e.Close()
			if err == nil {
				err = closeErr
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			counts(t, report, test.sent, 0, 0)
		})
	}
}

func TestBadInput(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"no protobuf", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "not OTLP"},
		{"no OTLP", "\x0a\x03abc", "otlp/export: proto:"},
		{"cut off", string(someSpans(t, 10, 10)[:100]), "the last message is cut off"},
		{"no JSON", "{\n", "line 1: "},
		{"odd id", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abc"}]}]}]}` + "\n", "line 1: an id is not of 16 or 8 bytes in hex"},
		{"logs", "{}\n{ \"resourceLogs\": [] }\n{\n{\n", "line 2: it holds no spans, but resourceLogs (and 2 more lines are bad)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := otlpserver.Start(t, otlpserver.Options{})
			e := start(t, t.Context(), export.Target{URL: s.HTTP}, export.Options{})
			err := e.Send(strings.NewReader(test.file))
			if _, closeErr := e.Close(); err == nil {
				err = closeErr
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if len(s.Requests()) > 0 {
				t.Error("something was sent")
			}
		})
	}
}
