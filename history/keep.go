package history

import (
	"fmt"

	"github.com/gopawl/pawl/rollout"
)

// Keep makes a strategy delete the old revisions beyond a limit: see [Prune]. It does so where
// Kubernetes does, when the strategy has nothing to do and the rollout is complete or paused.
// A complete rollout has no steps, so until the deletions are done it is progressing; a paused
// one stays paused.
//
// Keep goes around all other decorators: a deadline around it would give up a rollout whose
// history cannot be deleted. Revisions that failed, one after another, stay until a rollout completes or
// is paused, as in Kubernetes.
func Keep(strategy rollout.Strategy, limit int32) rollout.Strategy {
	return rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		surplus, err := Prune(s, limit)
		if err != nil {
			return rollout.Plan{}, err
		}
		plan, err := strategy.Plan(s)
		idle := len(plan.Steps) == 0 && (plan.Phase == rollout.Complete || plan.Phase == rollout.Paused)
		if err != nil || !idle || len(surplus) == 0 {
			return plan, err
		}
		return tidy(plan, surplus, limit), nil
	})
}

// tidy is a plan that had no steps, with the deletions.
func tidy(plan rollout.Plan, surplus []rollout.Revision, limit int32) rollout.Plan {
	plan.Steps = make([]rollout.Step, len(surplus))
	for i, r := range surplus {
		plan.Steps[i] = rollout.Step{
			Action: rollout.Delete{Name: r.Name},
			Why:    fmt.Sprintf("revision %d is beyond the %d old ones that are kept", r.Number, limit),
		}
	}
	if plan.Phase == rollout.Complete {
		plan.Phase = rollout.Progressing
		plan.Message = fmt.Sprintf("%d old revisions are pending deletion", len(surplus))
	}
	return plan
}
