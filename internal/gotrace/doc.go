// Package gotrace decodes Go execution traces of format v2 (Go 1.22 and later).
//
// A v2 trace is a run of generations of about a second each. In each, every
// thread has its own stream of events, cut into batches; strings, stacks, CPU
// samples and the clock have batches of their own. Events of different threads
// are put in order by emulating the scheduler: an event whose goroutine or proc
// is not yet in the state that the event presupposes has to wait for another
// thread's. Between those that can go on, the earliest does. The flow:
//
//	split.go    bytes → batches of one generation, kept where they were read
//	tables.go   string and stack ids → where in those bytes they are defined
//	prelude.go  what was there before the first event, and names of goroutines
//	cursor.go   the events of one thread, numbers.go what they are made of
//	merge.go    the cursors of all threads, in a heap by time
//	advance.go  may this event come next? if so, what does it change?
//	intern.go   stacks → numbers that are equal if the stacks are
//
// Nothing is looked up in a map for an ordinary event, and nothing allocated.
//
// The order of events, and which traces are accepted, are those of
// golang.org/x/exp/trace, whose Reader is the oracle of the tests; docs of the
// format are its internal/tracev2 package.
package gotrace
