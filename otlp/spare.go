package otlp

import "github.com/trace2otel/trace2otel/internal/account"

const (
	maxFree = 1024 // things of a kind are kept for later use
	maxLogs = 32   // of a span whose memory for them is kept
)

// A spare keeps memory of spans that are written, for those to come.
type spare struct {
	waits [][]account.Wait
	logs  [][]event
}

// lend gives t memory for its waits, unless it has some.
func (sp *spare) lend(t *account.Totals) {
	if last := len(sp.waits) - 1; last >= 0 && t.Waits == nil {
		t.Waits, sp.waits = sp.waits[last], sp.waits[:last]
	}
}

// take makes t zero, and keeps the memory of its waits.
func (sp *spare) take(t *account.Totals) {
	if t.Waits != nil && len(sp.waits) < maxFree {
		sp.waits = append(sp.waits, t.Waits[:0])
	}
	*t = account.Totals{}
}

// logsOf returns memory for the logs of a span, or nil.
func (sp *spare) logsOf() []event {
	last := len(sp.logs) - 1
	if last < 0 {
		return nil
	}
	logs := sp.logs[last]
	sp.logs = sp.logs[:last]
	return logs
}

// takeLogs takes the logs of a span that is written from it.
func (sp *spare) takeLogs(n *node) {
	clear(n.logs)
	if n.logs != nil && cap(n.logs) <= maxLogs && len(sp.logs) < maxFree {
		sp.logs = append(sp.logs, n.logs[:0])
	}
	n.logs = nil
}
