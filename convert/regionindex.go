package convert

// A regionIndex finds open regions by type and task, on one goroutine or on
// all, whatever their number and order.
type regionIndex struct {
	newest map[goroutineKey]*region // on a goroutine, the one that began last
	all    map[regionKey]*regionSet
}

type goroutineKey struct {
	regionKey
	g GoID
}

// A regionSet has all regions of one key.
type regionSet struct {
	n     int
	first *region
}

// regionLinks are a region's places in the index.
type regionLinks struct {
	older    *region // of the same key on the same goroutine
	from, to *region // neighbours in the regionSet
}

func newRegionIndex() *regionIndex {
	return &regionIndex{newest: make(map[goroutineKey]*region), all: make(map[regionKey]*regionSet)}
}

// add adds a region, which began after all others of its goroutine.
func (x *regionIndex) add(rg *region) {
	k := goroutineKey{rg.regionKey, rg.g.id}
	s := x.all[rg.regionKey]
	if s == nil {
		s = new(regionSet)
		x.all[rg.regionKey] = s
	}
	rg.links = regionLinks{older: x.newest[k], to: s.first}
	if s.first != nil {
		s.first.links.from = rg
	}
	s.first = rg
	s.n++
	x.newest[k] = rg
}

// remove removes a region that is the newest of its key on its goroutine.
func (x *regionIndex) remove(rg *region) {
	k := goroutineKey{rg.regionKey, rg.g.id}
	if rg.links.older != nil {
		x.newest[k] = rg.links.older
	} else {
		delete(x.newest, k)
	}
	s := x.all[rg.regionKey]
	if rg.links.from != nil {
		rg.links.from.links.to = rg.links.to
	} else {
		s.first = rg.links.to
	}
	if rg.links.to != nil {
		rg.links.to.links.from = rg.links.from
	}
	if s.n--; s.n == 0 {
		delete(x.all, rg.regionKey)
	}
	rg.links = regionLinks{}
}

// on returns the region of a key that began last on g, or nil.
func (x *regionIndex) on(g *goroutine, key regionKey) *region {
	return x.newest[goroutineKey{key, g.id}]
}

// only returns the one open region of a key, or nil if there are none or
// several.
func (x *regionIndex) only(key regionKey) *region {
	if s := x.all[key]; s != nil && s.n == 1 {
		return s.first
	}
	return nil
}

// A keySet is a set of regions' keys; most have few.
type keySet struct {
	few  []regionKey
	many map[regionKey]bool
	full bool // there were more: any may have been one of them
}

// fewKeys is up to how many keys a keySet compares one by one.
const fewKeys = 8

func (ks *keySet) has(key regionKey) bool {
	for i := len(ks.few) - 1; i >= 0; i-- {
		if ks.few[i] == key {
			return true
		}
	}
	return ks.full || ks.many[key]
}

func (ks *keySet) size() int { return len(ks.few) + len(ks.many) }

// add adds a key, if there is room, and returns how many it has more.
func (ks *keySet) add(key regionKey, room bool) int {
	switch {
	case ks.has(key):
		return 0
	case !room:
		ks.full = true
		return 0
	case len(ks.few) < fewKeys:
		ks.few = append(ks.few, key)
	default:
		if ks.many == nil {
			ks.many = make(map[regionKey]bool)
		}
		ks.many[key] = true
	}
	return 1
}
