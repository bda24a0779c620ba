// Package endtoend holds tests of the whole: that imports run one way, that
// other modules can use the packages, that all outputs together are the same
// bytes every time, and that no input brings them down.
package endtoend
