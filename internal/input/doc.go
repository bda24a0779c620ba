// Package input finds out what an input is: a trace, what a transport made of
// one, an archive of several, or something else.
//
//   - [Examine] looks at the first bytes, and names what is no trace.
//   - [Walk] finds the files of a folder.
//   - [Interruptible] ends reads that block.
package input
