package sim

import "time"

// Tick lets every controller that is due act, without moving time.
func (w *Workload) Tick() {
	for _, r := range w.revisions {
		w.bury(r)
		if r.pending() && !r.due.After(w.now) {
			w.control(r)
		}
	}
	w.tell()
}

// pending reports whether the controller has something to do.
func (r *revision) pending() bool { return !r.Observed || len(r.alive()) != int(r.Replicas) }

// Event is the moment of the next event: a controller acts on a size, a pod becomes ready or
// available, or ends, a route follows. It is Now for a controller that only waits for [Workload.Tick], and false
// when nothing will ever happen by itself.
func (w *Workload) Event() (first time.Time, ok bool) {
	next := func(m time.Time) {
		if !ok || m.Before(first) {
			first, ok = m, true
		}
	}
	for _, r := range w.revisions {
		for _, m := range w.events(r) {
			next(m)
		}
	}
	for _, r := range w.routes {
		if r.settles.After(w.now) {
			next(r.settles)
		}
	}
	return first, ok
}

// events are the moments, from now on, at which something happens to a revision.
func (w *Workload) events(r *revision) []time.Time {
	var ahead []time.Time
	add := func(t time.Time) {
		if t.After(w.now) {
			ahead = append(ahead, t)
		}
	}
	for _, p := range r.pods {
		switch {
		case p.Terminating():
			add(p.Gone)
		case !p.Ready.IsZero():
			add(p.Ready)
			add(p.Ready.Add(w.options.MinReady))
		}
	}
	switch {
	case r.pending() && r.due.After(w.now):
		add(r.due)
	case r.pending():
		ahead = append(ahead, w.now)
	}
	return ahead
}

// Next moves time to the next event and lets the controllers act. It returns false, and changes
// nothing, when there is none.
func (w *Workload) Next() (time.Time, bool) {
	next, ok := w.Event()
	if ok {
		w.move(next)
	}
	return w.now, ok
}

// Advance moves time by d, through every event on the way.
func (w *Workload) Advance(d time.Duration) {
	end := w.now.Add(d)
	for {
		next, ok := w.Event()
		if !ok || next.After(end) {
			break
		}
		w.move(next)
	}
	w.move(end)
}

func (w *Workload) move(to time.Time) {
	w.now = to
	w.Tick()
}

// tell wakes whoever watches.
func (w *Workload) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}
