package pprofout

import (
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/account"
)

// A value is how often something was, and for how long in all.
type value struct {
	count int64
	delay time.Duration
}

func (v value) plus(u value) value { return value{v.count + u.count, account.Sum(v.delay, u.delay)} }

// A key tells samples apart. All kinds of profiles are made of one table of
// them.
type key struct {
	stack, by convert.StackID // by: of who ended a wait, where that is asked for
	fn        nameID          // start function
	task      nameID          // type
	region    nameID          // type
	reason    nameID
	class     class
	flags     keyFlags
	hold      uint32 // not 0: belongs to one goroutine, and some of it is yet unknown
}

type keyFlags uint16

const (
	openStart keyFlags = 1 << iota // the trace's start cut it
	openEnd                        // the trace's end did
	continued                      // a system call, after its first state
	placed                         // of a key that is to be kept: its region is known
)

// A table has the value of each key. It grows with the distinct ones.
type table struct {
	index   map[key]slot
	entries []entry
	free    []slot
}

// A slot is the place of an entry in a table; noSlot is none.
type slot int32

const noSlot slot = -1

// An entry of no class is a free slot.
type entry struct {
	key
	value
}

// addAgain adds v to what k has, if that is at s; it reports false if it is not.
// Goroutines do the same again and again: it saves most of the look-ups.
func (t *table) addAgain(s slot, k *key, v value) bool {
	if uint(s) >= uint(len(t.entries)) || t.entries[s].key != *k {
		return false
	}
	e := &t.entries[s]
	e.count += v.count
	account.Plus(&e.delay, v.delay)
	return true
}

// add adds v to what k has, and returns where that is, and whether it had
// nothing before.
func (t *table) add(k key, v value) (s slot, fresh bool) {
	if s, ok := t.index[k]; ok {
		e := &t.entries[s]
		e.count += v.count
		account.Plus(&e.delay, v.delay)
		return s, false
	}
	e := entry{k, v}
	if n := len(t.free); n > 0 {
		s, t.free = t.free[n-1], t.free[:n-1]
		t.entries[s] = e
	} else {
		s = slot(len(t.entries))
		t.entries = append(t.entries, e)
	}
	t.index[k] = s
	return s, true
}

// take removes the entry at s, and returns it.
func (t *table) take(s slot) entry {
	e := t.entries[s]
	delete(t.index, e.key)
	t.entries[s] = entry{}
	t.free = append(t.free, s)
	return e
}

// A nameID names a function, a type or a reason; 0 is none.
type nameID uint32

// names interns strings.
type names struct {
	ids   map[string]nameID
	texts []string
}

func newNames() names {
	return names{ids: make(map[string]nameID), texts: []string{""}}
}

// id returns the id of text, of which unnamed stands for the empty one.
func (n *names) id(text, unnamed string) nameID {
	if text == "" {
		if text = unnamed; text == "" {
			return 0
		}
	}
	id, ok := n.ids[text]
	if !ok {
		id = nameID(len(n.texts))
		n.texts = append(n.texts, text)
		n.ids[text] = id
	}
	return id
}
