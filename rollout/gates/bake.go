package gates

import (
	"context"
	"fmt"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Bake is open once all replicas that the new revision is to have at the moment have been
// available, and ready without a break, for some time. Every replica that becomes ready later, the
// first time or again, starts the time anew. It needs a workload that says [rollout.Revision].ReadySince.
type Bake struct {
	For time.Duration // from when the last of them became ready
}

// Validate returns an [*rollout.InvalidError] for a negative time.
func (b Bake) Validate() error {
	if b.For < 0 {
		return &rollout.InvalidError{Path: "bake.for", Value: b.For, Allowed: "0 or more"}
	}
	return nil
}

// Check asks to be asked again when the time is over.
func (b Bake) Check(_ context.Context, s rollout.State) (rollout.Verdict, error) {
	if err := b.Validate(); err != nil {
		return rollout.Verdict{}, err
	}
	if s.Replicas == 0 {
		return rollout.Verdict{Answer: rollout.Open, Message: "no replicas are wanted"}, nil
	}
	r, ok := s.New()
	switch {
	case !ok || r.Replicas == 0:
		return rollout.Verdict{Message: "there are no new replicas yet"}, nil
	case !r.Observed || r.Available < r.Replicas:
		return rollout.Verdict{Message: fmt.Sprintf("not all of the %d replicas of %s are available", r.Replicas, r.Name)}, nil
	case r.ReadySince.IsZero():
		return rollout.Verdict{Message: "it is unknown since when the replicas of " + r.Name + " are ready"}, nil
	}
	since := r.ReadySince
	if since.After(s.Now) {
		since = s.Now
	}
	over := since.Add(b.For)
	if left := over.Sub(s.Now); left > 0 {
		return rollout.Verdict{Message: fmt.Sprintf("%s bakes until %s", r.Name, over.UTC().Format(time.DateTime+" MST")), Retry: left}, nil
	}
	return rollout.Verdict{Answer: rollout.Open, Message: fmt.Sprintf("%s has baked for %v", r.Name, b.For)}, nil
}
