package rollouttest

// around returns the events that are possible and are not the strategy's.
func (s Scope) around(w *world) (all []event) {
	add := func(possible bool, kind eventKind, which int, n int64) {
		if possible {
			all = append(all, event{kind, int8(which), n})
		}
	}
	for i := range w.versions {
		if w.versions[i].exists {
			all = append(all, s.byItself(w, i)...)
		}
	}
	if w.busy() {
		return append(all, event{kind: crashes})
	}
	add(w.paused, resumes, 0, 0)
	if s.Disturbances > 0 && w.left == 0 {
		return all
	}
	for i := range w.versions {
		if v := &w.versions[i]; v.exists {
			all = append(all, s.byForce(v, i)...)
		}
	}
	for i := range s.Templates {
		add(i != w.template && w.known(i), flips, i, 0)
	}
	add(s.Pauses && !w.paused, pauses, 0, 0)
	for n := range s.Replicas + 1 {
		add(s.Resizes && n != w.replicas, resizes, 0, int64(n))
	}
	add(s.Rejections && !w.rejected[w.template], rejects, w.template, 0)
	return all
}

// busy reports whether a plan is under way.
func (w *world) busy() bool { return len(w.underWay) > 0 }

// known is true for templates that have a revision, are wanted or given up, and for the first
// of the others: they are all alike.
func (w *world) known(template int) bool {
	for i := range template {
		if !w.used(i) {
			return false
		}
	}
	return true
}

func (w *world) used(i int) bool {
	return w.versions[i].exists || w.template == i || w.rejected[i]
}

// byItself returns what happens to a version when nothing disturbs it.
func (s Scope) byItself(w *world, i int) (all []event) {
	v := &w.versions[i]
	add := func(possible bool, kind eventKind, n int64) {
		if possible {
			all = append(all, event{kind, int8(i), n})
		}
	}
	if v.due || v.alive() != v.size {
		for n, most := v.choices(); n <= most; n++ {
			add(true, acts, int64(n))
		}
	}
	add(v.frozen && !v.due, shows, 0)
	add(v.starting > 0 && !s.MinReady, serves, 0)
	add(v.starting > 0 && s.MinReady && !(s.weather() == Calm && (w.busy() || v.due)), starts, 0)
	add(v.ready > 0, lasts, 0)
	add(v.terminating > 0, ends, 0)
	return all
}

// byForce returns what may be done to a version from outside.
func (s Scope) byForce(v *version, i int) (all []event) {
	add := func(possible bool, kind eventKind, n int64) {
		if possible {
			all = append(all, event{kind, int8(i), n})
		}
	}
	add(s.Failures && v.ready > 0, failsReady, 0)
	add(s.Failures && v.available > 0, fails, 0)
	add(s.Evictions && v.starting > 0, evictsStarting, 0)
	add(s.Evictions && v.ready > 0, evictsReady, 0)
	add(s.Evictions && v.available > 0, evicts, 0)
	for n := range s.Replicas + 1 {
		add(s.Interference && n != v.size, interferes, int64(n))
	}
	return all
}
