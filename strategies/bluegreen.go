package strategies

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// BlueGreen starts the new revision at full size beside the one that serves, and switches a route
// from one to the other in a single write. What serves is left as it is until then, but for a change
// of the wanted number. Old replicas go only when the endpoints of the route are the new ones alone,
// and a time has passed: until then going back is one write, to replicas that still run.
//
// The route is pinned to what serves before the first new replica exists, or new replicas would get
// traffic as they start; a pin that is lost is set again before anything else, in a pause too. Where
// nothing serves, as at a first deployment, there is nothing to pin.
//
// A template that is rejected before the switch retreats: its replicas go. A wanted template that
// changes in the middle takes the place of the one under way.
type BlueGreen struct {
	// Active is the name of the route by which users come. Required.
	Active string
	// Preview is the name of a route that follows the new revision as soon as it can serve; "" is
	// none.
	Preview string
	// Keep is how long old replicas stay after the switch. 0 is 30 seconds. Less than 2 seconds
	// counts as that: endpoints do not show how far proxies and load balancers have followed.
	Keep time.Duration
	// KeepRejected is how long the replicas of a rejected template stay, to be looked at; 0 is not
	// at all. Those of a newer template have precedence.
	KeepRejected time.Duration
}

const (
	defaultKeep = 30 * time.Second
	leastKeep   = 2 * time.Second
	// verifyEvery is how soon to look again at endpoints, whose changes wake nobody.
	verifyEvery = time.Second
)

// Bounds returns the fewest replicas that stay available and the most that exist: all that are
// wanted, and twice as many.
func (b BlueGreen) Bounds(replicas int32) (floor, ceiling int32, err error) {
	return replicas, int32(min(2*int64(replicas), math.MaxInt32)), b.validate()
}

func (b BlueGreen) validate() error {
	for path, d := range map[string]time.Duration{"keep": b.Keep, "keepRejected": b.KeepRejected} {
		if d < 0 {
			return &rollout.InvalidError{Path: path, Value: d, Allowed: "0 or more"}
		}
	}
	switch b.Active {
	case "":
		return &rollout.InvalidError{Path: "active", Value: `""`, Allowed: "the name of a route"}
	case b.Preview:
		return &rollout.InvalidError{Path: "preview", Value: fmt.Sprintf("%q", b.Preview), Allowed: "another route than the active one"}
	}
	return nil
}

// Plan pins the active route, brings the new revision to its size, switches, and takes the old ones
// down.
func (b BlueGreen) Plan(s rollout.State) (rollout.Plan, error) {
	floor, ceiling, err := b.Bounds(s.Replicas)
	if err != nil {
		return rollout.Plan{}, err
	}
	active, err := find(s, "active", b.Active)
	if err != nil {
		return rollout.Plan{}, err
	}
	preview := rollout.Route{}
	if b.Preview != "" {
		if preview, err = find(s, "preview", b.Preview); err != nil {
			return rollout.Plan{}, err
		}
	}
	if given, ok := s.Rejected[s.Template]; ok {
		return b.retreat(s, active.To, given)
	}
	w, plan, err := start(s, rollout.Basis{Desired: s.Replicas, Max: ceiling})
	if err != nil || plan.Phase != "" {
		return plan, err
	}
	return (&blueGreen{b, rolling{w, int64(floor), int64(ceiling), false}, active, preview, time.Time{}}).plan(), nil
}

// retreat is the plan for a rejected template: back to what the active route points at, or to what
// worked last. Where the rejected one serves, or there is no other, everything is held.
func (b BlueGreen) retreat(s rollout.State, to string, given rollout.Rejection) (rollout.Plan, error) {
	over := rollout.Plan{Phase: rollout.Failed, Message: given.Why}
	if !slices.ContainsFunc(s.Revisions, func(r rollout.Revision) bool { return r.Template == to && r.Replicas > 0 }) {
		to = wayBack(s)
	}
	if _, too := s.Rejected[to]; too || to == "" {
		return over, s.Validate()
	}
	s.Template = to
	plan, err := b.Plan(s)
	if err != nil || plan.Phase == rollout.Complete {
		return over, err
	}
	plan.Message = given.Why + "; going back: " + plan.Message
	return plan, nil
}

// wayBack is the template that a rejected one is gone back from to: one that was taken up since, or
// that a rollout completed on last, or the newest that has replicas. "" is none.
func wayBack(s rollout.State) string {
	now, _ := s.New()
	var since, running rollout.Revision
	for _, r := range s.Old() {
		if _, too := s.Rejected[r.Template]; too {
			continue
		}
		if r.Number > max(now.Number, since.Number) {
			since = r
		}
		if r.Replicas > 0 && r.Number >= running.Number {
			running = r
		}
	}
	last, _ := s.LastSettled()
	return cmp.Or(since.Template, last.Template, running.Template)
}

// blueGreen is one plan of a BlueGreen in the making.
type blueGreen struct {
	BlueGreen
	rolling
	active, preview rollout.Route // as the steps so far leave them
	wake            time.Time     // when to plan again
}

func (w *blueGreen) plan() rollout.Plan {
	live := w.pin()
	if w.state.Paused {
		if live != nil && live.Basis.Desired != w.state.Replicas && w.resized() {
			w.toSize(live)
		}
		return w.held()
	}
	if w.ready() && w.active.To != w.current.Template {
		w.point(&w.active, w.current.Template, "every new replica is available")
		live = &w.current
	}
	if live != nil && live.Template != w.active.To && !live.Observed {
		return w.waiting(fmt.Sprintf("route %s is not pinned yet: the size of %s has yet to be observed", w.active.Name, live.Name))
	}
	w.adopt()
	switch live {
	case &w.current:
		w.toSize(live)
		w.show()
		return w.retire()
	case nil:
	default:
		w.toSize(live)
		w.clear(live)
		w.show()
	}
	w.grow()
	return w.coming()
}
