package strategies

import (
	"fmt"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// RollBack makes a rollout whose template is given up (by [Deadline] or [FailFast] around it, by a
// gate that is shut, by a person) go back to the revision that a rollout completed on last: not to the
// one before it by number, which may never have worked. Which one that is is written down first
// ([rollout.Reject]), so that a process which comes after this one goes the same way, and nobody goes
// back twice. It ends as [rollout.RolledBack].
//
// Where no rollout has completed there is nothing to go back to, and what becomes of the rollout is
// the strategy's affair.
//
// Going back is a rollout of the same strategy, within the same bounds. It waits for no gate, and is
// not given up: there is nowhere else to go.
func RollBack(strategy rollout.Strategy) rollout.Strategy {
	return rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		given, rejected := s.Rejected[s.Template]
		last, ok := s.LastSettled()
		switch {
		case rejected && given.BackTo != "":
			return goBack(strategy, s, given)
		case !rejected, !ok, s.Paused:
			return strategy.Plan(s)
		}
		return rollout.Plan{
			Steps: []rollout.Step{{
				Action: rollout.Reject{Template: s.Template, Why: given.Why, BackTo: last.Template},
				Why:    fmt.Sprintf("going back to revision %d", last.Number),
			}},
			Phase: rollout.Progressing, Message: given.Why,
		}, s.Validate()
	})
}

// goBack is the plan for what was given up, with the template to go back to as the wanted one.
func goBack(strategy rollout.Strategy, s rollout.State, given rollout.Rejection) (rollout.Plan, error) {
	s.Template = given.BackTo
	to, ok := s.New()
	if _, too := s.Rejected[given.BackTo]; too || !ok {
		return rollout.Plan{Phase: rollout.Failed, Message: given.Why + "; what to go back to is gone, or given up too"}, s.Validate()
	}
	plan, err := strategy.Plan(s)
	if err != nil {
		return plan, err
	}
	plan.Steps = slices.Clone(plan.Steps)
	for i := range plan.Steps {
		plan.Steps[i].Gate = ""
	}
	if plan.Phase == rollout.Complete {
		plan.Phase, plan.Message = rollout.RolledBack, fmt.Sprintf("rolled back to revision %d: %s", to.Number, given.Why)
	} else {
		plan.Message = given.Why + "; going back: " + plan.Message
	}
	return plan, nil
}
