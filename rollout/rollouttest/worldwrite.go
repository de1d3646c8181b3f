package rollouttest

import (
	"fmt"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// apply is the world after an action. Its errors are those of a [rollout.Workload].
func (w world) apply(a rollout.Action) (world, error) {
	err := w.write(a)
	return w, err
}

func (w *world) write(a rollout.Action) error {
	switch a := a.(type) {
	case rollout.Create:
		return w.create(a)
	case rollout.Adopt:
		return w.change(a.Name, func(v *version) error { v.number = max(v.number, w.nextNumber(v)); return nil })
	case rollout.Scale:
		return w.change(a.Name, func(v *version) error { return w.scale(v, a) })
	case rollout.Settle:
		return w.change(a.Name, func(v *version) error { v.settled = w.date(); return nil })
	case rollout.Reject:
		return w.reject(a)
	case rollout.Delete:
		return w.change(a.Name, remove)
	}
	return fmt.Errorf("%v: %w", a, rollout.ErrUnsupported)
}

func indexOf(name string) int { return slices.Index(names[:], name) }

// change changes an existing version.
func (w *world) change(name string, change func(*version) error) error {
	i := indexOf(name)
	if i < 0 || !w.versions[i].exists {
		return fmt.Errorf("revision %q does not exist: %w", name, rollout.ErrConflict)
	}
	return change(&w.versions[i])
}

// date is the stamp of a write.
func (w *world) date() int64 {
	w.now++
	return w.now
}

func (w *world) create(a rollout.Create) error {
	if a.Template != names[w.template] {
		return fmt.Errorf("template %q is not wanted: %w", a.Template, rollout.ErrConflict)
	}
	v := &w.versions[w.template]
	if v.exists {
		return fmt.Errorf("template %q has a revision: %w", a.Template, rollout.ErrConflict)
	}
	*v = version{exists: true, basis: a.Basis, created: w.date(), number: w.nextNumber(v)}
	return w.resize(v, a.Replicas)
}

func (w *world) scale(v *version, a rollout.Scale) error {
	if v.size != a.From {
		return fmt.Errorf("revision %q has size %d, not %d: %w", a.Name, v.size, a.From, rollout.ErrConflict)
	}
	v.basis = a.Basis
	if a.From == a.To {
		return nil
	}
	w.date()
	return w.resize(v, a.To)
}

// resize asks for a size now, and leaves it to the controller.
func (w *world) resize(v *version, to int32) error {
	if to < 0 || to > maxSize {
		return &rollout.InvalidError{Path: "replicas", Value: to, Allowed: fmt.Sprintf("from 0 to %d", maxSize)}
	}
	v.freeze(w.lagging)
	v.size, v.due = to, true
	if w.scaled {
		v.scaled = w.now
	}
	return nil
}

// freeze keeps what is seen of a version as it is, where views lag.
func (v *version) freeze(lagging bool) {
	if lagging && !v.frozen {
		v.frozen, v.shown = true, v.counts
	}
}

// nextNumber is higher than those of all other versions.
func (w *world) nextNumber(v *version) int64 {
	n := int64(1)
	for i := range w.versions {
		if other := &w.versions[i]; other != v {
			n = max(n, other.number+1)
		}
	}
	return n
}

func (w *world) reject(a rollout.Reject) error {
	i := indexOf(a.Template)
	if i < 0 {
		return &rollout.InvalidError{Path: "template", Value: a.Template, Allowed: "one that is or was wanted"}
	}
	w.rejected[i] = true
	return nil
}

func remove(v *version) error {
	if v.size > 0 || v.alive()+v.terminating > 0 {
		return fmt.Errorf("revision is not empty: %w", rollout.ErrConflict)
	}
	*v = version{}
	return nil
}
