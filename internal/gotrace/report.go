package gotrace

import "slices"

// A Report counts what was wrong with a trace and what was made of it. All
// events of the trace are counted in it or were returned: none gets lost
// without a word.
type Report struct {
	// Repaired counts the events before which a state had to be guessed. They
	// have the flag [Repaired].
	Repaired int64

	// Dropped counts the events that could not be told, since it cannot be
	// known which goroutine or proc they are about.
	Dropped int64

	// Unknown counts the events of types that this version does not know,
	// which Types lists. If one of them changes a state, others have to be
	// repaired.
	Unknown int64
	Types   []Type

	// Cut counts the generations that are not complete, and Salvaged their
	// events, which have the flag [Salvaged].
	Cut      int64
	Salvaged int64

	// Misdated counts the events, and CPU samples, whose times cannot be: after
	// the beginning of the next generation, or of the thread's next batch, or
	// too late for any clock. Events were given the time of the one before,
	// samples were left out.
	Misdated int64

	// Lost is how many bytes could not be read, of batches and between them,
	// but for those with which reading ends: see [Reader.Offset].
	Lost int64

	// Text is the beginning of what was found where a batch should be, or in
	// one, if it is text: the program printed to where its trace went.
	Text string

	// Tables counts the ids that came twice, and the batches of strings,
	// stacks, CPU samples and clock readings that ended in an error.
	Tables int64
}

// Clean reports whether nothing was wrong.
func (r *Report) Clean() bool {
	return r.Repaired|r.Dropped|r.Misdated|r.Unknown|r.Cut|r.Lost|r.Tables == 0
}

// Report returns what was wrong with the trace up to now.
func (r *Reader) Report() Report {
	report := r.order.report
	report.Types = slices.Clone(report.Types)
	s := &r.split
	report.Cut += s.cuts
	report.Lost += s.lost
	report.Text = s.text
	report.Tables += s.spoilt
	report.Misdated = s.misdated + s.gen.bound.misdated
	return report
}

// Newer reports whether the trace's format is newer than those that this
// package knows. It is read as the newest of them.
func (r *Reader) Newer() bool { return r.split.version > newest }
