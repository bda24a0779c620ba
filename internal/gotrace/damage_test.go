package gotrace_test

import "testing"

// TestAccounts: on every trace, every event of the wire is told, or counted as
// dropped.
func TestAccounts(t *testing.T) {
	traces(t, accounts)
}

// TestCutAccounts cuts traces within batches and between them: all whole
// events before the cut are told or counted.
func TestCutAccounts(t *testing.T) {
	traces(t, func(t *testing.T, data []byte) {
		all := batches(t, data)
		step := max(len(all)/10, 1)
		for i := 0; i < len(all); i += step {
			w := all[i]
			for _, at := range []int{w.start, (w.data + w.end) / 2, w.end} {
				accounts(t, data[:at])
			}
		}
	})
}
