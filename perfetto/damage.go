package perfetto

import "github.com/trace2otel/trace2otel/convert"

// showDamage marks on a track of its own where the trace is not what the
// program did: from where a generation that is cut lacks some of its events,
// and where what could be read ends. The metadata has the same in words.
func (s *Sink) showDamage(sum *convert.Summary) {
	track := lanes{name: "Damage", parent: s.runtime.process.track}
	show := func(t convert.Time, name, message string) {
		ln := s.take(&track, t)
		s.w.event(t, &event{
			typ: typeInstant, track: ln.track, category: catDamage, name: name, rare: true, message: message, hasMessage: true,
		})
		ln.release(t)
	}
	if r := &sum.Repairs; r.Cut > 0 && r.CutAt <= sum.End {
		show(max(r.CutAt, sum.Start), "incomplete from here on", r.String())
	}
	switch {
	case sum.Last > sum.End:
		// It is not the window that ends there.
	case sum.Loss != nil && sum.Loss.Err != nil:
		show(sum.End, "the rest is lost", sum.Loss.Err.Error())
	case sum.Unstopped:
		show(sum.End, "the end may be missing", convert.UnstoppedNote)
	}
}
