package export

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A verdict is what an answer of the back end means for the batch.
type verdict uint8

const (
	taken    verdict = iota // apart from what was rejected
	refused                 // another may fare better
	tooLarge                // a smaller one may fare better
	outage                  // it may fare better later
	hopeless                // none will ever be taken
)

// judge returns what it means that UploadTraces returned err, and how long the
// back end asks to wait, if it does.
//
// Of what the clients of go.opentelemetry.io/otel/exporters/otlp/otlptrace
// v1.47 return, only gRPC's status has a type. HTTP's answers are told by their
// text, and so are partial successes, which come as errors too.
func judge(err error) (verdict, time.Duration) {
	if _, _, err = partialSuccess(err); err == nil {
		return taken, 0
	}
	if s, ok := status.FromError(err); ok {
		return judgeStatus(s)
	}
	var broken *url.Error
	var other *answerError
	switch text := err.Error(); {
	case strings.Contains(text, httpRetryable):
		return outage, 0
	case errors.As(err, &other):
		return hopeless, 0
	case errors.As(err, &broken):
		var untrusted *tls.CertificateVerificationError
		if errors.As(err, &untrusted) || errors.Is(err, http.ErrSchemeMismatch) {
			return hopeless, 0
		}
		return outage, 0
	case containsAny(text, "too large"):
		return tooLarge, 0
	}
	return judgeHTTP(httpStatus(err)), 0
}

// judgeStatus follows the OTLP specification, "OTLP/gRPC Response", "Failures".
func judgeStatus(s *status.Status) (verdict, time.Duration) {
	delay, told := retryDelay(s)
	switch s.Code() {
	case codes.Unavailable:
		if containsAny(s.Message(), "authentication handshake failed") {
			return hopeless, 0
		}
		return outage, delay
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.DataLoss:
		return outage, delay
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		return hopeless, 0
	case codes.ResourceExhausted:
		switch {
		case told:
			return outage, delay
		case containsAny(s.Message(), "larger than max", "too large"):
			return tooLarge, 0
		}
	}
	return refused, 0
}

// retryDelay returns how long the back end asks to wait.
func retryDelay(s *status.Status) (time.Duration, bool) {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.RetryDelay.AsDuration(), true
		}
	}
	return 0, false
}

func judgeHTTP(code int) verdict {
	switch code {
	case http.StatusRequestEntityTooLarge:
		return tooLarge
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed:
		return hopeless
	}
	return refused
}

// httpRetryable is in what otlptracehttp says of failures after which it tries
// again by itself, and in what it says when it has tried for long enough.
const httpRetryable = "retry-able request failure"

// httpTired reports whether otlptracehttp has tried for long enough.
func httpTired(err error) bool { return strings.Contains(err.Error(), "max retry time") }

var httpFailure = regexp.MustCompile(`(?m)^failed to send to \S+: (\d{3}) `)

// httpStatus returns the status code of an answer that otlptracehttp takes for
// a failure, or 0.
func httpStatus(err error) int {
	if m := httpFailure.FindStringSubmatch(err.Error()); m != nil {
		code, _ := strconv.Atoi(m[1])
		return code
	}
	return 0
}

func containsAny(text string, words ...string) bool {
	text = strings.ToLower(text)
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// partialSuccess takes the partial successes out of what UploadTraces returned:
// how many spans the back end rejected, and what it said. rest is what is left.
func partialSuccess(err error) (rejected int64, notice string, rest error) {
	if err == nil {
		return 0, "", nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var others []error
		for _, one := range joined.Unwrap() {
			n, said, other := partialSuccess(one)
			rejected += n
			if notice == "" {
				notice = said
			}
			others = append(others, other)
		}
		return rejected, notice, errors.Join(others...)
	}
	text, ok := strings.CutPrefix(err.Error(), "OTLP partial success: ")
	at := strings.LastIndex(text, " (")
	if !ok || at < 0 {
		return 0, "", err
	}
	if rejected, ok = rejectedCount(text[at:]); !ok {
		return 0, "", err
	}
	return rejected, text[:at], nil
}
