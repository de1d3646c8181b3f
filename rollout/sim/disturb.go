package sim

import "github.com/gopawl/pawl/rollout"

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
