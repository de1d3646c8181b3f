package strategies

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// shareOut gives every revision that has replicas its share of a change of the wanted number,
// in proportion to its size, so that a resize during a rollout neither puts all of the new load
// on what is yet to prove itself nor takes the rollout back. A single revision gets all that is
// wanted. It is the proportional scaling of the Deployment controller, held to both bounds; what
// a bound does not allow is left undone, in a pause until it does.
func (w rolling) shareOut() {
	active := w.active()
	change := w.change(active)
	if (change < 0 || w.untilGone) && !observed(active) {
		return
	}
	if len(active) == 1 {
		w.share(active[0], w.state.Replicas)
		return
	}
	slices.SortStableFunc(active, func(a, b *rollout.Revision) int {
		return cmp.Or(cmp.Compare(b.Replicas, a.Replicas), sign(change)*byAge(*b, *a))
	})
	left := change
	shares := make([]int64, len(active))
	for i, r := range active {
		shares[i] = within(w.proportion(*r)-int64(r.Replicas), left)
		left -= shares[i]
	}
	for i, r := range active {
		has := int64(r.Replicas)
		if r.Basis.Desired != w.state.Replicas { // what rounding leaves is the largest one's
			rest := max(left, -has-shares[i])
			shares[i] += rest
			left -= rest
		}
		w.share(r, int32(has+min(shares[i], w.lack(*r))))
	}
}

// lack is by how much r is smaller than wanted: none gets more than that.
func (w rolling) lack(r rollout.Revision) int64 {
	return max(0, int64(w.state.Replicas)-int64(r.Replicas))
}

// midway reports whether both the new revision, not yet of the wanted size, and an old one have
// replicas.
func (w rolling) midway() bool {
	has := w.current.Replicas
	return has > 0 && has < w.state.Replicas && w.asked() > int64(has)
}

// change is by how much all sizes together are to change.
func (w rolling) change(active []*rollout.Revision) int64 {
	allowed := w.ceiling
	if w.state.Replicas == 0 {
		allowed = 0
	}
	for _, r := range active {
		allowed -= int64(r.Replicas)
	}
	return allowed
}

// proportion is the size of r as it would be had it been worked out for what is wanted now,
// halves rounded up.
func (w rolling) proportion(r rollout.Revision) int64 {
	of := cmp.Or(int64(max(0, r.Basis.Max)), int64(w.state.Counts().Total))
	switch {
	case w.state.Replicas == 0:
		return 0
	case of == 0:
		return int64(r.Replicas)
	}
	product := int64(r.Replicas) * w.ceiling
	n := product / of
	if rest := product % of; rest >= of-rest {
		n++
	}
	return n
}

// share gives r its new size, or as much of the change as the bounds allow.
func (w rolling) share(r *rollout.Revision, share int32) {
	to := share
	if to > r.Replicas {
		to = int32(min(int64(to), int64(r.Replicas)+w.room()))
	} else if to < r.Replicas {
		to = w.least(*r, to)
	}
	basis := w.basis
	if w.state.Paused && to != share {
		basis = r.Basis // the rest is still due
	}
	if to == r.Replicas && basis == r.Basis {
		return
	}
	w.set(r, to, basis, fmt.Sprintf("its share of %d wanted", w.state.Replicas))
}

// within cuts a share off at what is left to share out, and at 0 if it goes the other way.
func within(share, left int64) int64 {
	if left < 0 {
		return max(left, min(share, 0))
	}
	return min(left, max(share, 0))
}

func sign(n int64) int { return cmp.Compare(n, 0) }

func byAge(a, b rollout.Revision) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name))
}

func observed(all []*rollout.Revision) bool {
	return !slices.ContainsFunc(all, func(r *rollout.Revision) bool { return !r.Observed })
}
