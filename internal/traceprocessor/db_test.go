package traceprocessor

import (
	"testing"

	"github.com/trace2otel/trace2otel/internal/wire"
)

// packet returns a Perfetto file of one packet with one varint field beside
// its sequence id.
func packet(field int, v uint64) []byte {
	b, mark := wire.Open(nil, 1)
	b = wire.Uint(b, 10, 1)
	b = wire.Uint(b, field, v)
	return wire.Close(b, mark)
}

// TestCells reads every type of cell, and two files one after another.
func TestCells(t *testing.T) {
	for range 2 {
		t.Run("", func(t *testing.T) {
			db := OpenBytes(t, packet(13, 1))
			got := db.Table("select 1, -9007199254740993, 2.5, null, 'ä', '', x'00ff' union all select 2, 0, 0, 0, 0, 0, 0")
			want := "1\t-9007199254740993\t2.5\t[NULL]\tä\t\t00ff\n2\t0\t0\t0\t0\t0\t0\n"
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			db.CheckImport()
		})
	}
}

// TestImportErrorsAreSeen loads a packet that needs the state of a sequence
// that has none.
func TestImportErrorsAreSeen(t *testing.T) {
	db := OpenBytes(t, append(packet(13, 2), packet(13, 2)...))
	if got := db.Table(importErrors); got == "" {
		t.Errorf("no import error; stats:\n%s", db.Table("select name, severity, value from stats where value > 0"))
	}
}
