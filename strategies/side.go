package strategies

import (
	"fmt"

	"github.com/gopawl/pawl/rollout"
)

// ready reports whether the new revision has all that it is to have.
func (w *blueGreen) ready() bool {
	n := w.state.Replicas
	for _, r := range w.old {
		if r.Template == w.current.Template && !r.Observed {
			return false // the route would point at that one, too
		}
	}
	return w.found && w.current.Observed && w.current.Replicas == n && w.current.Available >= n
}

// toSize gives what serves the wanted size.
func (w *blueGreen) toSize(r *rollout.Revision) {
	want := w.state.Replicas
	to := min(int64(want), int64(r.Replicas)+w.room())
	if r.Replicas > want {
		to = max(int64(want), int64(r.Replicas)-w.cut(*r))
	}
	w.scale(r, int32(to), fmt.Sprintf("%d wanted", want))
}

// cut is by how much a revision may be made smaller: one behind the active route only by what that
// can do without.
func (w *blueGreen) cut(r rollout.Revision) int64 {
	switch {
	case !w.behind(r):
		return int64(r.Replicas)
	case !r.Observed:
		return 0
	}
	behind := -w.floor
	for _, o := range w.all() {
		if w.behind(o) {
			behind += w.available(o)
		}
	}
	return min(int64(r.Replicas), int64(free(r))+max(0, behind))
}

// grow brings the new revision to its size.
func (w *blueGreen) grow() {
	want, has := w.state.Replicas, w.current.Replicas
	to := int32(min(int64(want), int64(has)+w.room()))
	why := fmt.Sprintf("%d wanted", want)
	if w.asked() > int64(has) {
		why += " beside what serves"
	}
	switch {
	case !w.found:
		w.resize(to, why)
	case has > want:
		w.toSize(&w.current)
	case to > has:
		w.scale(&w.current, to, why)
	}
}
