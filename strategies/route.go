package strategies

import (
	"cmp"
	"fmt"

	"github.com/gopawl/pawl/rollout"
)

func find(s rollout.State, path, name string) (rollout.Route, error) {
	names := make([]string, len(s.Routes))
	for i, r := range s.Routes {
		if r.Name == name {
			return r, nil
		}
		names[i] = r.Name
	}
	return rollout.Route{}, &rollout.InvalidError{Path: path, Value: fmt.Sprintf("%q", name), Allowed: fmt.Sprintf("one of the workload's routes: %q", names)}
}

// pin returns the revision that serves, nil where none does, and makes sure that the active route
// points at it and at nothing else.
func (w *blueGreen) pin() *rollout.Revision {
	for r := range w.each() {
		if r.Template == w.active.To && (r.Replicas > 0 || r.Actual > 0 || w.state.Replicas == 0) {
			return r
		}
	}
	best := w.best()
	if best != nil && w.pinnable(best) && (w.active.To == "" || !w.state.Paused) {
		w.point(&w.active, best.Template, "what serves is held apart from what is new")
		if w.found && best.Template == w.current.Template {
			return &w.current
		}
	}
	return best
}

// best is the revision to take for the one that serves where the route does not say. What a rollout
// completed on is what served; else it is an old revision rather than the new one, which nobody
// promoted.
func (w *blueGreen) best() *rollout.Revision {
	if w.found && w.settled() && w.current.Available > 0 {
		return &w.current
	}
	var best *rollout.Revision
	for i := range w.old {
		r := &w.old[i]
		if r.Replicas > 0 && (best == nil || cmp.Or(
			cmp.Compare(min(w.offer(r), w.state.Replicas), min(w.offer(best), w.state.Replicas)),
			cmp.Compare(w.rejected(best), w.rejected(r)), cmp.Compare(w.offer(r), w.offer(best)),
			cmp.Compare(r.Available, best.Available), cmp.Compare(r.Replicas, best.Replicas), cmp.Compare(r.Number, best.Number)) > 0) {
			best = r
		}
	}
	return best
}

// rejected is 1 where a revision was given up.
func (w *blueGreen) rejected(r *rollout.Revision) int {
	if _, ok := w.state.Rejected[r.Template]; ok {
		return 1
	}
	return 0
}

// offer is how many replicas are available where the route is pinned to a revision: those of all that
// have its template.
func (w *blueGreen) offer(r *rollout.Revision) (n int32) {
	for o := range w.each() {
		if o.Template == r.Template {
			n += o.Available
		}
	}
	return n
}

// pinnable reports whether the route may be pinned to a revision: where others have more to offer,
// and it has not enough, users are better off with all of them.
func (w *blueGreen) pinnable(best *rollout.Revision) bool {
	most := int32(0)
	for r := range w.each() {
		most = max(most, w.offer(r))
	}
	return best.Observed && best.Available > 0 && w.offer(best) >= min(most, w.state.Replicas)
}

func (w *blueGreen) point(route *rollout.Route, to, why string) {
	w.add(rollout.Switch{Route: route.Name, To: to}, why)
	route.To, route.Since = to, w.state.Now
	route.Serving, route.Stale = 0, 0 // of before
}

// behind reports whether the active route leads to a revision: to every one where it is not pinned.
func (w *blueGreen) behind(r rollout.Revision) bool {
	return w.active.To == "" || r.Template == w.active.To
}

// show points the preview route at the new revision as soon as that can serve.
func (w *blueGreen) show() {
	now, ok := w.state.New()
	if w.preview.Name != "" && ok && now.Observed && now.Available > 0 && w.preview.To != now.Template {
		w.point(&w.preview, now.Template, "the new revision can be looked at")
	}
}

// drained reports whether nothing but what the active route points at has its traffic, and has had
// none for a while. A route that was not switched by us has been as it is for long. Where it is not,
// the plan is to be made again soon, as nobody is told of endpoints.
func (w *blueGreen) drained() bool {
	at := w.active.Since.Add(leastKeep)
	if w.active.Stale > 0 && w.active.To != "" {
		at = w.state.Now.Add(verifyEvery)
	}
	if w.state.Now.Before(at) {
		w.wake = at
		return false
	}
	return true
}
