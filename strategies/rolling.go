package strategies

import (
	"fmt"
	"math"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// Rolling replaces replicas a few at a time. It grows the new revision up to the ceiling and
// shrinks the old ones, oldest first, down to the floor: replicas that are not ready before
// those that serve. The formulas are those of the Deployment strategy RollingUpdate.
//
// A change of the wanted number in the middle of a rollout is shared out among all revisions in
// proportion to their sizes, as far as both bounds allow; in a pause too, and nothing else is
// done then.
//
// The zero value is a Deployment's default: a quarter more may exist, a quarter may be away.
type Rolling struct {
	// MaxSurge is how many replicas may exist beyond those wanted; percentages round up.
	// Unset is 25%.
	MaxSurge rollout.Amount
	// MaxUnavailable is how many of those wanted may be unavailable; percentages round down.
	// Unset is 25%. Where both amounts come to 0 one replica may be unavailable, or nothing
	// could ever move.
	MaxUnavailable rollout.Amount
	// Termination says when a replica that terminates makes room for another.
	Termination Termination
}

// Termination says until when a replica counts against the ceiling.
type Termination int

const (
	// TerminationStarted: until its revision was asked to be smaller. Replicas on their way out
	// exist beside the ceiling, as with a Deployment.
	TerminationStarted Termination = iota
	// TerminationComplete: until it is gone. Where nodes are full, this never asks for more than
	// the ceiling; part of the surge may then go unused.
	TerminationComplete
)

const defaultAmount = 25 // percent

// Fenceposts resolves the two amounts for a number of replicas: the surge rounded up, the
// unavailable ones rounded down, and one unavailable where both come to 0
// (Kubernetes: ResolveFenceposts). Its error is a [*rollout.InvalidError].
func (r Rolling) Fenceposts(replicas int32) (surge, unavailable int32, err error) {
	if err := r.MaxSurge.Validate("maxSurge"); err != nil {
		return 0, 0, err
	}
	if err := r.MaxUnavailable.Validate("maxUnavailable"); err != nil {
		return 0, 0, err
	}
	surge = r.MaxSurge.Or(rollout.Percent(defaultAmount)).Ceil(replicas)
	unavailable = r.MaxUnavailable.Or(rollout.Percent(defaultAmount)).Floor(replicas)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable, nil
}

// Bounds returns the fewest replicas that stay available and the most that exist while the
// rollout is under way.
func (r Rolling) Bounds(replicas int32) (floor, ceiling int32, err error) {
	surge, unavailable, err := r.Fenceposts(replicas)
	if err != nil {
		return 0, 0, err
	}
	ceiling = int32(min(int64(replicas)+int64(surge), math.MaxInt32))
	return max(0, replicas-unavailable), ceiling, nil
}

// Plan grows the new revision as far as there is room, shrinks the old ones as far as enough
// stay available, and uses the room that this makes. Steps that rely on counts wait until they
// are of the sizes asked for last.
func (r Rolling) Plan(s rollout.State) (rollout.Plan, error) {
	floor, ceiling, err := r.Bounds(s.Replicas)
	if err != nil {
		return rollout.Plan{}, err
	}
	w, plan, err := begin(s, rollout.Basis{Desired: s.Replicas, Max: ceiling})
	if err != nil || plan.Phase != "" {
		return plan, err
	}
	roll := rolling{w, int64(floor), int64(ceiling), r.Termination == TerminationComplete}
	if s.Paused {
		if w.resized() {
			roll.shareOut()
		}
		return w.held(), nil
	}
	if roll.midway() && w.resized() {
		roll.shareOut()
		return w.underWay(), nil
	}
	exists := w.found
	roll.grow()
	roll.shrinkOld()
	roll.shrinkNew()
	if exists {
		roll.grow()
	}
	return w.finish(), nil
}

// rolling is one plan of a Rolling in the making.
type rolling struct {
	*work
	floor, ceiling int64
	untilGone      bool
}

// grow brings the new revision as near to the wanted size as the ceiling, and when it is too
// large the floor, allow.
func (w rolling) grow() {
	want, has := w.state.Replicas, w.current.Replicas
	switch {
	case !w.found || has < want:
		to := int32(min(int64(has)+w.room(), int64(want)))
		if !w.found || to > has {
			w.resize(to, fmt.Sprintf("%d wanted, at most %d may exist", want, w.ceiling))
		}
	case has > want:
		w.scale(&w.current, w.least(w.current, want), fmt.Sprintf("%d wanted", want))
	}
}

// room is how many more replicas the ceiling allows.
func (w rolling) room() int64 { return max(0, w.ceiling-w.occupied()) }

// occupied is how much of the ceiling is used up.
func (w rolling) occupied() int64 {
	n := w.asked()
	if !w.untilGone {
		return n
	}
	for _, r := range w.all() {
		if !r.Observed {
			return math.MaxInt64 // its replicas may be more than it shows
		}
		n += int64(max(0, r.Actual-r.Replicas)) + int64(r.Terminating)
	}
	return n
}

// least is the smallest size, not below want, to which r can go without taking availability
// below the floor.
func (w rolling) least(r rollout.Revision, want int32) int32 {
	if w.floor == 0 {
		return want
	}
	if !r.Observed {
		return r.Replicas
	}
	return max(want, int32(int64(r.Replicas)-int64(free(r))-w.spare()))
}

// shrinkOld makes the old revisions smaller, oldest first. Replicas that are not ready cost
// nothing, but those that may recover are kept while the new ones are not available either
// (semantics of the Deployment controller: cleanupUnhealthyReplicas); the others are paid from
// what is available beyond the floor.
func (w rolling) shrinkOld() {
	unavailable := int64(w.current.Replicas) - w.available(w.current)
	down := w.asked() - w.floor - unavailable
	cuts := make([]int64, len(w.old))
	for i, r := range w.old {
		if r.Observed {
			cuts[i] = max(0, min(down, int64(free(r))))
			down -= cuts[i]
		}
	}
	spare := w.spare()
	for i := range w.old {
		r := &w.old[i]
		if !r.Observed {
			continue
		}
		paid := min(spare, int64(r.Replicas)-cuts[i])
		spare -= paid
		w.scale(r, int32(int64(r.Replicas)-cuts[i]-paid), w.whyShrink(cuts[i], paid))
	}
}

// shrinkNew takes back new replicas that are not ready where more are asked for than may exist, as
// after a resize, and the floor keeps the old ones.
func (w rolling) shrinkNew() {
	over := w.asked() - w.ceiling
	if over <= 0 || !w.current.Observed || slices.ContainsFunc(w.old, unobserved) {
		return
	}
	to := w.current.Replicas - int32(min(over, int64(free(w.current))))
	w.scale(&w.current, to, fmt.Sprintf("at most %d may exist", w.ceiling))
}

func (w rolling) whyShrink(free, paid int64) string {
	switch {
	case paid == 0:
		return fmt.Sprintf("%d not ready, serving nobody", free)
	case free == 0:
		return fmt.Sprintf("%d beyond the %d that must stay available", paid, w.floor)
	}
	return fmt.Sprintf("%d beyond the %d that must stay available, %d not ready", paid, w.floor, free)
}

// spare is how many replicas are available beyond the floor.
func (w rolling) spare() int64 {
	n := -w.floor
	for _, r := range w.all() {
		n += w.available(r)
	}
	return max(0, n)
}

// available is how many replicas of r can be counted on. Counts of another size than the one
// asked for last say nothing: its replicas may have been taken down and come back since.
func (w rolling) available(r rollout.Revision) int64 {
	if !r.Observed {
		return 0
	}
	return int64(available(r, r.Replicas))
}

// free is how many replicas can go without one that is available being among them.
func free(r rollout.Revision) int32 {
	if r.Available == 0 {
		return r.Replicas
	}
	return max(0, r.Replicas-r.Ready)
}
