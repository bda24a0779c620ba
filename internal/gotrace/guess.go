package gotrace

// The runtime registers these strings before any other in each generation, so
// that their ids are the same in all of them (runtime/trace.go:
// traceRegisterLabelsAndReasons). When a generation has lost its strings, they
// tell the reasons of what happened in it.
var firstStrings = [...]string{
	1: "Not worker", "GC (dedicated)", "GC (fractional)", "GC (idle)",
	"unspecified", "forever", "network", "select", "sync.(*Cond).Wait", "sync",
	"chan send", "chan receive", "GC mark assist wait for work",
	"GC background sweeper wait", "system goroutine wait", "preempted",
	"wait for debug call", "wait until GC ends", "sleep",
}

// Those that follow depend on the version.
var (
	strings122 = [...]string{"runtime.Gosched"}
	strings125 = [...]string{"GC weak to strong wait", "synctest", "runtime.Gosched"}
)

// knownStrings is how many strings of a generation are remembered for the
// next.
const knownStrings = 23

// rememberStrings keeps the first strings of a complete generation.
func (o *ordering) rememberStrings() {
	if o.gen.cut {
		return
	}
	for id := uint64(1); id < knownStrings; id++ {
		slot, ok := o.gen.strings.slot(id)
		if !ok {
			return
		}
		if s := o.gen.bytes(slot); string(s) != o.remembered[id] {
			o.remembered[id] = string(s)
		}
	}
}

// guessName returns a slot for a string that is not in the table.
func (o *ordering) guessName(id uint64) uint32 {
	s := ""
	switch {
	case id < knownStrings && o.remembered[id] != "":
		s = o.remembered[id]
	case id < uint64(len(firstStrings)):
		s = firstStrings[id]
	case o.version < 23 && id-uint64(len(firstStrings)) < uint64(len(strings122)):
		s = strings122[id-uint64(len(firstStrings))]
	case o.version >= go125 && id-uint64(len(firstStrings)) < uint64(len(strings125)):
		s = strings125[id-uint64(len(firstStrings))]
	}
	if s == "" {
		o.flags |= Incomplete
		return 0
	}
	slot, ok := o.guessed[id]
	if !ok {
		slot = o.addText(s)
		o.guessed[id] = slot
	}
	return slot
}
