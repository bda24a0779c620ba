package gotrace

// None is the absent goroutine, thread or proc.
const None = -1

// An Event is one step of a trace, in 64 bytes without a pointer. G, P and M
// are the acting goroutine, proc and thread just before it, or None. What else
// it has depends on its type:
//
//	EvSync                    ID: number of the generation, counted from 1
//	transitions of procs      ID: the proc; From, To
//	transitions of goroutines ID: the goroutine; From, To; Name: the reason;
//	                          EvGoCreate, EvGoCreateBlocked: B: the stack of the
//	                          new goroutine; EvGoStatusStack: Stack is that of
//	                          the goroutine that it is about
//	ranges                    ID: goroutine (EvSTW, EvGCMarkAssist) or proc
//	                          (EvGCSweep); Name: reason of EvSTW;
//	                          EvGCSweepEnd: B swept, C reclaimed bytes
//	EvUserTask                ID: task; B: parent or 0; Name: type
//	EvUserRegion              ID: task; Name: type
//	EvUserLog                 ID: task; Name: category; B: message, a string
//	EvGoLabel                 ID: goroutine; Name: label
//	EvProcsChange, EvHeap     B: the value
//	EvCPUSample               Stack
//	experimental events       ID, B, C: the arguments
//
// A coroutine switch gives three events, all with its time: EvGoSwitch or
// EvGoSwitchDestroy, which makes the other goroutine runnable, then EvGoBlock
// or EvGoDestroy, then EvGoStart.
type Event struct {
	Time int64 // ns, on the trace's clock
	G    int64
	M    int64
	ID   int64
	B, C uint64
	P    int32

	// Stack is the acting goroutine's: a number to be looked up by
	// [Reader.Frames], the same for equal stacks; 0 for none.
	Stack uint32

	// Name is a string, to be looked up by [Reader.String] before the next
	// call of [Reader.Next].
	Name uint32

	Type  Type
	From  Status
	To    Status
	Flags Flags
}

// A Status is the state of a goroutine or proc before or after a transition.
type Status uint8

const (
	Undetermined Status = iota // not known: a status is the first that is heard of it
	NotExist
	Runnable
	Running // of a proc also: its goroutine is in a syscall
	Waiting
	Syscall
	Idle // of a proc
)

// Flags say how far an event can be trusted.
type Flags uint8

const (
	// Repaired marks an event that contradicted what came before: the state of
	// its goroutine, proc or thread had to be guessed.
	Repaired Flags = 1 << iota

	// Salvaged marks the events of a generation that is not complete: others
	// of the same time are missing, and so are stacks and most names.
	Salvaged

	// Incomplete marks an event of which a string or stack is missing.
	Incomplete

	// Late marks a status that was written at the end of the generation at
	// whose beginning it holds; Time is that beginning.
	Late
)
