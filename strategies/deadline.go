package strategies

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Deadline gives up a rollout that has not come forward for a time: no replica more was updated, ready
// or available, and nothing was written ([rollout.State.Progressed]). Time in a pause or at a gate does
// not count, and another template or another number starts afresh. What serves still serves.
//
// A rollout that has completed has no deadline, whatever becomes of its replicas; nor has going back.
// Where the plan has steps there is something to do, and time does not count either: one that cannot
// be carried out is an error of its own.
//
// It goes around [RollBack].
func Deadline(strategy rollout.Strategy, after time.Duration) rollout.Strategy {
	return rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		if after <= 0 {
			return rollout.Plan{}, &rollout.InvalidError{Path: "deadline", Value: after, Allowed: "more than 0"}
		}
		plan, err := strategy.Plan(s)
		if err != nil || plan.Phase != rollout.Progressing || len(plan.Steps) > 0 || decided(s) {
			return plan, err
		}
		due := s.Progressed().Add(after)
		if s.Now.Before(due) {
			return wakeAt(plan, due), nil
		}
		return giveUp(s, fmt.Sprintf("no progress for %v: %s", after, plan.Message)), nil
	})
}

// decided reports whether it is known what becomes of the wanted template: it was given up, or a
// rollout to it has completed, and none to another one since.
func decided(s rollout.State) bool {
	_, rejected := s.Rejected[s.Template]
	return rejected || completed(s)
}

func completed(s rollout.State) bool {
	now, ok := s.New()
	return ok && !now.Settled.IsZero() && !slices.ContainsFunc(s.Revisions, func(r rollout.Revision) bool { return r.Number > now.Number })
}

// giveUp is a plan that gives the wanted template up.
func giveUp(s rollout.State, why string) rollout.Plan {
	return rollout.Plan{
		Steps: []rollout.Step{{Action: rollout.Reject{Template: s.Template, Why: why}, Why: "the rollout has failed"}},
		Phase: rollout.Progressing, Message: why,
	}
}

// wakeAt is a plan that wakes at a moment, if not before.
func wakeAt(plan rollout.Plan, at time.Time) rollout.Plan {
	if plan.Wake.IsZero() || at.Before(plan.Wake) {
		plan.Wake = at
	}
	return plan
}

// FailFast gives a rollout up for what keeps its new replicas from becoming available, where that is
// of a class that does not heal by itself and has lasted for a tolerance. Without classes these are
// image, config, crash, memory and refused; the others do heal, as nodes come and slow starts end.
//
// The reason is the problem's own words. A rollout that has completed is not given up any more. Like
// [Deadline] it goes around [RollBack].
func FailFast(strategy rollout.Strategy, tolerance time.Duration, classes ...rollout.Class) rollout.Strategy {
	if len(classes) == 0 {
		classes = []rollout.Class{rollout.ClassImage, rollout.ClassConfig, rollout.ClassCrash, rollout.ClassMemory, rollout.ClassRefused}
	}
	return rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		if tolerance < 0 {
			return rollout.Plan{}, &rollout.InvalidError{Path: "tolerance", Value: tolerance, Allowed: "0 or more"}
		}
		plan, err := strategy.Plan(s)
		if err != nil || plan.Phase.Over() || plan.Phase == rollout.Paused || decided(s) {
			return plan, err
		}
		first, found := longest(s, classes)
		switch {
		case !found:
			return plan, nil
		case s.Now.Sub(first.Since) < tolerance:
			return wakeAt(plan, first.Since.Add(tolerance)), nil
		}
		return giveUp(s, inWords(first)), nil
	})
}

// longest is the problem of the new revision, of some classes, that has lasted longest.
func longest(s rollout.State, classes []rollout.Class) (first rollout.Problem, found bool) {
	now, _ := s.New()
	for _, p := range now.Problems {
		if !p.Since.IsZero() && slices.Contains(classes, p.Class) && (!found || p.Since.Before(first.Since)) {
			first, found = p, true
		}
	}
	return first, found
}

func inWords(p rollout.Problem) string {
	said := p.Reason
	if p.Message != "" {
		said += ": " + p.Message
	}
	at := cmp.Or(p.Replica, "new replicas")
	if p.Container != "" {
		at += ", container " + p.Container
	}
	return at + ": " + said
}
