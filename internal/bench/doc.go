// Command bench measures what conversion costs, in units of what reading the
// same trace with golang.org/x/exp/trace costs on the same machine at the same
// time: CPU time, wall time, peak memory, what is written and what is allocated.
//
// Usage:
//
//	bench [-n rounds] [-load regexp] [-subject regexp] [-dir folder] [trace...]
//	bench -instructions [-max subject=ratio,...] [trace...]
//	bench -growth [-family regexp] [-most times]
//	bench -startup trace
//
// Without arguments it measures traces that it makes itself, of programs that
// are heavy in different ways (see loads); they are kept in a folder of the
// user's cache, since every run of a program is another trace.
//
// Each measurement is a process of its own, which reads the trace from its file
// and writes to nowhere. A round runs every subject once; a row has the medians
// of all rounds, of which ratios are taken first: the machine's mood falls on
// both sides alike.
//
// With -instructions, subjects are run once under valgrind's callgrind, on one
// processor and without garbage collection, and the instructions counted: a
// figure that does not vary by more than a percent. With -max it fails if a
// ratio is larger than said.
//
// With -growth, it makes traces of families that once cost more than in
// proportion to their size, or could, and counts the instructions for each size
// and its double. It fails if they grow by more than -most.
//
// With -startup, what is measured is the command as a user runs it: how long it
// takes before and after the work.
package main
