package strategies

import (
	"fmt"
	"iter"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// work is a plan in the making: the state with the sizes that the steps so far lead to.
type work struct {
	state   rollout.State
	basis   rollout.Basis
	found   bool // the new revision exists
	current rollout.Revision
	old     []rollout.Revision // oldest first
	steps   []rollout.Step
}

// begin does what is the same for all strategies: it refuses a state that cannot be worked
// with, stops at a rejected template (the plan then has a Phase), and makes the new revision the
// newest, but not in a pause.
func begin(s rollout.State, basis rollout.Basis) (*work, rollout.Plan, error) {
	w, plan, err := start(s, basis)
	if err == nil && plan.Phase == "" && !s.Paused {
		w.adopt()
	}
	return w, plan, err
}

// start is begin without the first step.
func start(s rollout.State, basis rollout.Basis) (*work, rollout.Plan, error) {
	if err := s.Validate(); err != nil {
		return nil, rollout.Plan{}, err
	}
	if given, ok := s.Rejected[s.Template]; ok {
		return nil, rollout.Plan{Phase: rollout.Failed, Message: given.Why}, nil
	}
	w := &work{state: s, basis: basis, old: s.Old()}
	w.current, w.found = s.New()
	return w, rollout.Plan{}, nil
}

// adopt makes the new revision the newest.
func (w *work) adopt() {
	if w.found && (w.current.Number == 0 || w.newest() >= w.current.Number) {
		w.add(rollout.Adopt{Name: w.current.Name}, "its template is wanted again")
	}
}

// newest is the highest number of an old revision.
func (w *work) newest() int64 {
	n := int64(0)
	for _, r := range w.old {
		n = max(n, r.Number)
	}
	return n
}

func (w *work) add(a rollout.Action, why string) {
	w.steps = append(w.steps, rollout.Step{Action: a, Why: why})
}

// scale plans another size for r and remembers it.
func (w *work) scale(r *rollout.Revision, to int32, why string) {
	if r.Replicas == to {
		return
	}
	w.set(r, to, w.basis, why)
}

// set plans a size for r, also the one it has, with its basis.
func (w *work) set(r *rollout.Revision, to int32, basis rollout.Basis, why string) {
	w.add(rollout.Scale{Name: r.Name, From: r.Replicas, To: to, Basis: basis}, why)
	// Replicas that are not ready go first; among the ready ones the worst is taken for granted.
	// Those beyond the size so far are on their way out, also if it grows again.
	left := min(to, r.Replicas)
	r.Replicas, r.Available, r.Ready = to, available(*r, left), min(r.Ready, left)
	r.Basis, r.Outdated = basis, false
}

// available is how many of a revision's available replicas are sure to be left at a size.
// Kubernetes deletes replicas that are not ready first, but among the ready ones it may take an
// available one before one that is not ready for long enough.
func available(r rollout.Revision, size int32) int32 {
	return max(0, r.Available-max(0, r.Ready-size))
}

// resize gives the new revision a size, and makes it where it does not exist.
func (w *work) resize(to int32, why string) {
	if w.found {
		w.scale(&w.current, to, why)
		return
	}
	w.add(rollout.Create{Template: w.state.Template, Replicas: to, Basis: w.basis}, why)
	w.found = true
	w.current = rollout.Revision{Template: w.state.Template, Replicas: to}
}

// refresh brings the revisions that keep their size up to date: their metadata, and the basis by
// which the next resize is shared out.
func (w *work) refresh() {
	for r := range w.each() {
		switch {
		case r.Replicas > 0 && r.Basis != (rollout.Basis{}) && r.Basis != w.basis:
			w.set(r, r.Replicas, w.basis, fmt.Sprintf("%d wanted", w.state.Replicas))
		case r.Outdated:
			w.set(r, r.Replicas, r.Basis, "its metadata is out of date")
		}
	}
}

// finish is the plan so far, settled when the state is as wanted.
func (w *work) finish() rollout.Plan {
	w.refresh()
	message, done := w.standing()
	if !done || len(w.steps) > 0 {
		return w.waiting(message)
	}
	if !w.settled() {
		w.add(rollout.Settle{Name: w.current.Name}, "the rollout is complete")
		return w.waiting("all replicas are updated and available")
	}
	return rollout.Plan{Phase: rollout.Complete, Message: message}
}

// settled reports whether the new revision was the last that a rollout completed on. A stamp
// that lies in the future says nothing.
func (w *work) settled() bool {
	for _, r := range w.old {
		if r.Settled.After(w.current.Settled) && !r.Settled.After(w.state.Now) {
			return false
		}
	}
	return !w.current.Settled.IsZero()
}

// held is the plan of a pause.
func (w *work) held() rollout.Plan {
	message, _ := w.standing()
	return rollout.Plan{Steps: w.steps, Phase: rollout.Paused, Message: "paused: " + message}
}

// underWay is the plan so far, of a rollout that is not over.
func (w *work) underWay() rollout.Plan {
	message, _ := w.standing()
	return w.waiting(message)
}

func (w *work) waiting(message string) rollout.Plan {
	return rollout.Plan{Steps: w.steps, Phase: rollout.Progressing, Message: message}
}

// standing says how far the state has come, in the words and the order of `kubectl rollout
// status`, and whether it is as wanted.
func (w *work) standing() (string, bool) {
	c, want := w.state.Counts(), w.state.Replicas
	now, ok := w.state.New()
	switch {
	case ok && !now.Observed:
		return "the new size has yet to be observed", false
	case c.Updated < want, !ok:
		return fmt.Sprintf("%d out of %d new replicas have been updated", c.Updated, want), false
	case w.oldLeft() > 0:
		return fmt.Sprintf("%d old replicas are pending termination", w.oldLeft()), false
	case slices.ContainsFunc(w.state.Old(), unobserved):
		return "the size of an old revision has yet to be observed", false // it may have replicas
	case c.Updated > want || now.Replicas != want:
		return fmt.Sprintf("%d surplus replicas are pending termination", c.Updated-want), false
	case c.Available < c.Updated:
		return fmt.Sprintf("%d of %d updated replicas are available", c.Available, c.Updated), false
	}
	return fmt.Sprintf("%d of %d updated replicas are available", c.Available, want), true
}

// unobserved reports whether a revision's counts are of before its size was changed.
func unobserved(r rollout.Revision) bool { return !r.Observed }

// oldLeft is how many old replicas there are, or are asked for, in the observed state.
func (w *work) oldLeft() (n int32) {
	for _, r := range w.state.Old() {
		n += max(r.Actual, r.Replicas)
	}
	return n
}

// all returns every revision with the size that the steps so far lead to.
func (w *work) all() []rollout.Revision {
	if !w.found {
		return w.old
	}
	return append([]rollout.Revision{w.current}, w.old...)
}

// active returns the revisions that have replicas, or the newest where none has any because
// none was wanted.
func (w *work) active() []*rollout.Revision {
	var active []*rollout.Revision
	var newest *rollout.Revision
	for r := range w.each() {
		if r.Replicas > 0 {
			active = append(active, r)
		}
		if newest == nil || r.Number > newest.Number {
			newest = r
		}
	}
	if len(active) == 0 && newest != nil && newest.Basis.Desired == 0 {
		return []*rollout.Revision{newest}
	}
	return active
}

// each are the revisions themselves, the new one first.
func (w *work) each() iter.Seq[*rollout.Revision] {
	return func(yield func(*rollout.Revision) bool) {
		if w.found && !yield(&w.current) {
			return
		}
		for i := range w.old {
			if !yield(&w.old[i]) {
				return
			}
		}
	}
}

// resized reports whether a size was worked out for another number of replicas than is wanted
// now. One whose basis is not known says nothing.
func (w *work) resized() bool {
	return slices.ContainsFunc(w.active(), func(r *rollout.Revision) bool {
		asleep := r.Replicas == 0
		return r.Basis.Desired != w.state.Replicas && (asleep || r.Basis.Desired > 0)
	})
}

// asked is the number of replicas that the steps so far ask for.
func (w *work) asked() (n int64) {
	for _, r := range w.all() {
		n += int64(r.Replicas)
	}
	return n
}
