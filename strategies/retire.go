package strategies

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// clear takes down whatever neither serves nor is new, as soon as nothing comes to it any more.
func (w *blueGreen) clear(live *rollout.Revision) {
	for i := range w.old {
		r := &w.old[i]
		if r == live || r.Replicas == 0 || !w.drained() {
			continue
		}
		if w.preview.To == r.Template && r.Template != live.Template && live.Available > 0 {
			w.point(&w.preview, live.Template, "what it shows goes")
		}
		w.scale(r, r.Replicas-int32(w.cut(*r)), "it neither serves nor is wanted")
	}
}

// retire takes old replicas down after the switch, and finishes.
func (w *blueGreen) retire() rollout.Plan {
	left := w.trim()
	switch {
	case left == 0:
		return w.finish()
	case w.active.Since.IsZero() && slices.ContainsFunc(w.old, func(r rollout.Revision) bool { return r.Replicas > 0 && w.rejected(&r) == 0 }):
		w.point(&w.active, w.active.To, "old replicas are kept from now on")
		return w.coming()
	case !w.ready():
		return w.coming()
	case w.active.Stale > 0 || w.active.Serving < w.state.Replicas:
		w.wake = w.state.Now.Add(verifyEvery)
		return w.coming()
	default:
		return w.takeDown()
	}
}

// trim takes down what is more than the wanted number of old replicas, the oldest first, as after a
// change of that number: the others are enough to go back to. It returns how many there are then.
func (w *blueGreen) trim() (left int64) {
	left = w.asked() - int64(w.current.Replicas)
	for i := range w.old {
		r := &w.old[i]
		surplus := min(left-w.floor, w.cut(*r))
		if surplus > 0 && w.drained() {
			w.scale(r, r.Replicas-int32(surplus), fmt.Sprintf("%d are enough to go back to", w.floor))
			left -= surplus
		}
	}
	return left
}

// takeDown takes old replicas to 0 whose time has passed.
func (w *blueGreen) takeDown() rollout.Plan {
	var next time.Time
	var kept int32
	for i := range w.old {
		r := &w.old[i]
		until := w.stays(*r)
		switch {
		case !w.state.Now.Before(until):
			w.scale(r, 0, fmt.Sprintf("route %s serves %d new replicas and no others", w.active.Name, w.active.Serving))
		case r.Replicas > 0:
			kept += r.Replicas
			if next.IsZero() || until.Before(next) {
				next = until
			}
		}
	}
	if kept == 0 {
		return w.finish()
	}
	w.refresh()
	return rollout.Plan{
		Steps: w.steps, Phase: rollout.Waiting, Wake: next,
		Message: fmt.Sprintf("%d old replicas stay until %s, to go back to", kept, next.UTC().Format(time.TimeOnly)),
	}
}

// stays is until when an old revision keeps its replicas.
func (w *blueGreen) stays(r rollout.Revision) time.Time {
	if given, ok := w.state.Rejected[r.Template]; ok {
		return later(w.active.Since.Add(leastKeep), given.At.Add(w.KeepRejected))
	}
	return w.active.Since.Add(max(cmp.Or(w.Keep, defaultKeep), leastKeep))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// coming is the plan so far, of a rollout that is under way.
func (w *blueGreen) coming() rollout.Plan {
	w.refresh()
	plan := w.waiting(w.onItsWay())
	plan.Wake = w.wake
	return plan
}

// onItsWay says how far the new revision has come.
func (w *blueGreen) onItsWay() string {
	now, ok := w.state.New()
	want := w.state.Replicas
	switch {
	case ok && !now.Observed:
		return "the new size has yet to be observed"
	case !ok || now.Actual < want:
		return fmt.Sprintf("%d out of %d new replicas have been updated", now.Actual, want)
	}
	if now.Available >= want && w.active.To == now.Template {
		return fmt.Sprintf("route %s serves %d of %d new replicas, and %d others", w.active.Name, w.active.Serving, want, w.active.Stale)
	}
	return fmt.Sprintf("%d of %d updated replicas are available", now.Available, want)
}
