package gotrace

// ArgCount returns how many arguments the events of a type have, and whether
// it is one of events.
func ArgCount(t Type) (n int, ok bool) {
	return int(argCounts[t]), argCounts[t] != notTimed
}
