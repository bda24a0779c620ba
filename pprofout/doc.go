// Package pprofout turns records of where goroutines waited into pprof
// profiles: what "go tool trace -pprof" offers, and with the same sample types,
// but complete.
//
// A profile of this package counts every interval of its [Kind] for as long as
// it lasted within the trace: also what was under way when the trace began or
// ended, and a goroutine's wait for its first run. "go tool trace" leaves these
// out; [Options.Compat] counts as it does.
//
// Records become totals by stack as they pass, so that memory grows with the
// number of distinct stacks alone; the profile is made of them at the end.
package pprofout
