package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Apply implements [rollout.Workload] for all actions of package rollout. Controllers act on
// what it changes when time moves next.
func (w *Workload) Apply(ctx context.Context, a rollout.Action) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := w.carryOut(a)
	if err == nil {
		w.tell()
	}
	return err
}

func (w *Workload) carryOut(a rollout.Action) error {
	switch a := a.(type) {
	case rollout.Create:
		return w.create(a)
	case rollout.Adopt:
		return w.change(a.Name, func(r *revision) error { w.number(r); r.Settled = time.Time{}; return nil })
	case rollout.Scale:
		return w.change(a.Name, func(r *revision) error { return w.scale(r, a) })
	case rollout.Settle:
		return w.change(a.Name, func(r *revision) error { r.Settled = w.now; return nil })
	case rollout.Switch:
		return w.point(a)
	case rollout.Reject:
		return w.reject(a)
	case rollout.Delete:
		return w.change(a.Name, w.remove)
	}
	return fmt.Errorf("%v: %w", a, rollout.ErrUnsupported)
}

func (w *Workload) change(name string, change func(*revision) error) error {
	r, ok := w.find(name)
	if !ok {
		return fmt.Errorf("revision %q does not exist: %w", name, rollout.ErrConflict)
	}
	return change(r)
}

// create refuses what a cluster refuses: a template that is no longer the wanted one, and a
// second revision of it.
func (w *Workload) create(a rollout.Create) error {
	if a.Template != w.Template {
		return fmt.Errorf("template %q is not wanted: %w", a.Template, rollout.ErrConflict)
	}
	for _, r := range w.revisions {
		if r.Template == a.Template {
			return fmt.Errorf("revision %q has template %q: %w", r.Name, a.Template, rollout.ErrConflict)
		}
	}
	if err := size(a.Replicas); err != nil {
		return err
	}
	name := w.name(a.Template)
	r := &revision{Revision: rollout.Revision{
		Name: name, Label: name, Template: a.Template,
		Replicas: a.Replicas, Basis: a.Basis, Created: w.now,
	}}
	w.number(r)
	w.resized(r)
	w.revisions = append(w.revisions, r)
	return nil
}

func (w *Workload) scale(r *revision, a rollout.Scale) error {
	if r.Replicas != a.From {
		return fmt.Errorf("revision %q has size %d, not %d: %w", r.Name, r.Replicas, a.From, rollout.ErrConflict)
	}
	if err := size(a.To); err != nil {
		return err
	}
	r.Basis, r.Outdated = a.Basis, false
	if a.From != a.To {
		r.Replicas = a.To
		w.resized(r)
	}
	return nil
}

func size(n int32) error {
	if n < 0 {
		return &rollout.InvalidError{Path: "replicas", Value: n, Allowed: "0 or more"}
	}
	return nil
}

// resized dates a new size and gives it to the controller.
func (w *Workload) resized(r *revision) {
	r.Scaled, r.Observed, r.due = w.now, false, w.now
	if w.options.React != nil {
		r.due = w.now.Add(w.options.React(r.Name))
	}
}

// number makes a revision the newest; it never lowers its number.
func (w *Workload) number(newest *revision) {
	for _, r := range w.revisions {
		if r != newest {
			newest.Number = max(newest.Number, r.Number+1)
		}
	}
	newest.Number = max(newest.Number, 1)
}

// name is a name that is not taken.
func (w *Workload) name(template string) string {
	name := template[:min(len(template), 10)]
	if w.options.Name != nil {
		name = w.options.Name(template)
	}
	free := name
	for i := 2; ; i++ {
		if _, taken := w.find(free); !taken {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, i)
	}
}

func (w *Workload) point(a rollout.Switch) error {
	if !w.Route(a.Route, a.To, w.now) {
		return fmt.Errorf("route %q does not exist: %w", a.Route, rollout.ErrConflict)
	}
	return nil
}

func (w *Workload) reject(a rollout.Reject) error {
	if w.rejected == nil {
		w.rejected = map[string]rollout.Rejection{}
	}
	w.rejected[a.Template] = rollout.Rejection{Why: a.Why, BackTo: a.BackTo, At: w.now}
	return nil
}

func (w *Workload) remove(r *revision) error {
	if r.Replicas > 0 || len(r.pods) > 0 {
		return fmt.Errorf("revision %q is not empty: %w", r.Name, rollout.ErrConflict)
	}
	w.drop(r)
	return nil
}

func (w *Workload) drop(r *revision) {
	w.revisions = slices.DeleteFunc(w.revisions, func(o *revision) bool { return o == r })
}
