package strategies

import (
	"fmt"

	"github.com/gopawl/pawl/rollout"
)

// Recreate ends every replica of other templates before the first of the wanted one starts:
// there is a gap in service, and never are there two versions at once, terminating replicas
// included. A revision that was taken down half-way is finished even if it was the wanted one
// in between.
//
// The rule is that of the Deployment strategy Recreate; unlike there, a pause does not bring
// old replicas back, and a replica counts until it is gone. In a pause a change of the wanted
// number is carried out where there is one version only.
type Recreate struct{}

// Plan takes old revisions to 0 at once, waits until their replicas are gone, then brings the
// new revision to its size in one write.
func (Recreate) Plan(s rollout.State) (rollout.Plan, error) {
	w, plan, err := begin(s, rollout.Basis{Desired: s.Replicas, Max: s.Replicas})
	if err != nil || plan.Phase != "" {
		return plan, err
	}
	if s.Paused {
		w.resizeOnly()
		return w.held(), nil
	}
	left := int32(0)
	for i := range w.old {
		left += lingering(w.old[i])
		w.scale(&w.old[i], 0, "every old replica goes before a new one starts")
	}
	if left > 0 && w.current.Replicas < s.Replicas {
		w.refresh()
		return w.waiting(fmt.Sprintf("%d old replicas are pending termination", left)), nil
	}
	why := "no old replica is left"
	if w.current.Replicas > 0 {
		why = fmt.Sprintf("%d wanted", s.Replicas)
	}
	w.resize(s.Replicas, why)
	return w.finish(), nil
}

// resizeOnly does in a pause what a change of the wanted number asks for, where there is one
// version only.
func (w *work) resizeOnly() {
	active := w.active()
	if len(active) != 1 || !w.resized() {
		return
	}
	for r := range w.each() {
		if r != active[0] && lingering(*r) > 0 {
			return
		}
	}
	w.scale(active[0], w.state.Replicas, fmt.Sprintf("%d wanted", w.state.Replicas))
}

// lingering is how many replicas a revision has or may still get: one whose size was not
// observed, or is not 0 yet, may make another at any moment.
func lingering(r rollout.Revision) int32 {
	n := max(r.Actual, r.Replicas) + r.Terminating
	if !r.Observed {
		return max(n, 1)
	}
	return n
}
