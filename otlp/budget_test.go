package otlp

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// TestPromise makes the largest span that there can be: trimmed, and stripped,
// it is no larger than what can be promised.
func TestPromise(t *testing.T) {
	long := strings.Repeat("n", 3000)
	var s Sink
	s.own, s.inclusive = ownTimes(), inclusiveTimes()
	s.stacks.enc = &protoEncoder{}
	s.stacks.define(&convert.Stack{ID: 1, Frames: []convert.Frame{{Func: long[:maxName], File: long[:maxName], Line: math.MaxInt64}}})
	s.span.begin(ref{}, spanID{}, long)
	s.span.text(attrKind, kindGoroutine)
	for _, key := range []string{attrTask, attrParent, attrGoroutine, attrCreator, attrEnder, attrProc} {
		s.span.int(key, math.MaxInt64)
	}
	o := origin{source: sourceOtel, otel: long[:32] + "-" + long[:16], datadog: "18446744073709551615"}
	o.attrs(&s.span)
	most := time.Duration(math.MaxInt64 / 100)
	totals := account.Totals{Running: most, Assist: most, Runnable: most, Stopped: most, Syscall: most, SyscallBlocked: most}
	for i := range 50 {
		totals.Waits = append(totals.Waits, account.Wait{Reason: fmt.Sprint(i, long), Time: most})
	}
	s.times(&s.own, &totals)
	s.times(&s.inclusive, &totals)
	c := counts{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64}
	c.attrs(&s.span)
	s.stacks.stack(&s.span, 1)
	s.span.flags(convert.OpenStart | convert.OpenEnd | convert.Exited)
	for range 50 {
		s.span.link(ref{span: spanID{1}}, linkTask)
	}
	s.span.events = []event{{message: long}}
	var f folded
	all := folded{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64}
	s.span.trim(&f)
	if f != (folded{logs: 1, links: 50 - maxLinks}) {
		t.Errorf("trimming folded %v", f)
	}
	s.span.folded(&all)
	if n := s.span.size(); n > wholePromise || n < wholePromise/2 {
		t.Errorf("a trimmed span has up to %d bytes, promised are %d", n, wholePromise)
	}
	s.span.strip(&f)
	if f != (folded{logs: 1, links: 50 - 1}) {
		t.Errorf("stripping folded %v", f)
	}
	s.span.folded(&all)
	if n := s.span.size(); n > barePromise || n < barePromise/2 {
		t.Errorf("a stripped span has up to %d bytes, promised are %d", n, barePromise)
	}
}

// TestShares holds the shares of parts against what docs/otlp-schema.md says,
// and against any bounds.
func TestShares(t *testing.T) {
	for part, want := range []string{1: "5 999", 2: "20 249", 3: "100 49", 4: "250 19", 5: "250 19"} {
		if part == 0 {
			continue
		}
		size, each := limits{5000, 4_000_000}.share(part)
		if got := fmt.Sprint(size, each.spans); got != want {
			t.Errorf("part %d has %s goroutines and spans for each, want %s", part, got, want)
		}
	}
	for _, l := range []limits{{2, 3 * wholePromise}, {50, 5 * wholePromise}, {5000, 100_000}, {1000, 4_000_000}} {
		for part := 1; part < 6; part++ {
			size, each := l.share(part)
			if size < 1 || each.spans < 1 || each.bytes < wholePromise || 1+size*each.spans > l.spans || wholePromise+size*each.bytes > l.bytes {
				t.Errorf("%v: part %d has %d times %v", l, part, size, each)
			}
		}
	}
}

// TestBounds says how the two bounds go together.
func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want limits
	}{
		{Options{}, limits{5000, 4_000_000}},
		{Options{MaxSpans: 100}, limits{100, 4_000_000}},
		{Options{MaxSpans: 50_000}, limits{50_000, 40_000_000}},
		{Options{MaxSpans: 50_000, MaxBytes: 1000}, limits{50_000, 1000}},
		{Options{MaxSpans: math.MaxInt}, limits{math.MaxInt / 800, math.MaxInt / 800 * 800}},
	} {
		if got := tt.o.bounds(); got != tt.want {
			t.Errorf("%d spans and %d bytes are %v, want %v", tt.o.MaxSpans, tt.o.MaxBytes, got, tt.want)
		}
	}
}
