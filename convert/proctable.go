package convert

// A procTable finds what belongs to a proc by its id: by index where ids are as
// the runtime gives them out, from 0 on, and in a map where they are not.
type procTable[T any] struct {
	near []*T
	far  map[ProcID]*T
}

// maxNearProc is the number of ids found by index: more than any machine has
// procs.
const maxNearProc = 1 << 12

// of returns what belongs to id, nil if nothing does.
func (t *procTable[T]) of(id ProcID) *T {
	if uint64(id) < uint64(len(t.near)) {
		return t.near[id]
	}
	if t.far == nil {
		return nil
	}
	return t.far[id]
}

// set sets what belongs to id; nil is nothing.
func (t *procTable[T]) set(id ProcID, v *T) {
	switch {
	case uint64(id) < uint64(len(t.near)):
		t.near[id] = v
	case id >= 0 && id < maxNearProc:
		t.near = append(t.near, make([]*T, int(id)+1-len(t.near))...)
		t.near[id] = v
	case v == nil:
		delete(t.far, id)
	default:
		if t.far == nil {
			t.far = make(map[ProcID]*T)
		}
		t.far[id] = v
	}
}

// ids returns the ids to which something belongs, in no order.
func (t *procTable[T]) ids() []ProcID {
	var ids []ProcID
	for id, v := range t.near {
		if v != nil {
			ids = append(ids, ProcID(id))
		}
	}
	for id := range t.far {
		ids = append(ids, id)
	}
	return ids
}
