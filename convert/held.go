package convert

// A held record tells what holds when a window begins: a Begin, a label or the
// value of a metric. State machines make it from their state.
type held struct {
	Record
	order uint64 // its position among the Begins and Instants of a full conversion
}

// hold returns r, the latest record, which was added before the window.
func (e *emitter) hold(r *Record) held { return held{*r, e.order} }

// appendHeld appends the latest values of all metrics.
func (w *window) appendHeld(to []held) []held {
	for _, h := range w.metrics {
		to = append(to, *h)
	}
	return to
}

// holdMetric takes note of the value of a metric.
func (w *window) holdMetric(h held) {
	known := w.metrics[h.Name]
	if known == nil {
		known = new(held)
		w.metrics[h.Name] = known
	}
	*known = h
}

// appendHeld appends what is open of all goroutines, and their labels.
func (gs *goroutines) appendHeld(to []held) []held {
	for _, s := range gs.live.slots {
		if s.g != nil {
			to = s.g.appendHeld(to)
		}
	}
	return to
}

func (g *goroutine) appendHeld(to []held) []held {
	var life Record
	life.blank(KindGoroutine, Begin, g.born.start)
	g.emitLife(&life)
	to = append(to, held{life, g.born.order}, held{g.cur, g.order})
	if g.call != nil {
		to = append(to, held{g.call.Record, g.call.order})
	}
	if g.label != nil {
		to = append(to, *g.label)
		g.label = nil
	}
	for rg := g.region; rg != nil; rg = rg.outer {
		var r Record
		r.blank(KindRegion, Begin, rg.start)
		rg.fill(&r)
		to = append(to, held{r, rg.order})
	}
	return to
}

// holdLabel takes note of the label of a goroutine.
func (gs *goroutines) holdLabel(h held) {
	g := gs.live.find(h.G)
	if g == nil {
		return // the decoder lets no unknown goroutine run
	}
	if g.label == nil {
		g.label = new(held)
	}
	*g.label = h
}

// appendHeld appends the states of all procs.
func (ps *procs) appendHeld(to []held) []held {
	for _, id := range ps.byID.ids() {
		p := ps.byID.of(id)
		var r Record
		r.blank(KindProc, Begin, p.start)
		p.fill(&r)
		to = append(to, held{r, p.order})
	}
	return to
}

// appendHeld appends the ranges that are open, and the GC cycle.
func (rs *ranges) appendHeld(to []held) []held {
	for _, key := range rs.keys() {
		to = append(to, rs.open(key).held(rangeRecords[key.kind]))
	}
	if rs.inGC {
		to = append(to, rs.cycle.held(KindGC))
	}
	return to
}

func (in *gcRange) held(kind Kind) held {
	var r Record
	r.blank(kind, Begin, in.start)
	in.fill(&r)
	return held{r, in.order}
}

// appendHeld appends the tasks that are open.
func (ts *tasks) appendHeld(to []held) []held {
	for id, t := range ts.open {
		var r Record
		r.blank(KindTask, Begin, t.start)
		t.fill(&r, id)
		to = append(to, held{r, t.order})
	}
	return to
}
