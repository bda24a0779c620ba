package meaning

// Tables holds what is known of functions by their names. They do not change
// once made: several goroutines may use them.
type Tables struct {
	wrappers    patterns
	pools       patterns
	steps       patterns // lock helpers of modules, which a site steps over
	idle        patterns // a team's own idle functions, with a sentence
	dispatchers patterns // a team's own routers' functions that call handlers
	hash        string
}

// Default returns the tables that are built in.
func Default() *Tables {
	t := new(Tables)
	for _, fn := range wrapperList {
		t.wrappers.add(fn, "")
	}
	for _, fn := range poolList {
		t.pools.add(fn, "")
	}
	for _, fn := range stepList {
		t.steps.add(fn, "")
	}
	return t
}

// With returns t with the rows of a team's file added, and the file's hash.
// Where a row and the built-in tables disagree, the row decides.
func (t *Tables) With(f *File) *Tables {
	n := new(Tables)
	for _, r := range f.Rows {
		switch r.Kind {
		case RowWrapper:
			n.wrappers.add(r.Pattern, "")
		case RowIdle:
			n.idle.add(r.Pattern, r.Sentence)
		case RowDispatcher:
			n.dispatchers.add(r.Pattern, "")
		}
	}
	n.wrappers.append(&t.wrappers)
	n.idle.append(&t.idle)
	n.dispatchers.append(&t.dispatchers)
	n.pools.append(&t.pools)
	n.steps.append(&t.steps)
	n.hash = f.Hash
	return n
}

// append adds the patterns of q after those of p.
func (p *patterns) append(q *patterns) {
	for fn, value := range q.exact {
		p.add(fn, value)
	}
	p.prefixes = append(p.prefixes, q.prefixes...)
}

// Hash returns the hash of the file that rows were added from, "" if none were.
func (t *Tables) Hash() string { return t.hash }

// Dispatcher reports whether a row of a team's file calls fn a dispatcher: a
// function of a router that calls the handlers of requests.
func (t *Tables) Dispatcher(fn string) bool {
	_, ok := t.dispatchers.match(matchName(fn))
	return ok
}
