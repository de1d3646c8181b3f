package sim

import (
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Add puts a revision there that was not made through Apply, as somebody else may. Its counts become
// pods, as with [New]. It returns the name: where r has none, or one that is taken, that is the one
// that a Create would have given.
func (w *Workload) Add(r rollout.Revision) string {
	if _, taken := w.find(r.Name); taken || r.Name == "" {
		r.Name = w.name(r.Template)
	}
	w.revisions = append(w.revisions, w.populate(clone(r)))
	w.tell()
	return r.Name
}

// Remove takes a revision away together with its pods. It reports whether there was one.
func (w *Workload) Remove(name string) bool {
	r, ok := w.find(name)
	if ok {
		w.drop(r)
		w.tell()
	}
	return ok
}

// Route points a route at a template, as somebody else may: "" is at none, and a since that is zero
// is what a Service has that was made anew. It reports whether there is such a route.
func (w *Workload) Route(name, to string, since time.Time) bool {
	i := slices.IndexFunc(w.routes, func(r route) bool { return r.Name == name })
	if i < 0 {
		return false
	}
	r := &w.routes[i]
	if r.To != to {
		r.was, r.settles = w.behind(*r), w.now
		if w.options.Routing != nil {
			r.settles = w.now.Add(w.options.Routing(name))
		}
	}
	r.To, r.Since = to, since
	w.tell()
	return true
}

// Retry takes back every rejection, as an owner does who has put right what was wrong.
func (w *Workload) Retry() {
	w.rejected = nil
	w.tell()
}

// Edit changes what is written about a revision, but for its name, its size and its counts. It
// reports whether there is one.
func (w *Workload) Edit(name string, change func(*rollout.Revision)) bool {
	r, ok := w.find(name)
	if ok {
		size, observed := r.Replicas, r.Observed
		change(&r.Revision)
		r.Name, r.Replicas, r.Observed = name, size, observed
		w.tell()
	}
	return ok
}
