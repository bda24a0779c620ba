package convert

// A legacyScan follows the events of a v1 trace (before Go 1.22) as their bytes
// pass by, to see whether the trace was stopped: the runtime writes its
// frequency then, and nothing but strings and stacks behind it. An event is
//
//	type and 2 bits of count, count+1 varints
//	type and count 3, size, size bytes
//
// except that a string has an id, a size and its bytes, and a log message a
// string without id behind it.
type legacyScan struct {
	varints int    // still to come of the event; the last may be a size
	sized   bool   // it is
	message bool   // a size and bytes follow, of a log message
	value   uint64 // of the current varint
	shift   uint
	skip    uint64 // bytes still to come
	stopped bool
}

// Wire numbers of v1 events (Go 1.21's internal/trace/parser.go).
const (
	legacyFrequency = 2
	legacyString    = 37
	legacyUserLog   = 48
)

func (l *legacyScan) scan(p []byte) {
	for len(p) > 0 {
		if l.skip > 0 {
			n := min(l.skip, uint64(len(p)))
			l.skip -= n
			p = p[n:]
			continue
		}
		b := p[0]
		p = p[1:]
		if l.varints == 0 {
			l.begin(b)
			continue
		}
		if l.shift < 64 {
			l.value |= uint64(b&0x7f) << l.shift
			l.shift += 7
		}
		if b < 0x80 {
			l.endVarint()
		}
	}
}

// begin begins an event, or the size of a log message.
func (l *legacyScan) begin(b byte) {
	l.sized, l.message = false, false
	switch typ, count := b&0x3f, int(b>>6); {
	case typ == legacyString:
		l.varints, l.sized = 2, true
	case count == 3:
		l.varints, l.sized, l.message = 1, true, typ == legacyUserLog
	default:
		l.varints, l.message = count+1, typ == legacyUserLog
		l.stopped = l.stopped || typ == legacyFrequency
	}
}

func (l *legacyScan) endVarint() {
	l.varints--
	if l.varints == 0 {
		if l.sized {
			l.skip = l.value
		}
		if l.message {
			l.varints, l.sized, l.message = 1, true, false
		}
	}
	l.value, l.shift = 0, 0
}

// within reports whether the bytes end within an event.
func (l *legacyScan) within() bool { return l.varints > 0 || l.skip > 0 }
