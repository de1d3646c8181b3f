package history

import (
	"fmt"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// Keep makes a strategy delete the old revisions beyond a limit: see [Prune]. It does so at every
// look, so that rollouts which fail one after another do not pile up revisions; Kubernetes waits
// until one completes or is paused.
//
// Deletions come last, but before the first step that waits for a gate, and leave out every
// revision that a step of the plan is about. A rollout that is over has no steps: until the
// deletions are done, those included that wait for terminating replicas, it is progressing. A
// paused one stays paused.
//
// Keep goes around all other decorators: a deadline around it would give up a rollout whose
// history cannot be deleted.
func Keep(strategy rollout.Strategy, limit int32) rollout.Strategy {
	return rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		surplus, err := surplus(s, limit)
		if err != nil {
			return rollout.Plan{}, err
		}
		plan, err := strategy.Plan(s)
		if err != nil {
			return plan, err
		}
		surplus = slices.DeleteFunc(surplus, func(r rollout.Revision) bool {
			return slices.ContainsFunc(plan.Steps, func(step rollout.Step) bool { return concerns(step.Action, r) })
		})
		if len(surplus) == 0 {
			return plan, nil
		}
		plan = tidy(plan, surplus, limit)
		if s.Paused && !plan.Phase.Over() {
			plan.Phase = rollout.Paused
		}
		return plan, nil
	})
}

// concerns reports whether an action may be about a revision. One that is not known here may.
func concerns(a rollout.Action, r rollout.Revision) bool {
	switch a := a.(type) {
	case rollout.Create:
		return a.Template == r.Template
	case rollout.Reject:
		return false
	case rollout.Switch:
		return a.To == r.Template
	case rollout.Adopt, rollout.Scale, rollout.Settle, rollout.Delete:
		return rollout.RevisionOf(a) == r.Name
	}
	return true
}

// tidy is a plan with the deletions that can be made now.
func tidy(plan rollout.Plan, surplus []rollout.Revision, limit int32) rollout.Plan {
	var deletions []rollout.Step
	for _, r := range surplus {
		if !leaving(r) {
			deletions = append(deletions, rollout.Step{
				Action: rollout.Delete{Name: r.Name},
				Why:    fmt.Sprintf("revision %d is beyond the %d old ones that are kept", r.Number, limit),
			})
		}
	}
	free := slices.IndexFunc(plan.Steps, func(step rollout.Step) bool { return step.Gate != "" })
	if free < 0 {
		free = len(plan.Steps)
	}
	plan.Steps = slices.Concat(plan.Steps[:free], deletions, plan.Steps[free:])
	if plan.Phase.Over() {
		plan.Phase = rollout.Progressing
		plan.Message = fmt.Sprintf("%d old revisions are pending deletion", len(surplus))
	}
	return plan
}
