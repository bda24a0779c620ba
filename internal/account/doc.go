// Package account tells how goroutines spent their time, in parts that exclude
// one another: a sink keeps an [Account] for each goroutine and one [World] for
// the trace, and asks for the [Totals] up to any time; the difference of two is
// what happened in between.
package account
