package convert

// An event is one step of the trace in plain values: what the state machines
// work on, whatever decoder it came from. A source fills the same event again
// and again: fields that its kind does not have hold what they held before.
type event struct {
	time Time
	kind eventKind

	moved    bool // time is not that of the trace
	repaired bool // it contradicts what came before: see [Repaired]

	// The acting context, before the event; -1 where there is none.
	g GoID
	p ProcID
	m ThreadID

	// Whom it is about: the goroutine or proc of a transition or range, the
	// task of an annotation.
	id     int64
	from   status  // transitions
	to     status  // transitions
	stack  StackID // the acting goroutine's; all but evProc, evMetric, evLabel
	own    StackID // transitions of goroutines: the affected one's
	root   string  // transitions of goroutines that are new: the start function, if own does not tell
	parent uint64  // evTaskBegin: parent; evRangeEnd of a sweep: bytes reclaimed
	value  uint64  // evMetric: value; evRangeEnd of a sweep: bytes swept

	rng  rangeKind // ranges
	name string    // reason, type, category, label, metric
	text string    // evLog: message

	clock Clock // evSync: the generation's reading, then what dates it; zero if it has none
}

type eventKind uint8

const (
	evOther      eventKind = iota // of no interest
	evSync                        // a generation begins
	evEnd                         // the Sync that ends the trace
	evGoroutine                   // a goroutine's transition
	evProc                        // a proc's transition
	evRangeBegin                  // of rng, at scope id
	evRangeActive
	evRangeEnd
	evTaskBegin
	evTaskEnd
	evRegionBegin
	evRegionEnd
	evLog
	evMetric
	evSample
	evLabel
)

// A status is a state as transitions have it: with "not known" apart from
// "does not exist", and syscalls not yet told apart.
type status uint8

const (
	undetermined status = iota
	notExist
	runnable
	running
	waiting
	syscall
	idle
)

// state returns the state that corresponds to s.
func (s status) state() State {
	return [...]State{
		undetermined: StateNone,
		notExist:     StateNone,
		runnable:     StateRunnable,
		running:      StateRunning,
		waiting:      StateWaiting,
		syscall:      StateSyscall,
		idle:         StateIdle,
	}[s]
}

// A rangeKind is a kind of range; with the id of its scope it names a range.
type rangeKind uint8

const (
	rangeOther  rangeKind = iota
	rangeSTW              // scope: a goroutine
	rangeMark             // global
	rangeAssist           // a goroutine
	rangeSweep            // a proc
)
