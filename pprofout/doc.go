// Package pprofout turns records of where goroutines spent their time into
// pprof profiles: those of "go tool trace -pprof", with the same sample types
// but complete, and more. docs/profiles.md defines every kind and label.
//
// A profile of this package counts every interval of its [Kind] for as long as
// it lasted within the trace: also what was under way when the trace began or
// ended, and a goroutine's wait for its first run. "go tool trace" leaves these
// out; [Options.Compat] counts as it does.
//
// Records are added up as they pass, in one table for all profiles of a set:
// by stack, start function, task, region, state and reason. So memory grows
// with the live goroutines and the samples that can be told apart, and not with
// the trace; the profiles are made of the table at the end.
package pprofout
