package convert

import (
	"fmt"
	"strings"
	"time"
)

// A Decoder names one of the decoders that can read a trace.
type Decoder uint8

const (
	// DecoderAuto is what is best for the trace.
	DecoderAuto Decoder = iota

	// DecoderX is golang.org/x/exp/trace. It reads all formats, and refuses
	// what is damaged.
	DecoderX

	// DecoderOwn is this module's own, for traces of Go 1.22 and later; older
	// ones are still read by DecoderX. It reads damaged traces as far as that
	// can be, and several times faster.
	DecoderOwn
)

// autoDecoder is what DecoderAuto stands for. The linker can set it, so that
// all tests can be run with either:
//
//	go test -ldflags '-X github.com/trace2otel/trace2otel/convert.autoDecoder=own' ./...
var autoDecoder = "own"

// own reports whether d is, or stands for, DecoderOwn.
func (d Decoder) own() bool {
	return d == DecoderOwn || d == DecoderAuto && autoDecoder == "own"
}

var decoderNames = [...]string{DecoderAuto: "auto", DecoderX: "x", DecoderOwn: "own"}

// String returns the name of d, as Set takes it.
func (d Decoder) String() string { return decoderNames[d] }

// Set sets d to the decoder of a name: auto, x or own. With String and Type,
// it makes d a flag of package flag, and of spf13/pflag.
func (d *Decoder) Set(name string) error {
	for i, n := range decoderNames {
		if n == name {
			*d = Decoder(i)
			return nil
		}
	}
	return fmt.Errorf("is none of %s", strings.Join(decoderNames[:], ", "))
}

// Type returns what a flag's value is called.
func (d *Decoder) Type() string { return "decoder" }

// Repairs count what was wrong with a trace and could be told all the same, or
// had to be left out. Only [DecoderOwn] repairs anything.
type Repairs struct {
	// Repaired counts the events before which the state of a goroutine, proc
	// or thread had to be guessed. What they end has the flag [Repaired].
	Repaired int64

	// Dropped counts the events that could not be told, since it cannot be
	// known which goroutine or proc they are about.
	Dropped int64

	// Unknown counts the events of types that no release up to now has.
	Unknown int64

	// Misdated counts the events, and CPU samples, whose times cannot be: after
	// the end of their generation, after what their thread did next, or past
	// what any clock shows. Events have the time of the one before, instead;
	// samples are left out.
	Misdated int64

	// Tables counts the entries of tables of strings, stacks and clock readings
	// that could not be read, or that came twice.
	Tables int64

	// Salvaged counts the events of Cut generations that are not complete:
	// others of the same time are missing, and so are stacks and most names.
	Salvaged, Cut int64

	// CutAt is when the first of these begins, CutAfter how long after the first
	// event of the trace that is.
	CutAt    Time
	CutAfter time.Duration

	// Lost is how many bytes within the trace could not be read.
	Lost int64

	// Text is the beginning of text found in the trace where data should be, or
	// "": the program seems to have printed to where its trace went.
	Text string

	// Newer is set if the trace's format is newer than this program: it was
	// read as the newest that it knows.
	Newer bool
}

// Any reports whether the trace was damaged, or may not have been understood.
func (r *Repairs) Any() bool {
	return r.Repaired|r.Dropped|r.Unknown|r.Misdated|r.Tables|r.Salvaged|r.Cut|r.Lost != 0 || r.Newer
}

// String says in words what was wrong, "" if nothing was.
func (r Repairs) String() string {
	var parts []string
	say := func(n int64, noun, what string) {
		if n > 1 {
			noun += "s"
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s %s", n, noun, what))
		}
	}
	if r.Newer {
		parts = append(parts, fmt.Sprintf("read as go 1.%d, though its format is newer", newestMinor))
	}
	say(r.Repaired, "event", "repaired")
	say(r.Dropped, "event", "dropped")
	say(r.Unknown, "event", "of unknown type left out")
	say(r.Misdated, "event", "at a time that cannot be")
	say(r.Tables, "part", "of tables unreadable")
	say(r.Lost, "byte", "within the trace unreadable")
	if r.Lost > 0 && r.Text != "" {
		parts = append(parts, "text in the trace: "+excerpt(r.Text))
	}
	say(r.Salvaged, "event", fmt.Sprintf("salvaged of a generation that is cut: from t=%v on, other events, most names and all stacks are missing",
		r.CutAfter.Round(time.Microsecond)))
	return strings.Join(parts, ", ")
}

// Hint returns what the user might do about it, or nothing.
func (r Repairs) Hint() string {
	if r.Lost > 0 && r.Text != "" {
		return textHint
	}
	return ""
}
