package gotrace

// A verdict says whether an event may come next: it may, it has to wait for an
// event of another thread, or it breaks a rule and never will.
type verdict uint8

const (
	accepted verdict = iota
	blocked

	wantsThread
	wantsProc
	wantsNoProc
	wantsGoroutine
	wantsNoGoroutine
	procUnknown
	procInvalid
	procStatusInvalid
	procStatusDiffers
	procNotRunning
	procNotInSyscall
	procOnOtherThread
	threadUnknown
	sequenceBroken
	goroutineUnknown
	goroutineExists
	goroutineIsNew
	goroutineStatusInvalid
	goroutineStatusDiffers
	goroutineNotRunning
	goroutineNotInSyscall
	goroutineOnOtherThread
	taskExists
	rangeUnderWay
	rangeNotUnderWay
	gcStateDiffers
	stringUnknown
	stackUnknown
	notAnEvent
	verdicts
)

// broken reports whether v is that a rule is broken.
func (v verdict) broken() bool { return v > blocked }

var ruleTexts = [verdicts]string{
	blocked:                "no thread's next event can come next",
	wantsThread:            "the event needs a thread",
	wantsProc:              "the thread has no proc",
	wantsNoProc:            "the thread has a proc",
	wantsGoroutine:         "the thread runs no goroutine",
	wantsNoGoroutine:       "the thread runs a goroutine",
	procUnknown:            "the proc is not known",
	procInvalid:            "the proc's id is out of range",
	procStatusInvalid:      "the proc's status is out of range",
	procStatusDiffers:      "the proc's status is another one",
	procNotRunning:         "the proc does not run",
	procNotInSyscall:       "the proc is in no syscall",
	procOnOtherThread:      "the thread has another proc",
	threadUnknown:          "the thread is not known",
	sequenceBroken:         "an event of the proc is missing",
	goroutineUnknown:       "the goroutine is not known",
	goroutineExists:        "the goroutine exists already",
	goroutineIsNew:         "the goroutine's creation is missing",
	goroutineStatusInvalid: "the goroutine's status is out of range",
	goroutineStatusDiffers: "the goroutine's status is another one",
	goroutineNotRunning:    "the goroutine does not run",
	goroutineNotInSyscall:  "the goroutine is in no syscall",
	goroutineOnOtherThread: "the thread has another goroutine",
	taskExists:             "the task has begun already",
	rangeUnderWay:          "the range is under way already",
	rangeNotUnderWay:       "the range is not under way",
	gcStateDiffers:         "the mark phase is in another state",
	stringUnknown:          "a string of it is not in the table",
	stackUnknown:           "a stack of it is not in the table",
	notAnEvent:             "it is no event",
}
