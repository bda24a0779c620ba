package perfetto

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trace2otel/trace2otel/convert"
)

func TestTaskLog(t *testing.T) {
	long := strings.Repeat("日本", 30)
	for _, tt := range []struct{ category, message, wantPrefix, want string }{
		{"order", "42", "order", "42"},
		{"", "42", "", "42"},
		{"order", "", "", "order"},
		{"", "", "", "log"},
		{"c", long, "c", long[:99] + "…"},
		{"c", strings.Repeat("\x80", 200), "c", strings.Repeat("\x80", 96) + "…"},
	} {
		prefix, got := taskLog(&convert.Record{Name: tt.category, Text: tt.message})
		if prefix != tt.wantPrefix || got != tt.want || tt.message == long && !utf8.ValidString(got) {
			t.Errorf("%q, %.20q: %q, %q, want %q, %q", tt.category, tt.message, prefix, got, tt.wantPrefix, tt.want)
		}
	}
}
