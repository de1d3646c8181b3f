package faults

import (
	"errors"
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// What judges every rollout here is judged itself: strategies that are broken on purpose are caught
// by the bound that each breaks, and by no other.
func TestBrokenStrategiesAreCaught(t *testing.T) {
	for _, test := range []struct {
		name     string
		strategy rollout.Strategy
		promise  suite.Promise
		want     []error
	}{
		{"nothing broken", rolling, promise, nil},
		// All new replicas at once.
		{"surge ignored", strategies.Rolling{MaxSurge: rollout.Percent(100), MaxUnavailable: rollout.Count(0)}, promise, []error{suite.ErrCeiling}},
		// Old replicas go before new ones are available in their place.
		{"floor ignored", strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Percent(100)}, promise, []error{suite.ErrFloor}},
		{"old side dropped before the switch", rollout.StrategyFunc(dropEarly), suite.Promise{Floor: replicas, Ceiling: 2 * replicas}, []error{suite.ErrFloor}},
		{"no bound at all", rollout.StrategyFunc(swap), promise, []error{suite.ErrFloor, suite.ErrCeiling}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			a.begin()
			a.next(5 * moment)
			o := a.Observer()
			client := &kube.Client{API: a.Client}
			engine := rollout.Engine{Poll: moment}
			if _, err := engine.Run(t.Context(), a.Workload(client, a.target), test.strategy); err != nil {
				t.Fatal(err)
			}
			b := o.Bounds()
			err := test.promise.Judge(b)
			t.Logf("%+v: %v", b, err)
			for _, bound := range []error{suite.ErrFloor, suite.ErrCeiling} {
				broken := false
				for _, want := range test.want {
					broken = broken || want == bound
				}
				if errors.Is(err, bound) != broken {
					t.Errorf("%v: %v, want %v\n%s", bound, !broken, broken, o.Story())
				}
			}
		})
	}
}

// dropEarly makes all new replicas beside the old ones, and removes these as soon as the new ones
// exist, ready or not.
func dropEarly(s rollout.State) (rollout.Plan, error) {
	fresh, old := sides(s)
	switch {
	case fresh == nil:
		return create(s), nil
	case fresh.Actual < s.Replicas:
		return rollout.Plan{Phase: rollout.Progressing}, nil
	}
	return drop(s, fresh, old), nil
}

// swap removes the old replicas in the plan that makes the new ones.
func swap(s rollout.State) (rollout.Plan, error) {
	fresh, old := sides(s)
	if fresh != nil {
		return drop(s, fresh, old), nil
	}
	plan := create(s)
	plan.Steps = append(plan.Steps, drop(s, nil, old).Steps...)
	return plan, nil
}

func sides(s rollout.State) (fresh *rollout.Revision, old []rollout.Revision) {
	for _, r := range s.Revisions {
		if r.Template == s.Template {
			fresh = &r
		} else {
			old = append(old, r)
		}
	}
	return fresh, old
}

func create(s rollout.State) rollout.Plan {
	all := rollout.Create{Template: s.Template, Replicas: s.Replicas, Basis: rollout.Basis{Desired: s.Replicas, Max: 2 * s.Replicas}}
	return rollout.Plan{Phase: rollout.Progressing, Steps: []rollout.Step{{Action: all, Why: "wanted"}}}
}

func drop(s rollout.State, fresh *rollout.Revision, old []rollout.Revision) rollout.Plan {
	plan := rollout.Plan{Phase: rollout.Progressing}
	for _, r := range old {
		if r.Replicas > 0 {
			plan.Steps = append(plan.Steps, rollout.Step{Action: rollout.Scale{Name: r.Name, From: r.Replicas}, Why: "not wanted"})
		}
	}
	if fresh != nil && fresh.Available == s.Replicas && len(plan.Steps) == 0 {
		plan.Phase = rollout.Complete
	}
	return plan
}
