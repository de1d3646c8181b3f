package history_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

func TestKeepDeletesWhenThereIsNothingElseToDo(t *testing.T) {
	s := state(rev("a", 1, 0), rev("b", 2, 1), rev("c", 3, 2))
	busy := []rollout.Step{{Action: rollout.Settle{Name: "web-c"}}}
	tests := map[string]struct {
		inner   rollout.Plan
		limit   int32
		deletes int
		phase   rollout.Phase
		message string
	}{
		"complete":               {rollout.Plan{Phase: rollout.Complete, Message: "done"}, 0, 2, rollout.Progressing, "2 old revisions are pending deletion"},
		"complete, none too old": {rollout.Plan{Phase: rollout.Complete, Message: "done"}, 2, 0, rollout.Complete, "done"},
		"paused":                 {rollout.Plan{Phase: rollout.Paused, Message: "held"}, 1, 1, rollout.Paused, "held"},
		"under way":              {rollout.Plan{Phase: rollout.Progressing, Message: "on"}, 0, 0, rollout.Progressing, "on"},
		"failed":                 {rollout.Plan{Phase: rollout.Failed, Message: "no"}, 0, 0, rollout.Failed, "no"},
		"paused, but resizing":   {rollout.Plan{Phase: rollout.Paused, Steps: busy}, 0, 0, rollout.Paused, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plan, err := history.Keep(strategy(test.inner), test.limit).Plan(s)
			if err != nil {
				t.Fatal(err)
			}
			deletes := 0
			for _, step := range plan.Steps {
				if _, ok := step.Action.(rollout.Delete); ok && step.Why != "" {
					deletes++
				}
			}
			if deletes != test.deletes || plan.Phase != test.phase || plan.Message != test.message {
				t.Errorf("%d deletions, %s: %q", deletes, plan.Phase, plan.Message)
			}
		})
	}
}

func TestKeepPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	inner := rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) { return rollout.Plan{}, broken })
	if _, err := history.Keep(inner, 0).Plan(state(rev("a", 1, 0), rev("b", 2, 1))); !errors.Is(err, broken) {
		t.Errorf("%v, want the strategy's own error", err)
	}
}

// TestKeepDoesNotShareSteps: the slice of the inner plan may belong to somebody else.
func TestKeepDoesNotShareSteps(t *testing.T) {
	backing := []rollout.Step{{Why: "mine"}}
	inner := strategy(rollout.Plan{Phase: rollout.Complete, Steps: backing[:0]})
	if _, err := history.Keep(inner, 0).Plan(state(rev("a", 1, 0), rev("b", 2, 1))); err != nil {
		t.Fatal(err)
	}
	if backing[0].Why != "mine" {
		t.Errorf("the inner plan was written to: %+v", backing[0])
	}
}

// TestKeepComesToCompletion carries out one step a look, as a write budget would.
func TestKeepComesToCompletion(t *testing.T) {
	for seed := range uint64(200) {
		s := randomState(rand.New(rand.NewPCG(seed, 2)))
		kept := history.Keep(strategy(rollout.Plan{Phase: rollout.Complete}), 1)
		for range len(s.Revisions) + 1 {
			plan, err := kept.Plan(s)
			if err != nil {
				t.Fatal(err)
			}
			if (plan.Phase == rollout.Complete) != (len(plan.Steps) == 0) {
				t.Fatalf("seed %d: %s with %d steps", seed, plan.Phase, len(plan.Steps))
			}
			if len(plan.Steps) > 0 {
				s = without(s, []rollout.Revision{{Name: plan.Steps[0].Action.(rollout.Delete).Name}})
			}
		}
		if plan, _ := kept.Plan(s); plan.Phase != rollout.Complete {
			t.Fatalf("seed %d: still %s", seed, plan.Phase)
		}
	}
}

func strategy(p rollout.Plan) rollout.Strategy {
	return rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) { return p, nil })
}
