package main

import (
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"google.golang.org/grpc/codes"

	"github.com/trace2otel/trace2otel/internal/otlpserver"
)

// A backend is what a script has started.
type backend struct{ *otlpserver.Server }

// moods has what the back ends of scripts answer.
var moods = map[string]func(r otlpserver.Request) otlpserver.Answer{
	"takes-all":   nil,
	"rejects-two": func(otlpserver.Request) otlpserver.Answer { return otlpserver.Answer{Rejected: 2, Notice: "too old"} },
	"rejects-all": func(r otlpserver.Request) otlpserver.Answer {
		return otlpserver.Answer{Rejected: int64(len(r.Spans)), Notice: "too old"}
	},
	"is-down":       down,
	"goes-down":     func(r otlpserver.Request) otlpserver.Answer { return after(r.N > 0, r) },
	"comes-up":      func(r otlpserver.Request) otlpserver.Answer { return after(r.N == 0, r) },
	"knows-you-not": func(otlpserver.Request) otlpserver.Answer { return otlpserver.Answer{Status: 401, Message: "who?"} },
	"is-a-portal": func(otlpserver.Request) otlpserver.Answer {
		return otlpserver.Answer{Page: []byte("<html>log in"), PageType: "text/html"}
	},
	"throttles-a-while": func(r otlpserver.Request) otlpserver.Answer { return throttle(r) },
}

func down(r otlpserver.Request) otlpserver.Answer {
	if r.Protocol == "grpc" {
		return otlpserver.Answer{Status: int(codes.Unavailable), Message: "maintenance"}
	}
	return otlpserver.Answer{Status: 503, Message: "maintenance"}
}

func after(isDown bool, r otlpserver.Request) otlpserver.Answer {
	if isDown {
		return down(r)
	}
	return otlpserver.Answer{}
}

func throttle(r otlpserver.Request) otlpserver.Answer {
	if r.N == 0 {
		return otlpserver.Answer{Status: 429, RetryAfter: time.Second}
	}
	return otlpserver.Answer{}
}

// backend MOOD starts a back end, in place of the one before, at $GRPC and
// $HTTP.
func startBackend(t *testing.T, ts *testscript.TestScript, args []string) {
	mood, ok := moods[args[0]]
	if !ok {
		ts.Fatalf("no mood %s", args[0])
	}
	s := otlpserver.Start(t, otlpserver.Options{Answer: mood})
	ts.Value("backend").(*backend).Server = s
	ts.Setenv("GRPC", s.GRPC)
	ts.Setenv("HTTP", s.HTTP)
}

// arrived FILE [PROTOCOL] says that the back end took as many spans as a file
// of OTLP JSON has, or nothing, and all by one protocol.
func arrived(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value("backend").(*backend)
	want := 0
	if args[0] != "nothing" {
		want = strings.Count(ts.ReadFile(args[0]), `"startTimeUnixNano":`)
	}
	if n := len(s.Spans()); (n == want) == neg {
		ts.Fatalf("%d spans arrived, there are %d", n, want)
	}
	for _, r := range s.Requests() {
		if len(args) > 1 && r.Protocol != args[1] {
			ts.Fatalf("they came by %s", r.Protocol)
		}
	}
}
