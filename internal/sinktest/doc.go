// Package sinktest tests sinks, and what they are fed.
//
// Records come from a story (text, see [Story]) or from a trace ([Load]) and
// are kept by a [Recorder], which replays them to any sink, in batches of any
// size. A [Printer] turns them back into text to compare, a [Checker] holds
// them to the contract of package convert, [Sums] adds them up for comparison
// with what a sink wrote, and [Test] puts a sink through all that every sink
// must stand.
package sinktest
