// Package stats tells where the goroutines of a trace spent their time: by
// start function and by what they waited for, with the percentiles and the
// worst case of each; what the scheduler and the garbage collector did; how
// long tasks, regions and system calls took.
//
// A [Sink] makes a [Report], and writes it as text, JSON or HTML.
//
// What is a sum or an extreme is exact. What is a percentile comes from a
// sketch of relative error 1 %, which does not depend on order. Memory is that
// of live goroutines, open tasks and distinct stacks, and of the changes of
// the first generation, which have to be put in order of time: of when, and for
// how long, nothing is kept but a few hundred steps of a timeline.
package stats
