// Package sinktest tests sinks, and what they are fed. It is to package convert what
// testing/iotest is to io: whoever writes a [convert.Sink] of their own, in whatever
// module, can put it through [Test].
//
// Records come from a story (text, see [Story]), or from a trace that
// [convert.Run] gives to a [Recorder], which keeps them and replays them to any
// sink, in batches of any size. A [Printer] turns them back into text to compare, a
// [Checker] holds them to the contract of package convert, [Sums] adds them up for
// comparison with what a sink wrote, and [Test] puts a sink through all that every
// sink must stand.
package sinktest
