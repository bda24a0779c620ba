package otlp

import "github.com/trace2otel/trace2otel/internal/account"

// earlyTimes holds, for each tree of tasks begun before the trace, the goroutine's
// time already credited to it. A goroutine that works off jobs can have to do with
// any number of trees. The zero value is empty.
type earlyTimes struct {
	list  []earlyTime
	at    map[*task]int // in list, by root; nil while the list is short
	limit int           // the length at which to look for trees that are over
}

// An earlyTime is what one tree has.
type earlyTime struct {
	root *task
	time account.Totals
}

// fewEarly is how long a list is searched.
const fewEarly = 8

// of returns what the tree of root has. It is valid until the next call.
func (e *earlyTimes) of(root *task) *account.Totals {
	if i, ok := e.find(root); ok {
		return &e.list[i].time
	}
	if len(e.list) >= max(fewEarly, e.limit) {
		e.sweep()
	}
	e.add(earlyTime{root: root})
	return &e.list[len(e.list)-1].time
}

func (e *earlyTimes) find(root *task) (i int, ok bool) {
	if e.at != nil {
		i, ok = e.at[root]
		return i, ok
	}
	for i := range e.list {
		if e.list[i].root == root {
			return i, true
		}
	}
	return 0, false
}

func (e *earlyTimes) add(t earlyTime) {
	if e.at != nil {
		e.at[t.root] = len(e.list)
	}
	e.list = append(e.list, t)
}

// sweep drops trees that have no task left in taskTable.known. It is due again when
// the list has doubled.
func (e *earlyTimes) sweep() {
	list := e.list
	e.list, e.at = e.list[:0], nil
	for i := range list {
		if list[i].root.known > 0 {
			e.list = append(e.list, list[i])
		}
	}
	clear(list[len(e.list):])
	e.limit = 2 * len(e.list)
	if len(e.list) < fewEarly {
		return
	}
	e.at = make(map[*task]int, e.limit)
	for i := range e.list {
		e.at[e.list[i].root] = i
	}
}
